// dense_backward_weights in its variant `split`, for hardware that a few learners would leave idle:
// SPLIT threads share a tile, each sums the products of some of the samples, and the sums meet in
// workgroup memory. See dense_backward_weights.wgsl for what it computes.

struct Learner {
    key: vec2<u32>,
    list_start: u32,
    list_length: u32,
    rate: f32,
    momentum: f32,
    decay: f32,
    strength: f32,
}

struct Params {
    rows: u32,        // samples per learner
    inputs: u32,      // padded
    outputs: u32,     // padded
    weights: u32,     // offset of W [outputs, inputs] in a learner's parameters
    biases: u32,      // offset of b [outputs]
    parameters: u32,  // parameters per learner
    pad0: u32,
    pad1: u32,
}

const ROWS: u32 = 4u; // four: a vector of `dy`
const COLS: u32 = 4u; // four: a vector of `x`
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 1u;
const SPLIT: u32 = 8u;
const SUMS: u32 = GROUP_X * ROWS; // vectors that a workgroup computes

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;           // [learners]
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;               // [learners, rows, outputs]
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;                // [learners, rows, inputs]
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(5) var<storage, read_write> velocity: array<vec4<f32>>;   // [learners, parameters]

var<workgroup> sums: array<vec4<f32>, SPLIT * SUMS>; // [parts, rows, columns / 4]
var<workgroup> biases: array<vec4<f32>, SPLIT>;

fn descend(at: u32, gradient: vec4<f32>, s: Learner) {
    let w = parameters[at];
    let g = gradient + s.decay * w;
    var v = g;
    if s.momentum != 0.0 {
        v = s.momentum * velocity[at] + g;
        velocity[at] = v;
    }
    parameters[at] = w - s.rate * v;
}

@compute @workgroup_size(GROUP_X, GROUP_Y, SPLIT)
fn dense_backward_weights(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let learner = group.z;
    let x_stride = p.inputs / 4u;
    let dy_stride = p.outputs / 4u;
    let first = learner * p.rows;
    let col = min(group.x * GROUP_X + own.x, x_stride - 1u);

    var sum: array<vec4<f32>, ROWS>;
    var bias: vec4<f32>;
    for (var n = own.z; n < p.rows; n += SPLIT) {
        let b = x[(first + n) * x_stride + col];
        let d = dy[(first + n) * dy_stride + group.y];
        bias += d;
        for (var i = 0u; i < ROWS; i++) {
            sum[i] += d[i] * b;
        }
    }
    for (var i = 0u; i < ROWS; i++) {
        sums[own.z * SUMS + i * GROUP_X + own.x] = sum[i];
    }
    if own.x == 0u {
        biases[own.z] = bias;
    }
    workgroupBarrier();

    // Then each thread has one vector of the tile, while there are any, and the next one the biases.
    let s = learners[learner];
    let base = learner * p.parameters;
    let count = f32(p.rows);
    var total = vec4<f32>();
    if thread < SUMS {
        for (var part = 0u; part < SPLIT; part++) {
            total += sums[part * SUMS + thread];
        }
        let own_col = group.x * GROUP_X + thread % GROUP_X;
        let row = group.y * ROWS + thread / GROUP_X;
        if own_col < x_stride {
            descend((base + p.weights + row * p.inputs) / 4u + own_col, total / count, s);
        }
    } else if thread == SUMS && group.x == 0u {
        for (var part = 0u; part < SPLIT; part++) {
            total += biases[part];
        }
        descend((base + p.biases) / 4u + group.y, total / count, s);
    }
}
