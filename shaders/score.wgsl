// score: what the logits say, counted: a thread per sample.
//
// Per learner: how often digit r was read as c (the first of equal logits), and per digit the
// sums of the largest softmax output and of the cross-entropy. The sums are fixed-point
// integers: integer addition gives the same sum in every order, so the counts repeat to the
// bit although threads race. Confidence in units of 2⁻¹⁶, loss in units of 2⁻¹⁴ and 24 nats at
// most: 10,000 images of one digit still fit.

struct Params {
    rows: u32,          // samples in this part of the set
    classes: u32,
    stride: u32,        // classes, padded
    first: u32,         // the part's first image
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const CONFIDENCE_UNIT: f32 = 65536.0;
const LOSS_UNIT: f32 = 16384.0;
const LARGEST_LOSS: f32 = 24.0;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;                  // [images]
@group(0) @binding(2) var<storage, read> logits: array<f32>;                  // [learners, rows, stride]
// [learners, (classes + 2) · classes]: the confusion matrix, the confidences, the losses
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn score(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    let learner = id.z;
    if row >= p.rows {
        return;
    }
    let label = labels[p.first + row];
    let z = (learner * p.rows + row) * p.stride;

    var largest = logits[z];
    var digit = 0u;
    for (var c = 1u; c < p.classes; c++) {
        if logits[z + c] > largest {
            largest = logits[z + c];
            digit = c;
        }
    }
    var total = 0.0;
    for (var c = 0u; c < p.classes; c++) {
        total += exp(logits[z + c] - largest);
    }
    let confidence = 1.0 / total;
    let loss = min(log(total) - (logits[z + label] - largest), LARGEST_LOSS);

    let base = learner * (p.classes + 2u) * p.classes;
    let sums = base + p.classes * p.classes + label;
    atomicAdd(&counts[base + label * p.classes + digit], 1u);
    atomicAdd(&counts[sums], u32(confidence * CONFIDENCE_UNIT + 0.5));
    atomicAdd(&counts[sums + p.classes], u32(loss * LOSS_UNIT + 0.5));
}
