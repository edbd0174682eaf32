// read_words: how fast a device reads memory, or of a small working set its caches.
//
// Each workgroup reads a stretch of its own, over and over where the working set is smaller. Neighbours
// read vectors that follow each other, and so do their next reads: that suits GPUs, whose threads
// load together, and software adapters, which take a few threads at a time through the loop. All that it has read ends in one sum, so
// that no compiler drops a read, and hardly anything is written.

struct Params {
    threads: u32,
    rounds: u32,   // each is 4 vectors of every thread
    mask: u32,     // vectors in the working set, a power of two, less one
    value: u32,
}

const GROUP_X: u32 = 256u;
const GROUP_Y: u32 = 1u;
const NEAR: u32 = 32u; // threads that read a stretch together

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<u32>; // [workgroups]

var<workgroup> parts: array<u32, 256>;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn read_words(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let stretch = 4u * p.rounds;
    var at = (group.x * GROUP_X + lane / NEAR * NEAR) * stretch + lane % NEAR;
    var a = vec4<u32>();
    var b = vec4<u32>();
    var c = vec4<u32>();
    var d = vec4<u32>();
    for (var i = 0u; i < p.rounds; i++) {
        a += source[at & p.mask];
        b += source[(at + NEAR) & p.mask];
        c += source[(at + 2u * NEAR) & p.mask];
        d += source[(at + 3u * NEAR) & p.mask];
        at += 4u * NEAR;
    }
    let all = (a + b) + (c + d);
    parts[lane] = (all.x + all.y) + (all.z + all.w);
    for (var width = GROUP_X / 2u; width > 0u; width /= 2u) {
        workgroupBarrier();
        if lane < width {
            parts[lane] += parts[lane + width];
        }
    }
    if lane == 0u {
        sums[group.x] = parts[0];
    }
}
