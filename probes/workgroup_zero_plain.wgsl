// What was written, in the first half; zeros in the second.

@group(0) @binding(0) var<storage, read_write> found: array<u32>;

@compute @workgroup_size(1)
fn workgroup_zero(@builtin(workgroup_id) group: vec3<u32>) {
    for (var word = 0u; word < 256u; word++) {
        found[group.x * 512u + word] = 256u - word;
        found[group.x * 512u + 256u + word] = 0u;
    }
}
