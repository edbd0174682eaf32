// A case of a switch ends where the next one begins.

@group(0) @binding(0) var<storage, read> selectors: array<u32>;
@group(0) @binding(1) var<storage, read_write> visited: array<u32>;

@compute @workgroup_size(64)
fn switch_break(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&visited) {
        return;
    }
    var sum = 0u;
    switch selectors[id.x] {
        case 0u: {
            sum += 1u;
        }
        case 1u: {
            sum += 10u;
        }
        case 2u: {
        }
        case 3u: {
            sum += 100u;
        }
        default: {
            sum += 1000u;
        }
    }
    visited[id.x] = sum;
}
