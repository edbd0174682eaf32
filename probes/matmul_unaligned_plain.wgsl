// One sum for each element.

struct Sizes {
    rows: u32,
    inner: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> product: array<f32>;

@compute @workgroup_size(1)
fn matmul_unaligned(@builtin(workgroup_id) at: vec3<u32>) {
    var sum = 0.0;
    for (var k = 0u; k < sizes.inner; k++) {
        sum += left[at.y * sizes.inner + k] * right[k * sizes.columns + at.x];
    }
    product[at.y * sizes.columns + at.x] = sum;
}
