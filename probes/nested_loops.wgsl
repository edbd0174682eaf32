// How many of its eight diagonal neighbours every cell of a cube has, and where the counters end.

struct Size {
    n: i32,
}

@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> cells: array<vec4<i32>>;

@compute @workgroup_size(4, 4, 4)
fn nested_loops(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = vec3<i32>(id);
    let n = size.n;
    if any(at >= vec3<i32>(n)) {
        return;
    }
    var neighbours = 0;
    var dz: i32;
    var dy: i32;
    var dx: i32;
    for (dz = -1; dz < 2; dz += 1) {
        for (dy = -1; dy < 2; dy += 1) {
            for (dx = -1; dx < 2; dx += 1) {
                if dz != 0 && dy != 0 && dx != 0
                    && at.z + dz >= 0 && at.z + dz < n
                    && at.y + dy >= 0 && at.y + dy < n
                    && at.x + dx >= 0 && at.x + dx < n {
                    neighbours += 1;
                }
            }
        }
    }
    cells[(at.z * n + at.y) * n + at.x] = vec4<i32>(dz, dy, dx, neighbours);
}
