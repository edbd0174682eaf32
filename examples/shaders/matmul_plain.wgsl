// One sum for each element.

struct Shape {
    rows: u32,
    inner: u32,
    quads: u32,
    alpha: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> shape: Shape;

@compute @workgroup_size(1)
fn matmul(@builtin(workgroup_id) at: vec3<u32>) {
    let quad = at.x / 4u;
    let lane = at.x % 4u;
    var sum = 0.0;
    for (var k = 0u; k < shape.inner; k++) {
        sum += a[at.y * shape.inner + k] * b[k * shape.quads + quad][lane];
    }
    c[at.y * shape.quads + quad][lane] += shape.alpha * sum;
}
