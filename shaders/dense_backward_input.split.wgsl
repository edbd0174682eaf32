// dense_backward_input in its variant `split`, for hardware that a few learners would leave idle:
// SPLIT threads share a tile, each sums the products of some of the outputs, and the sums meet in
// workgroup memory. See dense_backward_input.wgsl for what it computes.

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

const ROWS: u32 = 4u;
const COLS: u32 = 4u; // four: a vector of `dx`
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 1u;
const SPLIT: u32 = 8u;
const SUMS: u32 = GROUP_X * ROWS; // vectors that a workgroup computes

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;         // [learners, rows, outputs]
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;          // [learners, rows, inputs]
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;   // [learners, rows, inputs]

var<workgroup> sums: array<vec4<f32>, SPLIT * SUMS>; // [parts, rows, columns / 4]

@compute @workgroup_size(GROUP_X, GROUP_Y, SPLIT)
fn dense_backward_input(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * ROWS;
    let learner = group.z;
    let depth = p.outputs / 4u;
    let stride = p.inputs / 4u;
    let w = (learner * p.parameters + p.weights) / 4u;

    // Rows and columns past the edge repeat the last one; their results are not stored.
    let first = learner * p.rows + row;
    let last_row = p.rows - 1u - row;
    let col = min(group.x * GROUP_X + own.x, stride - 1u);

    var sum: array<vec4<f32>, ROWS>;
    for (var k = own.z; k < depth; k += SPLIT) {
        var b: array<vec4<f32>, 4>;
        for (var q = 0u; q < 4u; q++) {
            b[q] = parameters[w + (k * 4u + q) * stride + col];
        }
        for (var i = 0u; i < ROWS; i++) {
            let a = dy[(first + min(i, last_row)) * depth + k];
            for (var q = 0u; q < 4u; q++) {
                sum[i] += a[q] * b[q];
            }
        }
    }
    for (var i = 0u; i < ROWS; i++) {
        sums[own.z * SUMS + i * GROUP_X + own.x] = sum[i];
    }
    workgroupBarrier();

    // Then each thread has one vector of the tile, while there are any.
    let out_col = group.x * GROUP_X + thread % GROUP_X;
    let out_row = row + thread / GROUP_X;
    if thread >= SUMS || out_row >= p.rows || out_col >= stride {
        return;
    }
    var total = vec4<f32>();
    for (var part = 0u; part < SPLIT; part++) {
        total += sums[part * SUMS + thread];
    }
    let place = (learner * p.rows + out_row) * stride + out_col;
    dx[place] = select(vec4<f32>(), total, x[place] > vec4<f32>());
}
