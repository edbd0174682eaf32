// Far from zero tanh is one, as far as sinh and cosh, which WGSL defines it by, are finite.

@group(0) @binding(0) var<storage, read> numbers: array<f32>;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(64)
fn tanh_large(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&results) {
        let x = numbers[id.x];
        results[id.x] = tanh(x);
    }
}
