//! `select_threshold.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, one};
use super::slot::Slot;
use crate::kernel::{Learner, SelectThreshold, THRESHOLD_ROUNDS};

/// Buffers: learners, values [learners, 4 · vectors], counts [learners, THRESHOLD_ROUNDS].
pub static FORM: Form = Form {
    learners: depth,
    units: one,
    touches: |params, part| {
        vec![
            Touch::Words(part.own(size_of::<Learner>() / 4)),
            Touch::Words(part.own(4 * parameters(params).vectors as usize)),
            Touch::Words(part.own(THRESHOLD_ROUNDS as usize)),
        ]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> SelectThreshold {
    bytemuck::pod_read_unaligned(bytes)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number, as in the shader"
)]
fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    const BITS: u32 = THRESHOLD_ROUNDS - 1;
    let p = parameters(params);
    let [learners, values, counts, ..] = bound;
    let strength = learners.read::<Learner>(part.own(1))[0].strength;
    let wanted = (strength * p.weights as f32) as u32;
    let counts = counts.write::<u32>(part.own(THRESHOLD_ROUNDS as usize));
    let bit = |round: u32| 1 << (BITS - 1 - round);
    let reached = (0..p.round).filter(|&round| counts[round as usize] >= wanted);
    let found = reached.map(bit).sum::<u32>();
    if p.round == BITS {
        counts[BITS as usize] = found.max(1);
        return;
    }
    let candidate = found | bit(p.round);
    let values = values.read::<u32>(part.own(4 * p.vectors as usize));
    let reaching = values.iter().filter(|v| **v & !(1 << 31) >= candidate);
    counts[p.round as usize] += reaching.count() as u32;
}
