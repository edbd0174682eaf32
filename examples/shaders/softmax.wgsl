// Softmax of rows, a workgroup for each: largest element, sum of exponentials, quotients.
// Lanes stride over the columns; idle ones must not disturb the maximum. Of the kind reported in
// https://github.com/pytorch/executorch/pull/17848 (zeros of idle lanes in the maximum) and
// https://github.com/tracel-ai/burn/issues/1427 (a smallest number that is not the smallest).

struct Params {
    columns: u32,
    stride: u32, // of rows: they may be padded
    scale: f32,
}

const LANES: u32 = 64u;
const LOWEST: f32 = -0x1.fffffep+127;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> shares: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> scratch: array<f32, 64>;

@compute @workgroup_size(64)
fn softmax(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) row: vec3<u32>,
) {
    let row_start = row.x * params.stride;
    let shares_start = row.x * params.columns;

    var largest = LOWEST;
    for (var at = lane; at < params.columns; at += LANES) {
        largest = max(largest, params.scale * logits[row_start + at]);
    }
    scratch[lane] = largest;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if lane < half {
            scratch[lane] = max(scratch[lane], scratch[lane + half]);
        }
        workgroupBarrier();
    }
    largest = scratch[0];
    workgroupBarrier();

    var sum = 0.0;
    for (var at = lane; at < params.columns; at += LANES) {
        sum += exp(params.scale * logits[row_start + at] - largest);
    }
    scratch[lane] = sum;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if lane < half {
            scratch[lane] += scratch[lane + half];
        }
        workgroupBarrier();
    }
    sum = scratch[0];

    for (var at = lane; at < params.columns; at += LANES) {
        shares[shares_start + at] = exp(params.scale * logits[row_start + at] - largest) / sum;
    }
}
