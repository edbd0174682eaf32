// The highest set bit of an unsigned number; of a signed one, the highest that is not its sign.

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> places: array<vec2<u32>>;

@compute @workgroup_size(64)
fn leading_bit(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&places) {
        let word = words[id.x];
        let signed = firstLeadingBit(bitcast<i32>(word));
        places[id.x] = vec2<u32>(firstLeadingBit(word), bitcast<u32>(signed));
    }
}
