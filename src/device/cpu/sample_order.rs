//! `sample_order.wgsl` on the CPU: the same bits.

use std::ops::Range;

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::slot::Slot;
use crate::kernel::{Learner, Progress, SampleOrder};
use crate::random::permuted;

/// Buffers: learners, progress, lists, order [steps, learners, rows]. Units: rows.
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

impl SampleOrder {
    /// A part's entries of a step.
    fn entries(&self, step: u32, part: &Part) -> Range<usize> {
        let first = (step * self.learners * self.rows) as usize;
        let rows = part.rows(self.rows as usize, 1);
        first + rows.start..first + rows.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    vec![
        Touch::Words(part.own(size_of::<Learner>() / 4)),
        Touch::Words(part.own(size_of::<Progress>() / 4)),
        Touch::Whole,
        Touch::Ranges((0..p.steps).map(|step| p.entries(step, part)).collect()),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [learners, progress, lists, order, ..] = bound;
    let (lists, l) = (lists.all::<u32>(), learners.read::<Learner>(part.own(1))[0]);
    let state = progress.read::<Progress>(part.own(1))[0];
    for step in 0..p.steps {
        let first = state.step.wrapping_add(step).wrapping_mul(p.rows);
        let entries = order.write::<u32>(p.entries(step, part));
        for (row, entry) in (0..p.rows).skip(part.units.start).zip(entries) {
            let at = first.wrapping_add(row);
            let epoch = at / l.list_length;
            let place = permuted(l.key, epoch, l.list_length, at % l.list_length);
            *entry = lists[(l.list_start + place) as usize];
        }
    }
}
