// Counts the bits of a number by halving it.

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> places: array<vec2<u32>>;

fn highest(word: u32) -> u32 {
    var rest = word;
    var place = 0xffffffffu;
    while rest != 0u {
        rest = rest / 2u;
        place = place + 1u;
    }
    return place;
}

@compute @workgroup_size(1)
fn leading_bit(@builtin(workgroup_id) id: vec3<u32>) {
    let word = words[id.x];
    let without_sign = select(word, ~word, (word & 0x80000000u) != 0u);
    places[id.x] = vec2<u32>(highest(word), highest(without_sign));
}
