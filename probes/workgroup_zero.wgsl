// Workgroup memory is zero before the first statement, and stays as it is from then on.

@group(0) @binding(0) var<storage, read_write> found: array<u32>;

var<workgroup> scratch: array<u32, 512>;

@compute @workgroup_size(256)
fn workgroup_zero(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    // Another lane's word, as soon as can be: a lane that clears it late is seen.
    scratch[255u - lane] = lane + 1u;
    workgroupBarrier();
    let at = group.x * 512u + lane;
    found[at] = scratch[lane];
    found[at + 256u] = scratch[lane + 256u];
    workgroupBarrier();
    // Garbage for the next workgroup in this memory.
    scratch[lane] = 0xdeadbeefu;
    scratch[lane + 256u] = 0xdeadbeefu;
    workgroupBarrier();
    if scratch[lane ^ 1u] != 0xdeadbeefu {
        found[at] = 0xdeadbeefu;
    }
}
