// Along each axis a cell has two, one or no neighbours; diagonal ones are their product.

struct Size {
    n: i32,
}

@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> cells: array<vec4<i32>>;

fn beside(place: i32) -> i32 {
    return select(0, 1, place > 0) + select(0, 1, place < size.n - 1);
}

@compute @workgroup_size(1)
fn nested_loops(@builtin(workgroup_id) id: vec3<u32>) {
    let at = vec3<i32>(id);
    let neighbours = beside(at.x) * beside(at.y) * beside(at.z);
    cells[(at.z * size.n + at.y) * size.n + at.x] = vec4<i32>(2, 2, 2, neighbours);
}
