// The last lane hands a word to all others, behind a barrier.

@group(0) @binding(0) var<storage, read> starts: array<u32>;
@group(0) @binding(1) var<storage, read_write> places: array<u32>;

var<workgroup> shared_start: u32;

@compute @workgroup_size(256)
fn barrier_broadcast(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    if lane == 255u {
        shared_start = starts[group.x];
    }
    workgroupBarrier();
    let start = shared_start;
    places[group.x * 256u + lane] = start + lane;
}
