// The same without a detour through workgroup memory.

@group(0) @binding(0) var<storage, read> starts: array<u32>;
@group(0) @binding(1) var<storage, read_write> places: array<u32>;

@compute @workgroup_size(1)
fn barrier_broadcast(@builtin(workgroup_id) group: vec3<u32>) {
    for (var lane = 0u; lane < 256u; lane++) {
        places[group.x * 256u + lane] = starts[group.x] + lane;
    }
}
