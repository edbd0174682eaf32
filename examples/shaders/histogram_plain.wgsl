// A bin after the other, over all samples.

struct Range {
    low: i32,
    width: i32,
    bins: u32,
}

@group(0) @binding(0) var<storage, read> samples: array<i32>;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(1) @binding(0) var<uniform> range: Range;
@group(2) @binding(3) var<storage, read_write> counts: array<u32>;
@group(2) @binding(4) var<storage, read_write> outside: u32;

@compute @workgroup_size(1)
fn histogram() {
    for (var at = 0u; at < arrayLength(&samples); at++) {
        let offset = samples[at] - range.low;
        if offset < 0 || offset >= range.width * i32(range.bins) {
            outside += 1u;
        } else {
            counts[offset / range.width] += weights[at];
        }
    }
}
