// head: the last layer, softmax, cross-entropy, and the gradients of the logits and of the last
// hidden layer, a thread per sample.
//
//   z = x Wᵀ + b,  loss = log Σ exp(z) − Σ t z,  dz = weight · (softmax(z) − t),  dx = (dz W) ⊙ [x > 0]
//
// An order entry says what a sample's target t is. It is the one-hot vector of the image's label, or
// of another one that the entry names. With the SOFT bit it is the learner's row of its table of
// targets for that image, or, where the learner has no table, its one soft target (unlearning
// towards the uniform distribution is such a target with 1/classes everywhere). The FORGET bit chooses
// between the learner's two weights; a negative one climbs the loss. The gradient is that of the
// sample's own loss; the kernels that sum over samples divide by their number.
//
// A sample has so few logits that a thread keeps them all, and one dispatch does what three would:
// for a few learners, starting a dispatch costs more than the work in it. Arrays are as long as the
// loops that walk through them, which compilers unroll.

struct Params {
    rows: u32,         // samples per learner
    inputs: u32,       // padded
    outputs: u32,      // classes, padded: CLASSES at the most
    classes: u32,
    weights: u32,      // offset of W [outputs, inputs] in a learner's parameters
    biases: u32,       // offset of b [outputs]
    parameters: u32,   // parameters per learner
    order_start: u32,  // where the step begins in `order` and `losses`
}

const CLASSES: u32 = 12u; // the most classes
const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const INDEX: u32 = 0x03ffffffu;  // the bits of an order entry that name an image
const OTHER: u32 = 26u;          // where four bits begin that name another label: 1 to 10, or 0
const FORGET: u32 = 0x40000000u; // the second weight instead of the first
const SOFT: u32 = 0x80000000u;
const LESSON: u32 = 4u;          // words behind a soft target: both weights, the table's place, zero

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;           // [images]
@group(0) @binding(2) var<storage, read> order: array<u32>;            // [steps, learners, rows]
@group(0) @binding(3) var<storage, read> targets: array<u32>;          // bits: [learners, outputs + LESSON], tables
@group(0) @binding(4) var<storage, read> x: array<vec4<f32>>;          // [learners, rows, inputs]
@group(0) @binding(5) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>;    // [learners, rows, outputs]
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;     // [steps, learners, rows]
@group(0) @binding(8) var<storage, read_write> dx: array<vec4<f32>>;   // [learners, rows, inputs]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn head(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    let learner = id.z;
    if row >= p.rows {
        return;
    }
    let sample = learner * p.rows + row;
    let depth = p.inputs / 4u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;
    let last = p.outputs - 1u; // classes past it repeat it, and count for nothing

    var z: array<f32, CLASSES>;
    for (var k = 0u; k < depth; k++) {
        let a = x[sample * depth + k];
        for (var c = 0u; c < CLASSES; c++) {
            z[c] += dot(a, parameters[w + min(c, last) * depth + k]);
        }
    }

    for (var c = 0u; c < CLASSES; c++) {
        let bias = parameters[(base + p.biases + min(c, last)) / 4u];
        z[c] += bias[c % 4u];
    }
    var largest = z[0];
    for (var c = 0u; c < CLASSES; c++) {
        largest = select(largest, max(largest, z[c]), c < p.classes);
    }
    var total = 0.0;
    for (var c = 0u; c < CLASSES; c++) {
        z[c] -= largest;
        total += select(0.0, exp(z[c]), c < p.classes);
    }

    let entry = order[p.order_start + sample];
    let image = entry & INDEX;
    let other = (entry >> OTHER) & 15u;
    let label = select(other - 1u, labels[image], other == 0u);
    let soft = (entry & SOFT) != 0u;
    let lesson = learner * (p.outputs + LESSON);
    let forget = select(0u, 1u, (entry & FORGET) != 0u);
    let weight = bitcast<f32>(targets[lesson + p.outputs + forget]);
    let table = targets[lesson + p.outputs + 2u];
    let target_at = select(table + image * p.outputs, lesson, table == 0u);
    var loss = log(total);
    var d: array<f32, CLASSES>;
    for (var c = 0u; c < CLASSES; c++) {
        if c < p.classes {
            var t = select(0.0, 1.0, c == label);
            if soft {
                t = bitcast<f32>(targets[target_at + c]);
            }
            loss -= t * z[c];
            d[c] = weight * (exp(z[c]) / total - t);
        }
        if c < p.outputs {
            dlogits[sample * p.outputs + c] = d[c];
        }
    }
    losses[p.order_start + sample] = loss;

    for (var k = 0u; k < depth; k++) {
        var sum = vec4<f32>();
        for (var c = 0u; c < CLASSES; c++) {
            sum += d[c] * parameters[w + min(c, last) * depth + k];
        }
        let at = sample * depth + k;
        dx[at] = select(vec4<f32>(), sum, x[at] > vec4<f32>());
    }
}
