// copy_words: how fast a device moves memory: it reads and writes every word once.

struct Params {
    threads: u32,  // 16 bytes each
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const GROUP_X: u32 = 256u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> copied: array<vec4<u32>>;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn copy_words(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < p.threads {
        copied[id.x] = source[id.x];
    }
}
