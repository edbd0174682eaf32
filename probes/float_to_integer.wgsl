// A float too large for an integer becomes the largest one, or the largest that is a float as well:
// WGSL has said both.

@group(0) @binding(0) var<storage, read> floats: array<f32>;
@group(0) @binding(1) var<storage, read_write> signed: array<i32>;
@group(0) @binding(2) var<storage, read_write> unsigned: array<u32>;

@compute @workgroup_size(64)
fn float_to_integer(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&signed) {
        let x = floats[id.x];
        signed[id.x] = min(i32(x), 2147483520);
        unsigned[id.x] = min(u32(x), 4294967040u);
    }
}
