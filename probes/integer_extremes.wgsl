// Where an i32 has no answer, WGSL still gives one.

@group(0) @binding(0) var<storage, read> left: array<i32>;
@group(0) @binding(1) var<storage, read> right: array<i32>;
@group(0) @binding(2) var<storage, read_write> results: array<vec4<i32>>;

@compute @workgroup_size(64)
fn integer_extremes(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&results) {
        let a = left[id.x];
        let b = right[id.x];
        results[id.x] = vec4<i32>(a / b, a % b, abs(a), -a);
    }
}
