// Signed and unsigned shares of one, packed into words. None is scaled to a half.

@group(0) @binding(0) var<storage, read> shares: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4<u32>>;

@compute @workgroup_size(64)
fn pack_norm(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&packed) {
        let share = shares[id.x];
        packed[id.x] = vec4<u32>(
            pack4x8snorm(share),
            pack4x8unorm(share),
            pack2x16snorm(share.xy),
            pack2x16unorm(share.zw),
        );
    }
}
