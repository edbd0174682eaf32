// A switch of one body, which every selector leads to.

@group(0) @binding(0) var<storage, read> selectors: array<u32>;
@group(0) @binding(1) var<storage, read_write> visited: array<u32>;

@compute @workgroup_size(64)
fn switch_single(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&visited) {
        return;
    }
    var sum = 0u;
    for (var turn = 0u; turn < 4u; turn++) {
        switch selectors[id.x] {
            case 0u, 2u, default: {
                if turn == 2u {
                    continue;
                }
                sum += 1u << turn;
            }
        }
    }
    switch 0 {
        default: {
            sum += 16u;
        }
    }
    visited[id.x] = sum;
}
