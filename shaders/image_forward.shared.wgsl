// image_forward in its variant `shared`, for hardware with many learners: a workgroup brings its
// images, unpacked, and its weights to workgroup memory, a slab of sixteen pixels at a time, from
// where each number is read eight times. See image_forward.wgsl for what it computes.
//
// A thread's rows and columns lie GROUP_Y and GROUP_X apart, and the vectors of a slab lie quad by
// quad, those of the weights STRIDE apart, so that neighbouring threads find theirs in different
// banks.

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

const ROWS: u32 = 8u;
const COLS: u32 = 8u;
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 8u;
const TILE: u32 = 64u; // threads, rows and columns of a workgroup
const STRIDE: u32 = 66u;
const INDEX: u32 = 0x03ffffffu; // the bits of an order entry that name an image

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;     // [images, pixels / 16]
@group(0) @binding(2) var<storage, read> order: array<u32>;            // [learners, rows]
@group(0) @binding(3) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(4) var<storage, read_write> y: array<f32>;          // [learners, rows, outputs]

var<workgroup> x_slab: array<vec4<f32>, 4u * TILE>;          // [quads, rows]
var<workgroup> w_slab: array<vec4<f32>, 3u * STRIDE + TILE>; // [quads, columns]

fn unpack(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

// s + a · b in four instructions, where a dot product and a sum take five.
fn plus_dot(s: f32, a: vec4<f32>, b: vec4<f32>) -> f32 {
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, s))));
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn image_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) own: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_col = group.x * TILE;
    let first_row = group.y * TILE;
    let learner = group.z;
    let words = p.pixels / 16u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;
    let last_col = p.outputs - 1u;

    // A thread brings one row of images, and one vector of four columns.
    let entry = p.order_start + learner * p.order_stride + min(first_row + thread, p.rows - 1u);
    let image = (order[entry] & INDEX) * words;
    let quad = thread % 4u;

    var sum: array<array<f32, COLS>, ROWS>;
    for (var k = 0u; k < words; k++) {
        let packed = images[image + k];
        for (var q = 0u; q < 4u; q++) {
            x_slab[q * TILE + thread] = unpack(packed[q]);
            let col = thread / 4u + q * TILE / 4u;
            let from_col = min(first_col + col, last_col);
            w_slab[quad * STRIDE + col] = parameters[w + (from_col * words + k) * 4u + quad];
        }
        workgroupBarrier();
        for (var q = 0u; q < 4u; q++) {
            var a: array<vec4<f32>, ROWS>;
            for (var i = 0u; i < ROWS; i++) {
                a[i] = x_slab[q * TILE + i * GROUP_Y + own.y];
            }
            for (var j = 0u; j < COLS; j++) {
                let b = w_slab[q * STRIDE + j * GROUP_X + own.x];
                for (var i = 0u; i < ROWS; i++) {
                    sum[i][j] = plus_dot(sum[i][j], a[i], b);
                }
            }
        }
        workgroupBarrier();
    }

    for (var j = 0u; j < COLS; j++) {
        let col = first_col + j * GROUP_X + own.x;
        let bias = parameters[(base + p.biases + min(col, last_col)) / 4u][col % 4u];
        for (var i = 0u; i < ROWS; i++) {
            let row = first_row + i * GROUP_Y + own.y;
            if row < p.rows && col < p.outputs {
                y[(learner * p.rows + row) * p.outputs + col] = max(sum[i][j] / 255.0 + bias, 0.0);
            }
        }
    }
}
