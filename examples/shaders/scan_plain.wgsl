// One block after the other, one element after the other.

struct Params {
    count: u32,
    exclusive: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(1) @binding(0) var<storage, read_write> output: array<u32>;
@group(1) @binding(1) var<storage, read_write> block_sums: array<u32>;

@compute @workgroup_size(1)
fn scan(@builtin(workgroup_id) block: vec3<u32>) {
    let end = min(params.count, 256u * block.x + 256u);
    var sum = 0u;
    for (var at = 256u * block.x; at < end; at++) {
        let before = sum;
        sum += input[at];
        output[at] = select(sum, before, params.exclusive == 1u);
    }
    block_sums[block.x] = sum;
}
