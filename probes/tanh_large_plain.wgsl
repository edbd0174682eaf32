// The sign.

@group(0) @binding(0) var<storage, read> numbers: array<f32>;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(1)
fn tanh_large(@builtin(workgroup_id) id: vec3<u32>) {
    results[id.x] = select(1.0, -1.0, numbers[id.x] < 0.0);
}
