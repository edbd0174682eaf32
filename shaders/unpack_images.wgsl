// unpack_images: the samples' pixels as floats, pixel / 255, for what the packed images cannot do:
// to be changed, or to be squared. A thread per word of four pixels.

struct Params {
    rows: u32,          // samples per learner
    pixels: u32,        // per image; a multiple of 4
    order_start: u32,
    order_stride: u32,  // order entries per learner; 0: all learners see the same samples
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const INDEX: u32 = 0x03ffffffu;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;        // [images, pixels / 4]
@group(0) @binding(2) var<storage, read> order: array<u32>;         // [learners, rows]
@group(0) @binding(3) var<storage, read_write> x: array<vec4<f32>>; // [learners, rows, pixels]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn unpack_images(@builtin(global_invocation_id) id: vec3<u32>) {
    let words = p.pixels / 4u;
    if id.x >= words || id.y >= p.rows {
        return;
    }
    let image = order[p.order_start + id.z * p.order_stride + id.y] & INDEX;
    let packed = vec4<u32>(images[image * words + id.x]);
    let bytes = (packed >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u);
    x[(id.z * p.rows + id.y) * words + id.x] = vec4<f32>(bytes) / 255.0;
}
