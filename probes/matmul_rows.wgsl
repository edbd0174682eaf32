// A product with more than 500 rows: a workgroup for every eight.

struct Sizes {
    rows: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> left: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> product: array<vec4<f32>>;

var<workgroup> shared_right: array<vec4<f32>, 4>;

@compute @workgroup_size(8)
fn matmul_rows(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    if lane < 4u {
        shared_right[lane] = right[lane];
    }
    workgroupBarrier();
    if id.x >= sizes.rows {
        return;
    }
    let row = left[id.x];
    product[id.x] = row.x * shared_right[0] + row.y * shared_right[1]
        + row.z * shared_right[2] + row.w * shared_right[3];
}
