// Stores word by word.

@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read_write> grids: array<vec4<f32>>;

@compute @workgroup_size(1)
fn matrix_padding(@builtin(workgroup_id) id: vec3<u32>) {
    let factor = factors[id.x];
    grids[2u * id.x].x = factor;
    grids[2u * id.x].y = 2.0 * factor;
    grids[2u * id.x].z = 3.0 * factor;
    grids[2u * id.x + 1u].x = 4.0 * factor;
    grids[2u * id.x + 1u].y = 5.0 * factor;
    grids[2u * id.x + 1u].z = 6.0 * factor;
}
