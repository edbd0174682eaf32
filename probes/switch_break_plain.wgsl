// What each selector adds.

@group(0) @binding(0) var<storage, read> selectors: array<u32>;
@group(0) @binding(1) var<storage, read_write> visited: array<u32>;

@compute @workgroup_size(1)
fn switch_break(@builtin(workgroup_id) id: vec3<u32>) {
    var sums = array<u32, 5>(1u, 10u, 0u, 100u, 1000u);
    visited[id.x] = sums[min(selectors[id.x], 4u)];
}
