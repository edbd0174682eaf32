// All words in order.

@group(0) @binding(0) var<uniform> transforms: array<array<vec4<f32>, 3>, 4>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4<f32>>;

@compute @workgroup_size(1)
fn uniform_matrix(@builtin(workgroup_id) at: vec3<u32>) {
    for (var part = 0u; part < 3u; part++) {
        results[3u * at.x + part] = transforms[at.x][part];
    }
}
