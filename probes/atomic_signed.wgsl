// The largest and the smallest of signed numbers, by atomics.

@group(0) @binding(0) var<storage, read> numbers: array<i32>;
@group(0) @binding(1) var<storage, read_write> largest: array<atomic<i32>>;
@group(0) @binding(2) var<storage, read_write> smallest: array<atomic<i32>>;

@compute @workgroup_size(64)
fn atomic_signed(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let number = numbers[id.x];
    atomicMax(&largest[group.x], number);
    atomicMin(&smallest[group.x], number);
}
