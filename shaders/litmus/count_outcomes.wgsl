// count_outcomes: how often each outcome of a litmus test came: what its accesses saw, and what x and y
// hold in the end, two bits each.

struct Params {
    instances: u32,
    stride: u32,
    factor: u32,
    shift: u32,
}

const GROUP_X: u32 = 64u;
const OTHER: u32 = 4096u; // a value that no test stores

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> memory: array<u32>;               // as litmus left it
@group(0) @binding(2) var<storage, read> seen: array<u32>;                 // [instances][4]
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>; // [4097]

@compute @workgroup_size(GROUP_X)
fn count_outcomes(@builtin(global_invocation_id) id: vec3<u32>) {
    let instance = id.x;
    if instance >= p.instances {
        return;
    }
    // The places of litmus.
    let y = p.instances + (instance * p.factor + p.shift) % p.instances;
    let last = vec2(memory[p.stride * instance], memory[p.stride * y]);
    let saw = vec4(
        seen[4u * instance],
        seen[4u * instance + 1u],
        seen[4u * instance + 2u],
        seen[4u * instance + 3u],
    );
    var outcome = saw.x + 4u * saw.y + 16u * saw.z + 64u * saw.w + 256u * last.x + 1024u * last.y;
    if any(saw > vec4(3u)) || any(last > vec2(3u)) {
        outcome = OTHER;
    }
    atomicAdd(&counts[outcome], 1u);
}
