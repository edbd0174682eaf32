// One row after the other.

struct Params {
    columns: u32,
    stride: u32,
    scale: f32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> shares: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(1)
fn softmax(@builtin(workgroup_id) row: vec3<u32>) {
    let row_start = row.x * params.stride;
    var largest = params.scale * logits[row_start];
    for (var at = 1u; at < params.columns; at++) {
        largest = max(largest, params.scale * logits[row_start + at]);
    }
    var sum = 0.0;
    for (var at = 0u; at < params.columns; at++) {
        sum += exp(params.scale * logits[row_start + at] - largest);
    }
    for (var at = 0u; at < params.columns; at++) {
        let share = exp(params.scale * logits[row_start + at] - largest) / sum;
        shares[row.x * params.columns + at] = share;
    }
}
