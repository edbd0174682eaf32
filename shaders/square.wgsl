// square: v ← v², or |v|. A weight's gradient for one sample is the product of an activation and of
// the gradient behind it, so its square is the product of their squares: squared, both give the exact
// diagonal of the Fisher information by the same matrix product as the gradient; and so do absolute
// values, with activations that are none below zero. A thread per vector of four.

struct Params {
    vectors: u32,   // of four numbers, per learner
    absolute: u32,  // 1 for |v|
    pad0: u32,
    pad1: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> values: array<vec4<f32>>; // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn square(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    let v = values[at];
    values[at] = select(v * v, abs(v), p.absolute == 1u);
}
