// Converts what lies within the integers; the rest becomes their ends.

@group(0) @binding(0) var<storage, read> floats: array<f32>;
@group(0) @binding(1) var<storage, read_write> signed: array<i32>;
@group(0) @binding(2) var<storage, read_write> unsigned: array<u32>;

@compute @workgroup_size(1)
fn float_to_integer(@builtin(workgroup_id) id: vec3<u32>) {
    let x = floats[id.x];
    if x <= -2147483648.0 {
        signed[id.x] = -2147483647 - 1;
    } else if x >= 2147483520.0 {
        signed[id.x] = 2147483520;
    } else {
        signed[id.x] = i32(x);
    }
    if x <= 0.0 {
        unsigned[id.x] = 0u;
    } else if x >= 4294967040.0 {
        unsigned[id.x] = 4294967040u;
    } else {
        unsigned[id.x] = u32(x);
    }
}
