// image_backward_weights: the first layer's gradient and its SGD step, from the packed images.
//
//   g = Σ_rows dy ⊗ x / rows + decay · w,  v ← momentum · v + g,  w ← w − rate · v
//
// The rule and the order of its operations are PyTorch's torch.optim.SGD. A thread owns a
// register tile of ROWS outputs × 16 inputs (one vec4<u32> of pixels), reads each of its weights
// once, and writes it once; the gradient never travels to memory. The bias of a row belongs to
// the thread that owns its first inputs. Samples are taken STEP at a time, in arrays of that
// length, which compilers unroll: on software adapters every sum that a loop carries costs a
// masked move per turn.

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

const ROWS: u32 = 8u;
const STEP: u32 = 2u; // samples at a time
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 8u;
const INDEX: u32 = 0x03ffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;          // [learners]
@group(0) @binding(2) var<storage, read> images: array<vec4<u32>>;          // [images, pixels / 16]
@group(0) @binding(3) var<storage, read> order: array<u32>;                 // [learners, rows]
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;              // [learners, rows, outputs]
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4<f32>>;   // [learners, parameters]

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
fn image_backward_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.x;
    let row = id.y * ROWS;
    let learner = id.z;
    let words = p.pixels / 16u;
    if word >= words || row >= p.outputs {
        return;
    }
    let first = learner * p.rows;
    let stride = p.outputs / 4u;

    var sum: array<array<vec4<f32>, 4>, ROWS>;
    var bias: array<vec4<f32>, ROWS / 4u>;
    for (var n = 0u; n < p.rows; n += STEP) {
        var x: array<array<vec4<f32>, 4>, STEP>;
        var d: array<array<vec4<f32>, ROWS / 4u>, STEP>;
        for (var u = 0u; u < STEP; u++) {
            let m = min(n + u, p.rows - 1u);
            let image = order[p.order_start + learner * p.order_stride + m] & INDEX;
            let packed = images[image * words + word];
            for (var q = 0u; q < 4u; q++) {
                x[u][q] = unpack(packed[q]);
            }
            for (var i = 0u; i < ROWS / 4u; i++) {
                let own = dy[(first + m) * stride + min(row / 4u + i, stride - 1u)];
                d[u][i] = select(vec4<f32>(), own, n + u < p.rows);
                bias[i] += d[u][i];
            }
        }
        for (var i = 0u; i < ROWS / 4u; i++) {
            for (var q = 0u; q < 4u; q++) {
                for (var u = 0u; u < STEP; u++) {
                    sum[4u * i][q] += d[u][i].x * x[u][q];
                    sum[4u * i + 1u][q] += d[u][i].y * x[u][q];
                    sum[4u * i + 2u][q] += d[u][i].z * x[u][q];
                    sum[4u * i + 3u][q] += d[u][i].w * x[u][q];
                }
            }
        }
    }

    let s = learners[learner];
    let base = learner * p.parameters;
    let scale = 1.0 / (255.0 * f32(p.rows));
    for (var i = 0u; i < ROWS; i++) {
        if row + i < p.outputs {
            let at = (base + p.weights + (row + i) * p.pixels) / 4u + word * 4u;
            for (var q = 0u; q < 4u; q++) {
                descend(at + q, sum[i][q] * scale, s);
            }
        }
    }
    if word == 0u {
        for (var i = 0u; i < ROWS; i += 4u) {
            if row + i < p.outputs {
                descend((base + p.biases + row + i) / 4u, bias[i / 4u] / f32(p.rows), s);
            }
        }
    }
}
