// dense_backward_weights: a dense layer's gradient and its SGD step.
//
//   g = Σ_rows dy ⊗ x / rows + decay · w,  v ← momentum · v + g,  w ← w − rate · v
//
// The rule and the order of its operations are those of PyTorch's torch.optim.SGD. A thread owns
// a register tile of ROWS outputs × COLS inputs, reads each of its weights once and writes it
// once; the gradient never travels to memory. The biases belong to the threads of the first
// column.

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

const ROWS: u32 = 8u; // a multiple of four
const COLS: u32 = 8u; // a multiple of four
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 8u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;           // [learners]
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;               // [learners, rows, outputs]
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;                // [learners, rows, inputs]
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(5) var<storage, read_write> velocity: array<vec4<f32>>;   // [learners, parameters]

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
fn dense_backward_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x * COLS;
    let row = id.y * ROWS;
    let learner = id.z;
    if col >= p.inputs || row >= p.outputs {
        return;
    }
    let x_stride = p.inputs / 4u;
    let dy_stride = p.outputs / 4u;
    let first = learner * p.rows;

    var sum: array<array<vec4<f32>, COLS / 4u>, ROWS>;
    var bias: array<vec4<f32>, ROWS / 4u>;
    for (var n = 0u; n < p.rows; n++) {
        var b: array<vec4<f32>, COLS / 4u>;
        for (var j = 0u; j < COLS / 4u; j++) {
            b[j] = x[(first + n) * x_stride + min(col / 4u + j, x_stride - 1u)];
        }
        for (var i = 0u; i < ROWS; i += 4u) {
            let d = dy[(first + n) * dy_stride + min((row + i) / 4u, dy_stride - 1u)];
            bias[i / 4u] += d;
            for (var j = 0u; j < COLS / 4u; j++) {
                sum[i][j] += d.x * b[j];
                sum[i + 1u][j] += d.y * b[j];
                sum[i + 2u][j] += d.z * b[j];
                sum[i + 3u][j] += d.w * b[j];
            }
        }
    }

    let s = learners[learner];
    let base = learner * p.parameters;
    let count = f32(p.rows);
    for (var i = 0u; i < ROWS; i++) {
        for (var j = 0u; j < COLS / 4u; j++) {
            if row + i < p.outputs && col + j * 4u < p.inputs {
                let at = (base + p.weights + (row + i) * p.inputs + col) / 4u + j;
                descend(at, sum[i][j] / count, s);
            }
        }
    }
    if col == 0u {
        for (var i = 0u; i < ROWS; i += 4u) {
            if row + i < p.outputs {
                descend((base + p.biases + row + i) / 4u, bias[i / 4u] / count, s);
            }
        }
    }
}
