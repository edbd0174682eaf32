// The sums of rows of four, without a variable.

@group(0) @binding(0) var<storage, read> table: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(1)
fn loop_variable(@builtin(workgroup_id) id: vec3<u32>) {
    let at = 4u * id.x;
    sums[id.x] = table[at] + table[at + 1u] + table[at + 2u] + table[at + 3u];
}
