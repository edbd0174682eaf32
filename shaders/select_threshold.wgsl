// select_threshold: the size that a share of a learner's numbers reaches: the n-th largest |v|, n =
// strength · weights. It is over zero even where fewer than n numbers are.
//
// The bits of a positive float, taken as an integer, are in the order of the floats, so the largest
// integer that n of them reach is found bit by bit from the highest one: in each round all numbers are
// counted that reach the bits found so far with one bit more. A round after the last writes the
// result. Counts are integers, so the order of counting changes nothing. Subnormal numbers take part as
// the bits that they are. A thread per vector of four.

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
    vectors: u32,  // of four numbers, per learner
    round: u32,    // from 0 on; in round BITS the result is written
    weights: u32,  // of which a share is meant: padding does not count
    pad: u32,
}

const BITS: u32 = 31u; // all but the sign
const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;              // [learners]
@group(0) @binding(2) var<storage, read> values: array<vec4<u32>>;              // bits: [learners, vectors]
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;      // [learners, BITS + 1]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn select_threshold(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    let own = id.z * (BITS + 1u);
    let wanted = u32(learners[id.z].strength * f32(p.weights));
    var found = 0u;
    for (var r = 0u; r < p.round; r++) {
        let enough = atomicLoad(&counts[own + r]) >= wanted;
        found |= select(0u, 1u << (BITS - 1u - r), enough);
    }
    if p.round < BITS {
        let candidate = found | (1u << (BITS - 1u - p.round));
        let sizes = values[id.z * p.vectors + id.x] & vec4<u32>(0x7fffffffu);
        let reached = select(vec4<u32>(), vec4<u32>(1u), sizes >= vec4<u32>(candidate));
        atomicAdd(&counts[own + p.round], reached.x + reached.y + reached.z + reached.w);
    } else {
        // All threads have found the same. A zero is among no largest, however many there are.
        atomicStore(&counts[own + BITS], max(found, 1u));
    }
}
