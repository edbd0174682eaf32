//! `shrink_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::{Learner, Progress, ShrinkWeights};

/// Buffers: learners, progress, parameters [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        vec![
            Touch::Words(part.own(size_of::<Learner>() / 4)),
            Touch::Words(part.own(size_of::<Progress>() / 4)),
            of_vectors(params, part),
        ]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> ShrinkWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [learners, progress, weights, ..] = bound;
    let s = learners.read::<Learner>(part.own(1))[0];
    let clock = progress.read::<Progress>(part.own(1))[0].step;
    let done = clock.wrapping_add(p.step).min(p.steps) as f32;
    let threshold = s.rate * s.strength * (1.0 - done / p.steps as f32);
    for w in weights.write::<f32>(part.rows(p.vectors as usize, 4)) {
        *w = w.signum() * (w.abs() - threshold).max(0.0);
    }
}
