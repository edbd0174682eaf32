// head in its variant `split`, for hardware that a few learners would leave idle: SPLIT threads share
// a sample. Each sums the products of some of the inputs, the sums meet in workgroup memory, each has
// the logits then, and computes the gradients of its inputs. See head.wgsl for what it computes.

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
const GROUP_X: u32 = 8u; // samples
const GROUP_Y: u32 = 1u;
const SPLIT: u32 = 8u;   // threads per sample
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

var<workgroup> sums: array<array<array<f32, CLASSES>, GROUP_X>, SPLIT>; // [parts, samples, classes]

@compute @workgroup_size(GROUP_X, GROUP_Y, SPLIT)
fn head(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
) {
    let row = group.x * GROUP_X + own.x;
    let learner = group.z;
    let sample = learner * p.rows + min(row, p.rows - 1u);
    let depth = p.inputs / 4u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;
    let last = p.outputs - 1u; // classes past it repeat it, and count for nothing

    var z: array<f32, CLASSES>;
    for (var k = own.z; k < depth; k += SPLIT) {
        let a = x[sample * depth + k];
        for (var c = 0u; c < CLASSES; c++) {
            z[c] += dot(a, parameters[w + min(c, last) * depth + k]);
        }
    }
    for (var c = 0u; c < CLASSES; c++) {
        sums[own.z][own.x][c] = z[c];
    }
    workgroupBarrier();
    if row >= p.rows {
        return;
    }

    for (var c = 0u; c < CLASSES; c++) {
        let bias = parameters[(base + p.biases + min(c, last)) / 4u];
        z[c] = bias[c % 4u];
        for (var part = 0u; part < SPLIT; part++) {
            z[c] += sums[part][own.x][c];
        }
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
        if c < p.outputs && own.z == 0u {
            dlogits[sample * p.outputs + c] = d[c];
        }
    }
    if own.z == 0u {
        losses[p.order_start + sample] = loss;
    }

    for (var k = own.z; k < depth; k += SPLIT) {
        var sum = vec4<f32>();
        for (var c = 0u; c < CLASSES; c++) {
            sum += d[c] * parameters[w + min(c, last) * depth + k];
        }
        let at = sample * depth + k;
        dx[at] = select(vec4<f32>(), sum, x[at] > vec4<f32>());
    }
}
