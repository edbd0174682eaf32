// The second half twice.

@group(0) @binding(0) var<storage, read> numbers: array<u32>;
@group(0) @binding(1) var<storage, read_write> moved: array<u32>;

@compute @workgroup_size(1)
fn storage_barrier(@builtin(workgroup_id) group: vec3<u32>) {
    for (var lane = 0u; lane < 64u; lane++) {
        moved[group.x * 64u + lane] = 2u * numbers[group.x * 64u + (lane | 32u)];
    }
}
