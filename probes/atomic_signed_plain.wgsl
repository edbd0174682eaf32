// One after the other.

@group(0) @binding(0) var<storage, read> numbers: array<i32>;
@group(0) @binding(1) var<storage, read_write> largest: array<i32>;
@group(0) @binding(2) var<storage, read_write> smallest: array<i32>;

@compute @workgroup_size(1)
fn atomic_signed(@builtin(workgroup_id) group: vec3<u32>) {
    for (var lane = 0u; lane < 64u; lane++) {
        let number = numbers[group.x * 64u + lane];
        if number > largest[group.x] {
            largest[group.x] = number;
        }
        if number < smallest[group.x] {
            smallest[group.x] = number;
        }
    }
}
