// Three words of every four.

@group(0) @binding(0) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> coordinates: array<f32>;

@compute @workgroup_size(1)
fn vec3_stride(@builtin(workgroup_id) id: vec3<u32>) {
    coordinates[3u * id.x] = points[id.x].x;
    coordinates[3u * id.x + 1u] = points[id.x].y;
    coordinates[3u * id.x + 2u] = points[id.x].z;
}
