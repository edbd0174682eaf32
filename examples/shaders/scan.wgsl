// Prefix sums, a block for each workgroup: two elements a lane, up- and down-sweep (Blelloch) in
// workgroup memory. Also the sum of each block, for a second pass. Of the kind discussed in
// https://github.com/bevyengine/bevy/pull/23662, where sums went wrong past the first block.

struct Params {
    count: u32,
    exclusive: u32,
}

const BLOCK: u32 = 256u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(1) @binding(0) var<storage, read_write> output: array<u32>;
@group(1) @binding(1) var<storage, read_write> block_sums: array<u32>;

var<workgroup> tree: array<u32, 256>;

fn load(at: u32) -> u32 {
    if at < params.count {
        return input[at];
    }
    return 0u;
}

fn store(at: u32, before: u32, own: u32) {
    if at < params.count {
        output[at] = select(before + own, before, params.exclusive == 1u);
    }
}

@compute @workgroup_size(128)
fn scan(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let first = group.x * BLOCK + 2u * lane;
    let own = vec2<u32>(load(first), load(first + 1u));
    tree[2u * lane] = own.x;
    tree[2u * lane + 1u] = own.y;

    var stride = 1u;
    for (var lanes = BLOCK / 2u; lanes > 0u; lanes /= 2u) {
        workgroupBarrier();
        if lane < lanes {
            let right = stride * (2u * lane + 2u) - 1u;
            tree[right] += tree[right - stride];
        }
        stride *= 2u;
    }

    if lane == 0u {
        block_sums[group.x] = tree[BLOCK - 1u];
        tree[BLOCK - 1u] = 0u;
    }
    for (var lanes = 1u; lanes < BLOCK; lanes *= 2u) {
        stride /= 2u;
        workgroupBarrier();
        if lane < lanes {
            let right = stride * (2u * lane + 2u) - 1u;
            let left = tree[right - stride];
            tree[right - stride] = tree[right];
            tree[right] += left;
        }
    }
    workgroupBarrier();

    store(first, tree[2u * lane], own.x);
    store(first + 1u, tree[2u * lane + 1u], own.y);
}
