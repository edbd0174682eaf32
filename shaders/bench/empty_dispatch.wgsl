// empty_dispatch: what a dispatch costs that does nothing and waits for nothing.

struct Params {
    threads: u32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;

@group(0) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn empty_dispatch() {
}
