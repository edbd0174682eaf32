// A matrix times a few columns: the lanes of a workgroup share the sum of a row, and add their
// parts in halves.

struct Sizes {
    inner: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> matrix: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> products: array<f32>;

var<workgroup> parts: array<f32, 32>;

@compute @workgroup_size(32)
fn matvec_reduce(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) row: vec3<u32>,
    @builtin(num_workgroups) rows: vec3<u32>,
) {
    for (var column = 0u; column < sizes.columns; column++) {
        var part = 0.0;
        for (var k = lane; k < sizes.inner; k += 32u) {
            part += matrix[row.x * sizes.inner + k] * vectors[column * sizes.inner + k];
        }
        parts[lane] = part;
        workgroupBarrier();
        for (var stride = 16u; stride > 0u; stride /= 2u) {
            if lane < stride {
                parts[lane] += parts[lane + stride];
            }
            workgroupBarrier();
        }
        if lane == 0u {
            products[column * rows.x + row.x] = parts[0];
        }
        workgroupBarrier();
    }
}
