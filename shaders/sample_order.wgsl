// sample_order: which samples each learner sees in its next steps.
//
// A learner walks through its sample list without end: the sample at position t of its walk is
// entry permutation(epoch, t mod n) of the list, with epoch = t div n and a fresh permutation
// for every epoch. The permutation is a keyed bijection of 0…n−1, so no shuffled list exists
// anywhere: an alternating Feistel network on the next power of two, walked until the value
// falls below n (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002), with
// Threefry-2x32 as its round function. Integers only: the same bits on every device.

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
    rows: u32,     // samples per learner and step
    steps: u32,
    learners: u32,
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const ROUNDS: u32 = 8u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> learners: array<Learner>;   // [learners]
@group(0) @binding(2) var<storage, read> progress: array<Progress>;  // [learners]
@group(0) @binding(3) var<storage, read> lists: array<u32>;          // all sample lists, end to end
@group(0) @binding(4) var<storage, read_write> order: array<u32>;    // [steps, learners, rows]

fn rotated(v: u32, by: u32) -> u32 {
    return (v << by) | (v >> (32u - by));
}

// Threefry-2x32 with 20 rounds: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
fn threefry2x32(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
    let schedule = vec3<u32>(key, key.x ^ key.y ^ 0x1bd11bdau);
    var v = counter + key;
    for (var group = 0u; group < 5u; group++) {
        let turns = select(vec4<u32>(17u, 29u, 16u, 24u), vec4<u32>(13u, 15u, 26u, 6u), group % 2u == 0u);
        for (var i = 0u; i < 4u; i++) {
            v.x += v.y;
            v.y = rotated(v.y, turns[i]) ^ v.x;
        }
        v.x += schedule[(group + 1u) % 3u];
        v.y += schedule[(group + 2u) % 3u] + group + 1u;
    }
    return v;
}

fn permuted(key: vec2<u32>, epoch: u32, n: u32, position: u32) -> u32 {
    if n < 2u {
        return 0u;
    }
    let bits = 32u - countLeadingZeros(n - 1u);
    let low_bits = bits / 2u;
    let low_mask = (1u << low_bits) - 1u;
    let high_mask = (1u << (bits - low_bits)) - 1u;
    var value = position;
    // Below n again after two turns on average at the most: n is over half of the domain.
    loop {
        var low = value & low_mask;
        var high = value >> low_bits;
        for (var round = 0u; round < ROUNDS; round += 2u) {
            high ^= threefry2x32(key, vec2<u32>((round << 16u) | low, epoch)).x & high_mask;
            low ^= threefry2x32(key, vec2<u32>(((round + 1u) << 16u) | high, epoch)).x & low_mask;
        }
        value = (high << low_bits) | low;
        if value < n {
            break;
        }
    }
    return value;
}

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn sample_order(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    let step = id.y;
    let learner = id.z;
    if row >= p.rows || step >= p.steps {
        return;
    }
    let l = learners[learner];
    let at = (progress[learner].step + step) * p.rows + row;
    let epoch = at / l.list_length;
    let entry = permuted(l.key, epoch, l.list_length, at % l.list_length);
    order[(step * p.learners + learner) * p.rows + row] = lists[l.list_start + entry];
}
