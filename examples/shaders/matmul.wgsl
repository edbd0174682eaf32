// C = alpha * A * B + C, with vectors of four, tiles of 32 x 32 in workgroup memory, and four
// columns a lane; rows and columns need not fill a tile. Of the kind reported in
// https://github.com/tracel-ai/burn/issues/4355 and 4966, where ragged shapes went wrong.

struct Shape {
    rows: u32,
    inner: u32,
    quads: u32, // of columns
    alpha: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> shape: Shape;

var<workgroup> a_tile: array<array<f32, 32>, 32>;
var<workgroup> b_tile: array<array<vec4<f32>, 8>, 32>;

@compute @workgroup_size(8, 32)
fn matmul(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let row = group.y * 32u + local.y;
    let quad = group.x * 8u + local.x;
    var sum = vec4<f32>();
    for (var start = 0u; start < shape.inner; start += 32u) {
        for (var i = 0u; i < 4u; i++) {
            let k = 4u * local.x + i;
            let inside = row < shape.rows && start + k < shape.inner;
            a_tile[local.y][k] = 0.0;
            if inside {
                a_tile[local.y][k] = a[row * shape.inner + start + k];
            }
        }
        b_tile[local.y][local.x] = vec4<f32>();
        if start + local.y < shape.inner && quad < shape.quads {
            b_tile[local.y][local.x] = b[(start + local.y) * shape.quads + quad];
        }
        workgroupBarrier();
        let count = min(32u, shape.inner - start);
        for (var k = 0u; k < count; k++) {
            sum += a_tile[local.y][k] * b_tile[k][local.x];
        }
        workgroupBarrier();
    }
    if row < shape.rows && quad < shape.quads {
        let at = row * shape.quads + quad;
        c[at] += shape.alpha * sum;
    }
}
