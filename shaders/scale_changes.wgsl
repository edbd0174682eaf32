// scale_changes: scales what a step changed in every weight by that weight's factor.
//
//   w ← before + factor · (w − before);  before ← w
//
// A factor of 0 keeps a weight, and one of 1 its step, exactly: methods that train only some weights,
// or some of them more slowly, are nothing but factors. A thread per vector of four.

struct Params {
    vectors: u32,  // of four weights, per learner
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> factors: array<vec4<f32>>;          // [learners, vectors]
@group(0) @binding(2) var<storage, read_write> before: array<vec4<f32>>;     // [learners, vectors]
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn scale_changes(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    let factor = factors[at];
    let old = before[at];
    let w = parameters[at];
    let kept = select(old + factor * (w - old), w, factor == vec4<f32>(1.0));
    before[at] = kept;
    parameters[at] = kept;
}
