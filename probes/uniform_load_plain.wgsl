// Sixty-four lanes add the flag.

@group(0) @binding(0) var<storage, read> flags: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(1)
fn uniform_load(@builtin(workgroup_id) group: vec3<u32>) {
    counts[group.x] = counts[group.x] + 64u * flags[group.x];
}
