// image_backward_weights in its variant `shared`, for hardware with many learners: a workgroup
// brings gradients and images, unpacked, to workgroup memory, SLAB samples at a time. See
// image_backward_weights.wgsl for what it computes.

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

const ROWS: u32 = 4u;     // four: a vector of `dy`
const GROUP_X: u32 = 8u;  // words of pixels
const GROUP_Y: u32 = 16u; // vectors of `dy`
const THREADS: u32 = GROUP_X * GROUP_Y;
const SLAB: u32 = 16u;    // samples at a time
const INDEX: u32 = 0x03ffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;          // [learners]
@group(0) @binding(2) var<storage, read> images: array<vec4<u32>>;          // [images, pixels / 16]
@group(0) @binding(3) var<storage, read> order: array<u32>;                 // [learners, rows]
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;              // [learners, rows, outputs]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4<f32>>;   // [learners, parameters]

var<workgroup> x_slab: array<vec4<f32>, SLAB * 4u * GROUP_X>; // [samples, quads of a word, words]
var<workgroup> d_slab: array<vec4<f32>, SLAB * GROUP_Y>;      // [samples, outputs / 4]

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

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn image_backward_weights(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let words = p.pixels / 16u;
    let word = group.x * GROUP_X + own.x;
    let row = (group.y * GROUP_Y + own.y) * ROWS;
    let learner = group.z;
    let first = learner * p.rows;
    let stride = p.outputs / 4u;
    // What a thread brings: a word of one sample, and vectors of dy of two.
    let brought_word = min(group.x * GROUP_X + thread % GROUP_X, words - 1u);
    let brought_dy = min(group.y * GROUP_Y + thread % GROUP_Y, stride - 1u);

    var sum: array<array<vec4<f32>, 4>, ROWS>;
    var bias: vec4<f32>;
    for (var n = 0u; n < p.rows; n += SLAB) {
        let m = thread / GROUP_X;
        let sample = p.order_start + learner * p.order_stride + min(n + m, p.rows - 1u);
        let packed = images[(order[sample] & INDEX) * words + brought_word];
        for (var q = 0u; q < 4u; q++) {
            x_slab[(m * 4u + q) * GROUP_X + thread % GROUP_X] = unpack(packed[q]);
        }
        for (var u = thread / GROUP_Y; u < SLAB; u += THREADS / GROUP_Y) {
            var d = vec4<f32>(); // samples past the last one count for nothing
            if n + u < p.rows {
                d = dy[(first + n + u) * stride + brought_dy];
            }
            d_slab[u * GROUP_Y + thread % GROUP_Y] = d;
        }
        workgroupBarrier();
        for (var u = 0u; u < SLAB; u++) {
            let d = d_slab[u * GROUP_Y + own.y];
            bias += d;
            for (var q = 0u; q < 4u; q++) {
                let x = x_slab[(u * 4u + q) * GROUP_X + own.x];
                for (var i = 0u; i < ROWS; i++) {
                    sum[i][q] += d[i] * x;
                }
            }
        }
        workgroupBarrier();
    }

    if word >= words || row >= p.outputs {
        return;
    }
    let s = learners[learner];
    let base = learner * p.parameters;
    let scale = 1.0 / (255.0 * f32(p.rows));
    for (var i = 0u; i < ROWS; i++) {
        let at = (base + p.weights + (row + i) * p.pixels) / 4u + word * 4u;
        for (var q = 0u; q < 4u; q++) {
            descend(at + q, sum[i][q] * scale, s);
        }
    }
    if word == 0u {
        descend((base + p.biases + row) / 4u, bias / f32(p.rows), s);
    }
}
