// Half of a workgroup takes what the other half wrote to a buffer, behind a barrier.

@group(0) @binding(0) var<storage, read> numbers: array<u32>;
@group(0) @binding(1) var<storage, read_write> moved: array<u32>;

@compute @workgroup_size(64)
fn storage_barrier(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let at = group.x * 64u + lane;
    moved[at] = 2u * numbers[at];
    storageBarrier();
    if lane < 32u {
        moved[at] = moved[at + 32u];
    }
}
