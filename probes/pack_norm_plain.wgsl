// Scales, rounds and shifts.

@group(0) @binding(0) var<storage, read> shares: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4<u32>>;

fn scaled(share: f32, least: f32, most: f32) -> u32 {
    return bitcast<u32>(i32(floor(0.5 + most * clamp(share, least, 1.0))));
}

fn four(share: vec4<f32>, least: f32, most: f32) -> u32 {
    let x = scaled(share.x, least, most) & 0xffu;
    let y = scaled(share.y, least, most) & 0xffu;
    let z = scaled(share.z, least, most) & 0xffu;
    let w = scaled(share.w, least, most) & 0xffu;
    return x | (y << 8u) | (z << 16u) | (w << 24u);
}

fn two(x: f32, y: f32, least: f32, most: f32) -> u32 {
    let low = scaled(x, least, most) & 0xffffu;
    return low | (scaled(y, least, most) << 16u);
}

@compute @workgroup_size(1)
fn pack_norm(@builtin(workgroup_id) id: vec3<u32>) {
    let share = shares[id.x];
    packed[id.x] = vec4<u32>(
        four(share, -1.0, 127.0),
        four(share, 0.0, 255.0),
        two(share.x, share.y, -1.0, 32767.0),
        two(share.z, share.w, 0.0, 65535.0),
    );
}
