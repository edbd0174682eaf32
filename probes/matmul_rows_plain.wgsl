// One sum for each element.

struct Sizes {
    rows: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> left: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> product: array<vec4<f32>>;

@compute @workgroup_size(4)
fn matmul_rows(
    @builtin(local_invocation_id) column: vec3<u32>,
    @builtin(workgroup_id) row: vec3<u32>,
) {
    var sum = 0.0;
    for (var k = 0u; k < 4u; k++) {
        sum += left[row.x][k] * right[k][column.x];
    }
    product[row.x][column.x] = sum;
}
