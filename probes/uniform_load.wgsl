// A workgroup does its work or leaves it as a whole, by a flag in its memory.

@group(0) @binding(0) var<storage, read> flags: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>;

var<workgroup> shared_flag: u32;

@compute @workgroup_size(64)
fn uniform_load(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    if lane == 0u {
        shared_flag = flags[group.x];
    }
    let flag = workgroupUniformLoad(&shared_flag);
    if flag == 0u {
        return;
    }
    atomicAdd(&counts[group.x], flag);
}
