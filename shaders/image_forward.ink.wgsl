// image_forward in its variant `ink`, for software adapters: it leaves out four pixels that are zero in
// all the samples of a tile, as half of MNIST's are. Neighbouring lanes have neighbouring outputs, so
// that all of them leave out the same. See image_forward.wgsl for what it computes.
//
// lavapipe takes both sides of every `if`, but ends a loop where no lane goes on. So a workgroup first
// notes, a bit per quad, where there is ink, and then goes from one bit to the next.
//
// A term that is left out is zero if the weight is finite, which WGSL lets a shader assume. A network
// whose weights are not is recognised by its loss.

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
const COLS: u32 = 16u;        // outputs of a thread: vectors that lie GROUP_X apart
const VECTORS: u32 = COLS / 4u;
const GROUP_X: u32 = 8u;
const GROUP_Y: u32 = 1u;
const NOTED: u32 = 256u;      // quads with notes; of further ones none is left out
const INDEX: u32 = 0x03ffffffu; // the bits of an order entry that name an image

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;     // [images, pixels / 16]
@group(0) @binding(2) var<storage, read> order: array<u32>;            // [learners, rows]
@group(0) @binding(3) var<storage, read> parameters: array<vec4<f32>>; // [learners, parameters]
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;    // [learners, rows, outputs]

var<workgroup> ink: array<u32, NOTED / 32u>; // [quads / 32]

fn unpack(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn image_forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.y * ROWS;
    let learner = group.z;
    let words = p.pixels / 16u;
    var x_at: array<u32, ROWS>;
    for (var i = 0u; i < ROWS; i++) {
        let entry = p.order_start + learner * p.order_stride + min(row + i, p.rows - 1u);
        x_at[i] = (order[entry] & INDEX) * words;
    }
    let quads = words * 4u;
    for (var c = thread; c < (min(quads, NOTED) + 31u) / 32u; c += GROUP_X) {
        var found = 0u;
        for (var k = 0u; k < 8u; k++) {
            var any = vec4<u32>();
            for (var i = 0u; i < ROWS; i++) {
                any |= images[x_at[i] + min(c * 8u + k, words - 1u)];
            }
            let bits = vec4<u32>(any != vec4<u32>()) << vec4<u32>(0u, 1u, 2u, 3u);
            let inked = (bits.x | bits.y | bits.z | bits.w) << (k * 4u);
            found |= select(0u, inked, c * 8u + k < words);
        }
        ink[c] = found;
    }
    workgroupBarrier();

    let base = learner * p.parameters;
    let w = (base + p.weights) / 4u;
    let stride = p.outputs / 4u;
    let vector = group.x * GROUP_X * VECTORS + thread;
    var w_at: array<u32, VECTORS>;
    for (var j = 0u; j < VECTORS; j++) {
        w_at[j] = w + min(vector + j * GROUP_X, stride - 1u) * 4u * quads;
    }

    var sum: array<array<vec4<f32>, VECTORS>, ROWS>;
    for (var k = 0u; k < quads; k += 32u) {
        var left = 0xffffffffu;
        if k < NOTED {
            left = ink[k / 32u];
        }
        loop {
            let at = k + firstTrailingBit(left);
            let quad = min(at, quads - 1u);
            var x: array<vec4<f32>, ROWS>;
            for (var i = 0u; i < ROWS; i++) {
                let packed = images[x_at[i] + quad / 4u];
                x[i] = unpack(select(0u, packed[quad % 4u], left != 0u && at < quads));
            }
            for (var j = 0u; j < VECTORS; j++) {
                for (var c = 0u; c < 4u; c++) {
                    let b = parameters[w_at[j] + c * quads + quad];
                    for (var i = 0u; i < ROWS; i++) {
                        sum[i][j][c] += dot(x[i], b);
                    }
                }
            }
            left &= left - 1u;
            if left == 0u {
                break;
            }
        }
    }

    for (var j = 0u; j < VECTORS; j++) {
        let own = vector + j * GROUP_X;
        if own < stride {
            let bias = parameters[(base + p.biases) / 4u + own];
            for (var i = 0u; i < ROWS; i++) {
                if row + i < p.rows {
                    y[(learner * p.rows + row + i) * stride + own] =
                        max(sum[i][j] / 255.0 + bias, vec4<f32>());
                }
            }
        }
    }
}
