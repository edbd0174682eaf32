// dependent_dispatch: what a dispatch costs that has to wait for the one before it, whose result it
// reads.

struct Params {
    threads: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>; // [threads]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn dependent_dispatch(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < p.threads {
        counts[id.x] += 1u;
    }
}
