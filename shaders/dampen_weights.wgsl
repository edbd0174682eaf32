// dampen_weights: selective synaptic dampening. Where a weight matters α times more to the samples to
// forget than to all, by the diagonals of the Fisher information F,
//
//   w ← w · min(λ · F_all / F_forget, 1)  where F_forget > α · F_all
//
// A thread per vector of four.

struct Params {
    vectors: u32,  // of four weights, per learner
    alpha: f32,
    lambda: f32,
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> of_forget: array<vec4<f32>>;        // [learners, vectors]
@group(0) @binding(2) var<storage, read> of_all: array<vec4<f32>>;           // [learners, vectors]
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn dampen_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    let forget = of_forget[at];
    let all = of_all[at];
    let chosen = forget > p.alpha * all;
    // Nothing is divided by zero where nothing was chosen.
    let factor = min(p.lambda * all / select(vec4<f32>(1.0), forget, chosen), vec4<f32>(1.0));
    parameters[at] *= select(vec4<f32>(1.0), factor, chosen);
}
