// dense_forward: y = act(x Wᵀ + b), one dense layer for every learner.
//
// A thread computes a register tile of ROWS samples × COLS outputs; both operands are read as
// vec4 along the inputs, so each loaded vector takes part in 4·ROWS or 4·COLS multiply-adds.
// Every width is a multiple of four (model.rs pads with zeros), the number of rows is free.

struct Params {
    rows: u32,        // samples per learner
    inputs: u32,      // padded
    outputs: u32,     // padded
    weights: u32,     // offset of W [outputs, inputs] in a learner's parameters
    biases: u32,      // offset of b [outputs]
    parameters: u32,  // parameters per learner
    relu: u32,        // 1: act is max(·, 0); 0: act is the identity
    pad: u32,
}

const ROWS: u32 = 8u;
const COLS: u32 = 8u;
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 8u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;          // [learners, rows, inputs]
@group(0) @binding(2) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;    // [learners, rows, outputs]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn dense_forward(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x * COLS;
    let row = id.y * ROWS;
    let learner = id.z;
    if col >= p.outputs || row >= p.rows {
        return;
    }
    let depth = p.inputs / 4u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;

    // Rows and columns past the edge repeat the last one; their results are not stored. (Places
    // are computed anew each time: in an array they would keep compilers from unrolling.)
    let first = learner * p.rows + row;
    let last_row = p.rows - 1u - row;
    let last_col = p.outputs - 1u - col;

    var sum: array<array<f32, COLS>, ROWS>;
    for (var k = 0u; k < depth; k++) {
        var a: array<vec4<f32>, ROWS>;
        for (var i = 0u; i < ROWS; i++) {
            a[i] = x[(first + min(i, last_row)) * depth + k];
        }
        for (var j = 0u; j < COLS; j++) {
            let b = parameters[w + (col + min(j, last_col)) * depth + k];
            for (var i = 0u; i < ROWS; i++) {
                sum[i][j] += dot(a[i], b);
            }
        }
    }

    for (var j = 0u; j < COLS; j += 4u) {
        if col + j >= p.outputs {
            break;
        }
        let bias = parameters[(base + p.biases + col + j) / 4u];
        for (var i = 0u; i < ROWS; i++) {
            var out = vec4<f32>(sum[i][j], sum[i][j + 1u], sum[i][j + 2u], sum[i][j + 3u]) + bias;
            if p.relu == 1u {
                out = max(out, vec4<f32>());
            }
            if row + i < p.rows {
                y[((learner * p.rows + row + i) * p.outputs + col + j) / 4u] = out;
            }
        }
    }
}
