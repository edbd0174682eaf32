// write_words: how fast a device writes memory: it fills a buffer and reads nothing.

struct Params {
    threads: u32,
    rounds: u32,   // 16 bytes each, a row of all threads' at a time
    mask: u32,
    value: u32,    // what every word becomes
}

const GROUP_X: u32 = 256u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> filled: array<vec4<u32>>;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn write_words(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < p.threads {
        for (var round = 0u; round < p.rounds; round++) {
            filled[round * p.threads + id.x] = vec4<u32>(p.value);
        }
    }
}
