// Stores word by word.

@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read_write> grids: array<mat2x3<f32>>;

@compute @workgroup_size(1)
fn matrix_padding(@builtin(workgroup_id) id: vec3<u32>) {
    let factor = factors[id.x];
    for (var column = 0u; column < 2u; column++) {
        for (var row = 0u; row < 3u; row++) {
            grids[id.x][column][row] = f32(1u + 3u * column + row) * factor;
        }
    }
}
