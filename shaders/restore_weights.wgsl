// restore_weights: weights whose salience is under the threshold of `select_threshold` become what
// they were in the original network, to the bit. After each step this confines training to a mask. A
// thread per vector of four.

struct Params {
    vectors: u32,  // of four weights, per learner
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const COUNTS: u32 = 32u; // words of `counts` per learner; the last one is the threshold

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> salience: array<vec4<u32>>;         // bits: [learners, vectors]
@group(0) @binding(2) var<storage, read> counts: array<u32>;                 // [learners, COUNTS]
@group(0) @binding(3) var<storage, read> originals: array<vec4<u32>>;        // bits: [learners, vectors]
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<u32>>; // bits: [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn restore_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let at = id.z * p.vectors + id.x;
    let threshold = vec4<u32>(counts[id.z * COUNTS + COUNTS - 1u]);
    let salient = (salience[at] & vec4<u32>(0x7fffffffu)) >= threshold;
    parameters[at] = select(originals[at], parameters[at], salient);
}
