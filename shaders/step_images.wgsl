// step_images: x ← x + size · sign(dx), within [0, 1]: the fast gradient sign method, which moves
// images up their loss. A thread per vector of four.

struct Params {
    vectors: u32,  // of four pixels, per learner
    size: f32,
    pad0: u32,
    pad1: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dx: array<vec4<f32>>;      // [learners, vectors]
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>; // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn step_images(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    x[at] = clamp(x[at] + p.size * sign(dx[at]), vec4<f32>(), vec4<f32>(1.0));
}
