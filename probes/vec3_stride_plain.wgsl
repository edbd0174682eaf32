// One number after the other.

@group(0) @binding(0) var<storage, read> points: array<vec3<f32>>;
@group(0) @binding(1) var<storage, read_write> coordinates: array<f32>;

@compute @workgroup_size(1)
fn vec3_stride(@builtin(workgroup_id) id: vec3<u32>) {
    for (var axis = 0u; axis < 3u; axis++) {
        coordinates[3u * id.x + axis] = points[id.x][axis];
    }
}
