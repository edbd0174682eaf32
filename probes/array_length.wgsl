// How long the buffers are that were bound.

struct Sizes {
    words: u32,
    pairs: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(1) @binding(0) var<storage, read> pairs: array<vec2<f32>>;
@group(1) @binding(1) var<storage, read_write> lengths: array<vec4<u32>>;

@compute @workgroup_size(1)
fn array_length() {
    lengths[0] = vec4<u32>(arrayLength(&words), arrayLength(&pairs), sizes.words, sizes.pairs);
}
