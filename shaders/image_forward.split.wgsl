// image_forward in its variant `split`, for hardware that a few learners would leave idle: SPLIT
// threads share a tile, each sums the products of some of the pixels, and the sums meet in
// workgroup memory. See image_forward.wgsl for what it computes.

struct Params {
    rows: u32,          // samples per learner
    pixels: u32,        // per image; a multiple of 16
    outputs: u32,       // padded
    weights: u32,       // offset of W [outputs, pixels] in a learner's parameters
    biases: u32,        // offset of b [outputs]
    parameters: u32,    // parameters per learner
    order_start: u32,   // the first entry of `order` to use
    order_stride: u32,  // entries per learner; 0: all learners see the same samples
}

const ROWS: u32 = 4u;
const COLS: u32 = 4u; // four: a vector of `y`
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 1u;
const SPLIT: u32 = 8u;
const SUMS: u32 = GROUP_X * ROWS; // vectors that a workgroup computes
const INDEX: u32 = 0x03ffffffu; // the bits of an order entry that name an image

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;     // [images, pixels / 16]
@group(0) @binding(2) var<storage, read> order: array<u32>;            // [learners, rows]
@group(0) @binding(3) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;    // [learners, rows, outputs]

var<workgroup> sums: array<vec4<f32>, SPLIT * SUMS>; // [parts, rows, columns / 4]

fn unpack(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

@compute @workgroup_size(GROUP_X, GROUP_Y, SPLIT)
fn image_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let col = (group.x * GROUP_X + own.x) * COLS;
    let row = group.y * ROWS;
    let learner = group.z;
    let words = p.pixels / 16u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;

    var x_at: array<u32, ROWS>;
    for (var i = 0u; i < ROWS; i++) {
        let entry = p.order_start + learner * p.order_stride + min(row + i, p.rows - 1u);
        x_at[i] = (order[entry] & INDEX) * words;
    }

    var sum: array<vec4<f32>, ROWS>;
    for (var k = own.z; k < words; k += SPLIT) {
        for (var q = 0u; q < 4u; q++) {
            var b: array<vec4<f32>, COLS>;
            for (var j = 0u; j < COLS; j++) {
                b[j] = parameters[w + (min(col + j, p.outputs - 1u) * words + k) * 4u + q];
            }
            for (var i = 0u; i < ROWS; i++) {
                let a = unpack(images[x_at[i] + k][q]);
                sum[i] += vec4<f32>(dot(a, b[0]), dot(a, b[1]), dot(a, b[2]), dot(a, b[3]));
            }
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
    var total = vec4<f32>();
    for (var part = 0u; part < SPLIT; part++) {
        total += sums[part * SUMS + thread];
    }
    let bias = parameters[(base + p.biases + out_col) / 4u];
    y[((learner * p.rows + out_row) * p.outputs + out_col) / 4u] =
        max(total / 255.0 + bias, vec4<f32>());
}
