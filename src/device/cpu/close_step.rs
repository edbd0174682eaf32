//! `close_step.wgsl` on the CPU.

use std::ops::Range;

use super::form::{Form, MOST_BINDINGS, Part, Touch, one};
use super::slot::Slot;
use crate::kernel::{CloseStep, Progress, UNUSABLE_LOSS};

/// Buffers: losses [steps, learners, rows], progress `[learners]`.
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

impl CloseStep {
    /// A learner's losses of a step.
    fn losses(&self, step: u32, part: &Part) -> Range<usize> {
        let first = (step * self.learners * self.rows) as usize;
        let own = part.own(self.rows as usize);
        first + own.start..first + own.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let losses = (0..p.steps).map(|step| p.losses(step, part));
    let losses = Touch::Ranges(losses.collect());
    vec![losses, Touch::Words(part.own(size_of::<Progress>() / 4))]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [losses, progress, ..] = bound;
    let state = &mut progress.write::<Progress>(part.own(1))[0];
    for step in 0..p.steps {
        let losses = losses.read::<f32>(p.losses(step, part));
        let loss = losses.iter().sum::<f32>() / p.rows as f32;
        state.step += 1;
        state.loss_sum += loss;
        if (!loss.is_finite() || loss > UNUSABLE_LOSS) && state.diverged == 0 {
            state.diverged = state.step;
        }
    }
}
