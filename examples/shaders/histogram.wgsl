// A weighted histogram and a count of what falls outside: atomics in workgroup memory, whose counts
// are then added to the buffer. Of the kind reported in https://github.com/gfx-rs/wgpu/issues/4566
// (a barrier that some lanes miss) and https://github.com/gfx-rs/wgpu/issues/8643 (counts lost).

struct Range {
    low: i32,
    width: i32, // of a bin
    bins: u32,
}

@group(0) @binding(0) var<storage, read> samples: array<i32>;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(1) @binding(0) var<uniform> range: Range;
@group(2) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;
@group(2) @binding(4) var<storage, read_write> outside: atomic<u32>;

var<workgroup> local_counts: array<atomic<u32>, 128>;

@compute @workgroup_size(64)
fn histogram(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var bin = lane; bin < range.bins; bin += 64u) {
        atomicStore(&local_counts[bin], 0u);
    }
    workgroupBarrier();

    let total = arrayLength(&samples);
    for (var at = group.x * 64u + lane; at < total; at += groups.x * 64u) {
        let offset = samples[at] - range.low;
        let bin = offset / range.width;
        if offset >= 0 && bin < i32(range.bins) {
            atomicAdd(&local_counts[bin], weights[at]);
        } else {
            atomicAdd(&outside, 1u);
        }
    }
    workgroupBarrier();

    for (var bin = lane; bin < range.bins; bin += 64u) {
        let count = atomicLoad(&local_counts[bin]);
        if count != 0u {
            atomicAdd(&counts[bin], count);
        }
    }
}
