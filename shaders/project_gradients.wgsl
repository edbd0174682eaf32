// project_gradients: a step along the gradient f of the samples to forget that does not climb the loss
// of those to keep, whose gradient is r:
//
//   g = f − (f·r / r·r) r where f·r < 0, else f;  g ← g · min(1, clip / ‖g‖);  w ← w − strength · g
//
// Learners come in pairs, as in `gradient_products`, and hold the same weights; both take the step.
// Their velocities become zero, so that the next step's gradients find them empty. A thread per
// vector of four.

struct Learner {
    key: vec2<u32>,
    list_start: u32,
    list_length: u32,
    rate: f32,
    momentum: f32,
    decay: f32,
    strength: f32,
}

struct Params {
    vectors: u32,  // of four weights, per learner
    clip: f32,
    pad0: u32,
    pad1: u32,
}

const STRIPES: u32 = 64u;
const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;           // [pairs, 2]
@group(0) @binding(2) var<storage, read> products: array<vec4<f32>>;         // [pairs, STRIPES]: f·r, r·r, f·f, 0
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4<f32>>;   // [pairs, 2, vectors]
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>; // [pairs, 2, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn project_gradients(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    var sum: vec4<f32>;
    for (var i = 0u; i < STRIPES; i++) {
        sum += products[id.z * STRIPES + i];
    }
    var share = 0.0;
    if sum.x < 0.0 && sum.y > 0.0 {
        share = sum.x / sum.y;
    }
    // The squared length of f without its part along r.
    let square = sum.z - share * sum.x;
    var scale = 1.0;
    if square > p.clip * p.clip {
        scale = p.clip / sqrt(square);
    }

    let first = 2u * id.z * p.vectors + id.x;
    let second = first + p.vectors;
    let g = (velocity[first] - share * velocity[second]) * scale;
    let step = learners[2u * id.z].strength * g;
    velocity[first] = vec4<f32>();
    velocity[second] = vec4<f32>();
    parameters[first] -= step;
    parameters[second] -= step;
}
