// image_forward: the first layer, straight from the packed images: y = max(x Wᵀ + b, 0).
//
// Pixels enter as the integers 0…255, exact in f32, and the sum is divided by 255 once at its
// end. One vec4<u32> brings sixteen pixels, so the shared operand costs a sixteenth of a load
// per input.

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
const INDEX: u32 = 0x03ffffffu; // the bits of an order entry that name an image

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;     // [images, pixels / 16]
@group(0) @binding(2) var<storage, read> order: array<u32>;            // [learners, rows]
@group(0) @binding(3) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;    // [learners, rows, outputs]

fn unpack(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn image_forward(@builtin(global_invocation_id) id: vec3<u32>) {
    let col = id.x * COLS;
    let row = id.y * ROWS;
    let learner = id.z;
    if col >= p.outputs || row >= p.rows {
        return;
    }
    let words = p.pixels / 16u;
    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;

    var x_at: array<u32, ROWS>;
    for (var i = 0u; i < ROWS; i++) {
        let entry = p.order_start + learner * p.order_stride + min(row + i, p.rows - 1u);
        x_at[i] = (order[entry] & INDEX) * words;
    }
    let last_col = p.outputs - 1u - col;

    var sum: array<array<f32, COLS>, ROWS>;
    for (var k = 0u; k < words; k++) {
        var a: array<vec4<u32>, ROWS>;
        for (var i = 0u; i < ROWS; i++) {
            a[i] = images[x_at[i] + k];
        }
        for (var q = 0u; q < 4u; q++) {
            var b: array<vec4<f32>, COLS>;
            for (var j = 0u; j < COLS; j++) {
                b[j] = parameters[w + (col + min(j, last_col)) * words * 4u + k * 4u + q];
            }
            for (var i = 0u; i < ROWS; i++) {
                let pixel = unpack(a[i][q]);
                for (var j = 0u; j < COLS; j++) {
                    sum[i][j] += dot(pixel, b[j]);
                }
            }
        }
    }

    for (var j = 0u; j < COLS; j += 4u) {
        if col + j >= p.outputs {
            break;
        }
        let bias = parameters[(base + p.biases + col + j) / 4u];
        for (var i = 0u; i < ROWS; i++) {
            let s = vec4<f32>(sum[i][j], sum[i][j + 1u], sum[i][j + 2u], sum[i][j + 3u]);
            if row + i < p.rows {
                y[((learner * p.rows + row + i) * p.outputs + col + j) / 4u] =
                    max(s / 255.0 + bias, vec4<f32>());
            }
        }
    }
}
