//! `sample_order.wgsl` on the CPU: the same bits.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::slot::Slot;
use crate::kernel::{Learner, Progress, SampleOrder};
use crate::random::permuted;

/// Buffers: learners, progress, lists, order [learners, rows]. Units: rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> SampleOrder {
    bytemuck::pod_read_unaligned(bytes)
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    vec![
        Touch::Words(part.own(size_of::<Learner>() / 4)),
        Touch::Words(part.own(size_of::<Progress>() / 4)),
        Touch::Whole,
        Touch::Words(part.rows(p.rows as usize, 1)),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [learners, progress, lists, order, ..] = bound;
    let (lists, l) = (lists.all::<u32>(), learners.read::<Learner>(part.own(1))[0]);
    let state = progress.read::<Progress>(part.own(1))[0];
    let order = order.write::<u32>(part.rows(p.rows as usize, 1));
    for (row, entry) in (0..p.rows).skip(part.units.start).zip(order) {
        let at = state.step.wrapping_mul(p.rows).wrapping_add(row);
        let epoch = at / l.list_length;
        let place = permuted(l.key, epoch, l.list_length, at % l.list_length);
        *entry = lists[(l.list_start + place) as usize];
    }
}
