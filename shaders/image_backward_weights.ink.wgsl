// image_backward_weights in its variant `ink`, for software adapters: it leaves out four pixels that
// are zero, as most of MNIST's are. Neighbouring lanes have neighbouring outputs, so that all of them
// leave out the same. See image_backward_weights.wgsl for what it computes.
//
// lavapipe takes both sides of every `if`, but ends a loop where no lane goes on. So a workgroup first
// notes, a bit per sample, where there is ink, and then goes from one bit to the next.
//
// A term that is left out is zero if the gradient is finite, which WGSL lets a shader assume. Where it
// is not, the bias, of which nothing is left out, is not finite either, and the network has diverged.

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

const ROWS: u32 = 128u;       // outputs of a workgroup
const LANES: u32 = 8u;        // threads that share a word of pixels
const VECTORS: u32 = ROWS / 4u / LANES; // vectors of `dy` of a thread, which lie LANES apart
const STEP: u32 = 4u;         // samples at a time
const NOTED: u32 = 1024u;     // samples with notes; of further ones nothing is left out
const INDEX: u32 = 0x03ffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;          // [learners]
@group(0) @binding(2) var<storage, read> images: array<vec4<u32>>;          // [images, pixels / 16]
@group(0) @binding(3) var<storage, read> order: array<u32>;                 // [learners, rows]
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;              // [learners, rows, outputs]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4<f32>>;   // [learners, parameters]

var<workgroup> ink: array<u32, NOTED / 8u>; // [samples / 32, quads of the word]

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

@compute @workgroup_size(LANES)
fn image_backward_weights(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let word = group.x;
    let learner = group.z;
    let words = p.pixels / 16u;
    let entry = p.order_start + learner * p.order_stride;
    for (var c = thread; c < (min(p.rows, NOTED) + 31u) / 32u * 4u; c += LANES) {
        var found = 0u;
        for (var u = 0u; u < 32u; u++) {
            let n = c / 4u * 32u + u;
            let packed = images[(order[entry + min(n, p.rows - 1u)] & INDEX) * words + word];
            found |= u32(n < p.rows && packed[c % 4u] != 0u) << u;
        }
        ink[c] = found;
    }
    workgroupBarrier();

    let first = learner * p.rows;
    let stride = p.outputs / 4u;
    let vector = group.y * LANES * VECTORS + thread;
    let s = learners[learner];
    let base = learner * p.parameters;
    let scale = 1.0 / (255.0 * f32(p.rows));
    for (var q = 0u; q < 4u; q++) {
        var sum = array<array<vec4<f32>, 4>, VECTORS>();
        for (var n = 0u; n < p.rows; n += 32u) {
            var left = 0xffffffffu;
            if n < NOTED {
                left = ink[n / 8u + q];
            }
            loop {
                var x: array<vec4<f32>, STEP>;
                var d: array<array<vec4<f32>, VECTORS>, STEP>;
                for (var u = 0u; u < STEP; u++) {
                    let m = n + firstTrailingBit(left);
                    let sample = min(m, p.rows - 1u);
                    let packed = images[(order[entry + sample] & INDEX) * words + word];
                    x[u] = unpack(select(0u, packed[q], left != 0u && m < p.rows));
                    for (var i = 0u; i < VECTORS; i++) {
                        d[u][i] = dy[(first + sample) * stride + min(vector + i * LANES, stride - 1u)];
                    }
                    left &= left - 1u;
                }
                for (var i = 0u; i < VECTORS; i++) {
                    for (var j = 0u; j < 4u; j++) {
                        for (var u = 0u; u < STEP; u++) {
                            sum[i][j] += d[u][i][j] * x[u];
                        }
                    }
                }
                if left == 0u {
                    break;
                }
            }
        }
        for (var i = 0u; i < VECTORS; i++) {
            let row = (vector + i * LANES) * 4u;
            if row < p.outputs {
                for (var j = 0u; j < 4u; j++) {
                    let at = (base + p.weights + (row + j) * p.pixels) / 4u + word * 4u + q;
                    descend(at, sum[i][j] * scale, s);
                }
            }
        }
    }
    if word == 0u {
        for (var i = 0u; i < VECTORS; i++) {
            let own = vector + i * LANES;
            var bias = vec4<f32>();
            for (var n = 0u; n < p.rows; n++) {
                bias += dy[(first + n) * stride + min(own, stride - 1u)];
            }
            if own < stride {
                descend((base + p.biases) / 4u + own, bias / f32(p.rows), s);
            }
        }
    }
}
