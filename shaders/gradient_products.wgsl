// gradient_products: the scalar products that say whether two gradients are at odds. Learners come in
// pairs: the first one's velocity holds the gradient f of the samples to forget, the second one's the
// gradient r of those to keep. A pair has a workgroup of STRIPES threads, each of which sums every STRIPES-th
// vector; `project_gradients` adds up their sums.

struct Params {
    vectors: u32,  // of four numbers, per learner
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const STRIPES: u32 = 64u; // as many as a workgroup has threads
const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> velocity: array<vec4<f32>>;       // [pairs, 2, vectors]
@group(0) @binding(2) var<storage, read_write> products: array<vec4<f32>>; // [pairs, STRIPES]: f·r, r·r, f·f, 0

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn gradient_products(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = 2u * id.z * p.vectors;
    var sum: vec4<f32>;
    for (var at = id.x; at < p.vectors; at += STRIPES) {
        let f = velocity[first + at];
        let r = velocity[first + p.vectors + at];
        sum += vec4<f32>(dot(f, r), dot(r, r), dot(f, f), 0.0);
    }
    products[id.z * STRIPES + id.x] = sum;
}
