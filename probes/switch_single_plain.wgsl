// 1, 2, 8 and 16.

@group(0) @binding(0) var<storage, read> selectors: array<u32>;
@group(0) @binding(1) var<storage, read_write> visited: array<u32>;

@compute @workgroup_size(1)
fn switch_single(@builtin(workgroup_id) id: vec3<u32>) {
    visited[id.x] = 27u;
}
