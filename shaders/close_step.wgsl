// close_step: adds the mean losses of some steps to the learner's running sum, notes the first step
// whose loss is unusable, and moves the learner's clock. A thread per learner.

struct Progress {
    step: u32,      // steps done
    diverged: u32,  // the first bad step, counted from 1; 0: none
    loss_sum: f32,  // mean losses, summed since the host last took them
    pad: u32,
}

struct Params {
    rows: u32,      // samples per learner
    learners: u32,
    steps: u32,
    pad: u32,
}

const GROUP_X: u32 = 64u;
const GROUP_Y: u32 = 1u;
const EXPONENT: u32 = 0x7f800000u; // all set in an infinity or a NaN
const UNUSABLE: f32 = 1000.0;      // nats; chance is ln 10 = 2.3

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> losses: array<f32>;                // [steps, learners, rows]
@group(0) @binding(2) var<storage, read_write> progress: array<Progress>;   // [learners]

@compute @workgroup_size(GROUP_X, GROUP_Y)
fn close_step(@builtin(global_invocation_id) id: vec3<u32>) {
    let learner = id.x;
    if learner >= p.learners {
        return;
    }
    var state = progress[learner];
    for (var step = 0u; step < p.steps; step++) {
        let first = (step * p.learners + learner) * p.rows;
        var sum = 0.0;
        for (var n = 0u; n < p.rows; n++) {
            sum += losses[first + n];
        }
        let loss = sum / f32(p.rows);
        state.step += 1u;
        state.loss_sum += loss;
        // By its bits: WGSL lets an implementation assume that no float is infinite or NaN.
        let broken = (bitcast<u32>(loss) & EXPONENT) == EXPONENT;
        if (broken || loss > UNUSABLE) && state.diverged == 0u {
            state.diverged = state.step;
        }
    }
    progress[learner] = state;
}
