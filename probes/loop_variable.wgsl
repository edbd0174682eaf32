// A variable declared in a loop starts at zero in every turn.

@group(0) @binding(0) var<storage, read> table: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(16)
fn loop_variable(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = id.x * 16u;
    if first >= arrayLength(&sums) * 4u {
        return;
    }
    for (var row = 0u; row < 4u; row++) {
        var sum: u32;
        for (var column = 0u; column < 4u; column++) {
            sum += table[first + row * 4u + column];
        }
        sums[id.x * 4u + row] = sum;
    }
}
