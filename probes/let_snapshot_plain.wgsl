// The same values, each from the input.

@group(0) @binding(0) var<storage, read> numbers: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4<u32>>;

@compute @workgroup_size(1)
fn let_snapshot(@builtin(workgroup_id) id: vec3<u32>) {
    let input = numbers[id.x];
    let place = input.w % 4u;
    var swapped = 7u;
    var x = 7u;
    var y = input.y;
    if place == 0u {
        x = input.x;
    }
    if place == 1u {
        swapped = input.y;
        y = input.x;
    }
    if place == 2u {
        swapped = input.z;
    }
    if place == 3u {
        swapped = input.w;
    }
    results[id.x] = vec4<u32>(input.x, swapped, y, y + x);
}
