// softmax_loss: logits → softmax → cross-entropy → gradient of the logits, a thread per sample.
//
//   loss = log Σ exp(z) − Σ t z,   dz = softmax(z) − t
//
// The target t is the label's one-hot vector, or, for samples whose order entry carries the
// SOFT bit, the learner's soft target (unlearning towards the uniform distribution is such a
// target with 1/classes everywhere). The gradient is that of the sample's own loss; the kernels
// that sum over samples divide by their number.

struct Params {
    rows: u32,     // samples per learner
    classes: u32,
    stride: u32,   // classes, padded
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const INDEX: u32 = 0x7fffffffu;
const SOFT: u32 = 0x80000000u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;          // [images]
@group(0) @binding(2) var<storage, read> order: array<u32>;           // [learners, rows]
@group(0) @binding(3) var<storage, read> targets: array<f32>;         // [learners, stride]
@group(0) @binding(4) var<storage, read> logits: array<f32>;          // [learners, rows, stride]
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>;   // [learners, rows, stride]
@group(0) @binding(6) var<storage, read_write> losses: array<f32>;    // [learners, rows]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn softmax_loss(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    let learner = id.z;
    if row >= p.rows {
        return;
    }
    let sample = learner * p.rows + row;
    let z = sample * p.stride;
    let entry = order[sample];
    let label = labels[entry & INDEX];
    let soft = (entry & SOFT) != 0u;

    var largest = logits[z];
    for (var c = 1u; c < p.classes; c++) {
        largest = max(largest, logits[z + c]);
    }
    var total = 0.0;
    for (var c = 0u; c < p.classes; c++) {
        total += exp(logits[z + c] - largest);
    }
    var loss = log(total);
    for (var c = 0u; c < p.classes; c++) {
        let shifted = logits[z + c] - largest;
        var t = select(0.0, 1.0, c == label);
        if soft {
            t = targets[learner * p.stride + c];
        }
        loss -= t * shifted;
        dlogits[z + c] = exp(shifted) / total - t;
    }
    for (var c = p.classes; c < p.stride; c++) {
        dlogits[z + c] = 0.0;
    }
    losses[sample] = loss;
}
