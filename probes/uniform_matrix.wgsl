// Matrices with columns of two in a uniform buffer, where columns of std140 take twice the room.

struct Transform {
    turn: mat3x2<f32>,
    scale: mat2x2<f32>,
    shift: vec2<f32>,
}

@group(0) @binding(0) var<uniform> transforms: array<Transform, 4>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4<f32>>;

@compute @workgroup_size(4)
fn uniform_matrix(@builtin(local_invocation_index) at: u32) {
    let turn = transforms[at].turn;
    let scale = transforms[at].scale;
    results[3u * at] = vec4<f32>(turn[0], turn[1]);
    results[3u * at + 1u] = vec4<f32>(turn[2], scale[0]);
    results[3u * at + 2u] = vec4<f32>(transforms[at].scale[1], transforms[at].shift);
}
