// All lanes of a workgroup add to one word of its memory.

@group(0) @binding(0) var<storage, read_write> sums: array<vec2<u32>>;

var<workgroup> count: atomic<u32>;
var<workgroup> total: atomic<u32>;

@compute @workgroup_size(64)
fn workgroup_atomics(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    atomicAdd(&count, 1u);
    atomicAdd(&total, lane * lane);
    workgroupBarrier();
    if lane == 0u {
        sums[group.x] = vec2<u32>(atomicLoad(&count), atomicLoad(&total));
    }
}
