// A product of matrices in tiles, whose sizes no tile divides.

struct Sizes {
    rows: u32,
    inner: u32,
    columns: u32,
}

const TILE: u32 = 16u;

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> product: array<f32>;

var<workgroup> left_tile: array<array<f32, 16>, 16>;
var<workgroup> right_tile: array<array<f32, 16>, 16>;

@compute @workgroup_size(16, 16)
fn matmul_unaligned(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let row = id.y;
    let column = id.x;
    var sum = 0.0;
    for (var first = 0u; first < sizes.inner; first += TILE) {
        left_tile[local.y][local.x] = 0.0;
        right_tile[local.y][local.x] = 0.0;
        if row < sizes.rows && first + local.x < sizes.inner {
            left_tile[local.y][local.x] = left[row * sizes.inner + first + local.x];
        }
        if first + local.y < sizes.inner && column < sizes.columns {
            right_tile[local.y][local.x] = right[(first + local.y) * sizes.columns + column];
        }
        workgroupBarrier();
        for (var k = 0u; k < TILE; k++) {
            sum += left_tile[local.y][k] * right_tile[k][local.x];
        }
        workgroupBarrier();
    }
    if row < sizes.rows && column < sizes.columns {
        product[row * sizes.columns + column] = sum;
    }
}
