//! `log_changes.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::{FORGET, LogChanges};

/// Buffers: order, parameters, before and log [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        let p = parameters(params);
        let words = || of_vectors(params, part);
        vec![Touch::Words(p.order(part)), words(), words(), words()]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> LogChanges {
    bytemuck::pod_read_unaligned(bytes)
}

impl LogChanges {
    fn order(&self, part: &Part) -> std::ops::Range<usize> {
        let own = part.own(self.rows as usize);
        let start = self.order_start as usize;
        start + own.start..start + own.end
    }
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [order, weights, before, log, ..] = bound;
    let mut entries = order.read::<u32>(p.order(part)).iter();
    let counts = entries.any(|entry| entry & FORGET != 0);
    let weights = weights.read::<f32>(range.clone());
    let before = before.write::<f32>(range.clone());
    if counts {
        let log = log.write::<f32>(range).iter_mut();
        for ((log, w), before) in log.zip(weights).zip(&*before) {
            *log += w - before;
        }
    }
    before.copy_from_slice(weights);
}
