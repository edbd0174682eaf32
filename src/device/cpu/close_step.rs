//! `close_step.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, one};
use super::slot::Slot;
use crate::kernel::{CloseStep, Progress, UNUSABLE_LOSS};

/// Buffers: losses [learners, rows], progress `[learners]`.
pub static FORM: Form = Form {
    learners: |params, _| parameters(params).learners as usize,
    units: one,
    touches,
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> CloseStep {
    bytemuck::pod_read_unaligned(bytes)
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let losses = Touch::Words(part.own(p.rows as usize));
    vec![losses, Touch::Words(part.own(size_of::<Progress>() / 4))]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [losses, progress, ..] = bound;
    let losses = losses.read::<f32>(part.own(p.rows as usize));
    for state in progress.write::<Progress>(part.own(1)) {
        let loss = losses.iter().sum::<f32>() / p.rows as f32;
        state.step += 1;
        state.loss_sum += loss;
        if (!loss.is_finite() || loss > UNUSABLE_LOSS) && state.diverged == 0 {
            state.diverged = state.step;
        }
    }
}
