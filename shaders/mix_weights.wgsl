// mix_weights: w ← own · w + other · u, every weight with that of another network. Task negation,
// θ₀ − λ (θ − θ₀), is own = −λ and other = 1 + λ. A thread per vector of four.

struct Params {
    vectors: u32,  // of four weights, per learner
    own: f32,
    other: f32,
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> others: array<vec4<f32>>;           // [learners, vectors]
@group(0) @binding(2) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn mix_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    parameters[at] = p.own * parameters[at] + p.other * others[at];
}
