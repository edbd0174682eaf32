// A store of a matrix leaves the word behind each of its columns as it was.

@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read_write> grids: array<mat2x3<f32>>;

@compute @workgroup_size(64)
fn matrix_padding(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&factors) {
        let factor = factors[id.x];
        grids[id.x] = factor * mat2x3<f32>(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    }
}
