// An element of an array of vec3 takes as much room as a vec4.

@group(0) @binding(0) var<storage, read> points: array<vec3<f32>>;
@group(0) @binding(1) var<storage, read_write> coordinates: array<f32>;

@compute @workgroup_size(64)
fn vec3_stride(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&points) {
        return;
    }
    let point = points[id.x];
    let at = 3u * id.x;
    coordinates[at] = point.x;
    coordinates[at + 1u] = point.y;
    coordinates[at + 2u] = point.z;
}
