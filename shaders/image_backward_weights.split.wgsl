// image_backward_weights in its variant `split`, for hardware that a few learners would leave idle:
// SPLIT threads share a tile, each sums the products of some of the samples, and the sums meet in
// workgroup memory. See image_backward_weights.wgsl for what it computes.

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
    rows: u32,          // samples per learner
    pixels: u32,        // per image; a multiple of 16
    outputs: u32,       // padded
    weights: u32,       // offset of W [outputs, pixels] in a learner's parameters
    biases: u32,        // offset of b [outputs]
    parameters: u32,    // parameters per learner
    order_start: u32,
    order_stride: u32,
}

const ROWS: u32 = 4u;    // four: a vector of `dy`
const GROUP_X: u32 = 4u; // words of pixels
const GROUP_Y: u32 = 1u;
const SPLIT: u32 = 8u;
const THREADS: u32 = GROUP_X * SPLIT;
const SUMS: u32 = ROWS * 4u * GROUP_X; // vectors that a workgroup computes
const INDEX: u32 = 0x03ffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;          // [learners]
@group(0) @binding(2) var<storage, read> images: array<vec4<u32>>;          // [images, pixels / 16]
@group(0) @binding(3) var<storage, read> order: array<u32>;                 // [learners, rows]
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;              // [learners, rows, outputs]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4<f32>>;   // [learners, parameters]

var<workgroup> sums: array<vec4<f32>, SPLIT * SUMS>; // [parts, rows, words, quads of a word]
var<workgroup> biases: array<vec4<f32>, SPLIT>;

fn unpack(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

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
fn image_backward_weights(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let learner = group.z;
    let words = p.pixels / 16u;
    let word = min(group.x * GROUP_X + own.x, words - 1u);
    let first = learner * p.rows;
    let stride = p.outputs / 4u;
    let entry = p.order_start + learner * p.order_stride;

    var sum: array<array<vec4<f32>, 4>, ROWS>;
    var bias: vec4<f32>;
    for (var n = own.z; n < p.rows; n += SPLIT) {
        let packed = images[(order[entry + n] & INDEX) * words + word];
        let d = dy[(first + n) * stride + group.y];
        bias += d;
        for (var q = 0u; q < 4u; q++) {
            let x = unpack(packed[q]);
            for (var i = 0u; i < ROWS; i++) {
                sum[i][q] += d[i] * x;
            }
        }
    }
    for (var i = 0u; i < ROWS; i++) {
        for (var q = 0u; q < 4u; q++) {
            sums[own.z * SUMS + (i * GROUP_X + own.x) * 4u + q] = sum[i][q];
        }
    }
    if own.x == 0u {
        biases[own.z] = bias;
    }
    workgroupBarrier();

    // Then the threads share the vectors of the tile.
    let s = learners[learner];
    let base = learner * p.parameters;
    let scale = 1.0 / (255.0 * f32(p.rows));
    for (var v = thread; v < SUMS; v += THREADS) {
        var total = vec4<f32>();
        for (var part = 0u; part < SPLIT; part++) {
            total += sums[part * SUMS + v];
        }
        let quad = group.x * GROUP_X * 4u + v % (GROUP_X * 4u);
        let row = group.y * ROWS + v / (GROUP_X * 4u);
        if quad < words * 4u {
            descend((base + p.weights + row * p.pixels) / 4u + quad, total * scale, s);
        }
    }
    if thread == 0u && group.x == 0u {
        var total = vec4<f32>();
        for (var part = 0u; part < SPLIT; part++) {
            total += biases[part];
        }
        descend((base + p.biases) / 4u + group.y, total / f32(p.rows), s);
    }
}
