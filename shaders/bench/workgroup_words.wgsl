// workgroup_words: how fast threads pass words to each other through workgroup memory.
//
// There are two halves. In a round every thread loads four vectors of one half, each written by
// another thread or by itself in the round before, and stores them, one larger, in its own places of
// the other; then all wait for each other.

struct Params {
    threads: u32,
    rounds: u32,   // each is 4 vectors loaded and 4 stored by every thread
    mask: u32,
    value: u32,    // how far from its place a thread loads
}

const GROUP_X: u32 = 128u;
const GROUP_Y: u32 = 1u;
const HALF: u32 = 512u; // vectors, four for each thread

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> passed: array<u32>; // [threads]

var<workgroup> halves: array<vec4<u32>, 1024>;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn workgroup_words(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    for (var i = 0u; i < 4u; i++) {
        let place = lane + i * GROUP_X;
        halves[place] = vec4<u32>(place);
    }
    workgroupBarrier();
    var side = 0u;
    let far = lane + p.value;
    for (var i = 0u; i < p.rounds; i++) {
        let to = HALF - side;
        let a = halves[side + (far & (HALF - 1u))];
        let b = halves[side + ((far + GROUP_X) & (HALF - 1u))];
        let c = halves[side + ((far + 2u * GROUP_X) & (HALF - 1u))];
        let d = halves[side + ((far + 3u * GROUP_X) & (HALF - 1u))];
        halves[to + lane] = a + 1u;
        halves[to + lane + GROUP_X] = b + 1u;
        halves[to + lane + 2u * GROUP_X] = c + 1u;
        halves[to + lane + 3u * GROUP_X] = d + 1u;
        side = to;
        workgroupBarrier();
    }
    if id.x < p.threads {
        passed[id.x] = halves[side + lane].x;
    }
}
