// dense_forward in its variant `split`, for hardware that a few learners would leave idle: SPLIT
// threads share a tile, each sums the products of some of the inputs, and the sums meet in
// workgroup memory. See dense_forward.wgsl for what it computes.

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

const ROWS: u32 = 4u;
const COLS: u32 = 4u; // four: a vector of `y`
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 1u;
const SPLIT: u32 = 8u;
const SUMS: u32 = GROUP_X * ROWS; // vectors that a workgroup computes

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;          // [learners, rows, inputs]
@group(0) @binding(2) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;    // [learners, rows, outputs]

var<workgroup> sums: array<vec4<f32>, SPLIT * SUMS>; // [parts, rows, columns / 4]

@compute @workgroup_size(GROUP_X, GROUP_Y, SPLIT)
fn dense_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let col = (group.x * GROUP_X + own.x) * COLS;
    let row = group.y * ROWS;
    let learner = group.z;
    let depth = p.inputs / 4u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;

    // Rows and columns past the edge repeat the last one; their results are not stored.
    let first = learner * p.rows + row;
    let last_row = p.rows - 1u - row;
    let last_col = p.outputs - 1u;

    var sum: array<vec4<f32>, ROWS>;
    for (var k = own.z; k < depth; k += SPLIT) {
        var b: array<vec4<f32>, COLS>;
        for (var j = 0u; j < COLS; j++) {
            b[j] = parameters[w + min(col + j, last_col) * depth + k];
        }
        for (var i = 0u; i < ROWS; i++) {
            let a = x[(first + min(i, last_row)) * depth + k];
            sum[i] += vec4<f32>(dot(a, b[0]), dot(a, b[1]), dot(a, b[2]), dot(a, b[3]));
        }
    }
    for (var i = 0u; i < ROWS; i++) {
        sums[own.z * SUMS + i * GROUP_X + own.x] = sum[i];
    }
    workgroupBarrier();

    // Then each thread has one vector of the tile, while there are any.
    let out_col = (group.x * GROUP_X + thread % GROUP_X) * COLS;
    let out_row = row + thread / GROUP_X;
    if thread >= SUMS || out_row >= p.rows || out_col >= p.outputs {
        return;
    }
    var total = parameters[(base + p.biases + out_col) / 4u];
    for (var part = 0u; part < SPLIT; part++) {
        total += sums[part * SUMS + thread];
    }
    if p.relu == 1u {
        total = max(total, vec4<f32>());
    }
    y[((learner * p.rows + out_row) * p.outputs + out_col) / 4u] = total;
}
