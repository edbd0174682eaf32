// One sum for each element.

struct Sizes {
    inner: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> matrix: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> products: array<f32>;

@compute @workgroup_size(1)
fn matvec_reduce(@builtin(workgroup_id) at: vec3<u32>, @builtin(num_workgroups) rows: vec3<u32>) {
    var sum = 0.0;
    for (var k = 0u; k < sizes.inner; k++) {
        sum += matrix[at.x * sizes.inner + k] * vectors[at.y * sizes.inner + k];
    }
    products[at.y * rows.x + at.x] = sum;
}
