// 64 lanes, and the sum of the squares below 64.

@group(0) @binding(0) var<storage, read_write> sums: array<vec2<u32>>;

@compute @workgroup_size(1)
fn workgroup_atomics(@builtin(workgroup_id) group: vec3<u32>) {
    sums[group.x] = vec2<u32>(64u, 85344u);
}
