// dense_backward_input: the gradient of a hidden layer's output, masked by its ReLU:
//
//   dx = (dy W) ⊙ [x > 0]
//
// A thread computes a register tile of ROWS samples × COLS inputs.

struct Params {
    rows: u32,        // samples per learner
    inputs: u32,      // padded
    outputs: u32,     // padded
    weights: u32,     // offset of W [outputs, inputs] in a learner's parameters
    parameters: u32,  // parameters per learner
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const ROWS: u32 = 8u;
const COLS: u32 = 8u; // a multiple of four
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 8u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;         // [learners, rows, outputs]
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;          // [learners, rows, inputs]
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;   // [learners, rows, inputs]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn dense_backward_input(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x * COLS;
    let row = id.y * ROWS;
    let learner = id.z;
    if col >= p.inputs || row >= p.rows {
        return;
    }
    let depth = p.outputs / 4u;
    let stride = p.inputs / 4u;
    let w = (learner * p.parameters + p.weights) / 4u;

    // Rows and columns past the edge repeat the last one; their results are not stored.
    let first = learner * p.rows + row;
    let last_row = p.rows - 1u - row;
    let last_col = stride - 1u - col / 4u;

    var sum: array<array<vec4<f32>, COLS / 4u>, ROWS>;
    for (var k = 0u; k < depth; k++) {
        var a: array<vec4<f32>, ROWS>;
        for (var i = 0u; i < ROWS; i++) {
            a[i] = dy[(first + min(i, last_row)) * depth + k];
        }
        for (var q = 0u; q < 4u; q++) {
            for (var j = 0u; j < COLS / 4u; j++) {
                let b = parameters[w + (k * 4u + q) * stride + col / 4u + min(j, last_col)];
                for (var i = 0u; i < ROWS; i++) {
                    sum[i][j] += a[i][q] * b;
                }
            }
        }
    }

    for (var i = 0u; i < ROWS; i++) {
        for (var j = 0u; j < COLS / 4u; j++) {
            if row + i < p.rows && col + j * 4u < p.inputs {
                let place = (learner * p.rows + row + i) * stride + col / 4u + j;
                dx[place] = select(vec4<f32>(), sum[i][j], x[place] > vec4<f32>());
            }
        }
    }
}
