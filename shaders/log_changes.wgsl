// log_changes: adds up what the steps changed whose batch held a sample to forget, as its order entry
// says. Amnesiac unlearning takes that sum back.
//
//   log ← log + (w − before), where the batch had such a sample;  before ← w
//
// A thread per vector of four.

struct Params {
    vectors: u32,      // of four weights, per learner
    rows: u32,         // samples per learner
    order_start: u32,  // where the step begins in `order`
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const FORGET: u32 = 0x40000000u;

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> order: array<u32>;              // [learners, rows]
@group(0) @binding(2) var<storage, read> parameters: array<vec4<f32>>;   // [learners, vectors]
@group(0) @binding(3) var<storage, read_write> before: array<vec4<f32>>; // [learners, vectors]
@group(0) @binding(4) var<storage, read_write> log: array<vec4<f32>>;    // [learners, vectors]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn log_changes(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.vectors {
        return;
    }
    var entries = 0u;
    for (var row = 0u; row < p.rows; row++) {
        entries |= order[p.order_start + id.z * p.rows + row];
    }
    let at = id.z * p.vectors + id.x;
    let w = parameters[at];
    if (entries & FORGET) != 0u {
        log[at] += w - before[at];
    }
    before[at] = w;
}
