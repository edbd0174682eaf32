// shrink_weights: the proximal step of an ℓ1 penalty, by which weights become zero.
//
//   w ← sign(w) · max(|w| − rate · strength · (1 − t / steps), 0)
//
// After the gradient step of the loss alone this is a step of proximal gradient descent (ISTA) for
// loss + strength · (1 − t / steps) · ‖w‖₁: the penalty fades in the course of `steps` steps. A thread
// per vector of four.

struct Learner {
    key: vec2<u32>,
    list_start: u32,
    list_length: u32,
    rate: f32,
    momentum: f32,
    decay: f32,
    strength: f32,
}

struct Progress {
    step: u32,
    diverged: u32,
    loss_sum: f32,
    pad: u32,
}

struct Params {
    vectors: u32,  // of four weights, per learner
    step: u32,     // steps since the clock was moved
    steps: u32,    // until the penalty is gone
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;           // [learners]
@group(0) @binding(2) var<storage, read> progress: array<Progress>;          // [learners]
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4<f32>>; // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn shrink_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let s = learners[id.z];
    let done = f32(min(progress[id.z].step + p.step, p.steps));
    let threshold = s.rate * s.strength * (1.0 - done / f32(p.steps));
    let at = id.z * p.vectors + id.x;
    let w = parameters[at];
    parameters[at] = sign(w) * max(abs(w) - threshold, vec4<f32>());
}
