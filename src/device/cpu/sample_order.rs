//! Twin of `sample_order.wgsl`: the same bits.

use super::View;
use crate::kernel::{Learner, Progress, SampleOrder};
use crate::random::permuted;

/// Buffers: learners, progress, lists, order [learners, rows].
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &SampleOrder = bytemuck::from_bytes(params);
    let learners = buffers[0].read::<Learner>();
    let progress = buffers[1].read::<Progress>();
    let lists = buffers[2].read::<u32>();
    let mut order = buffers[3].write::<u32>();
    let states = learners.iter().zip(&*progress);
    for ((l, state), order) in states.zip(order.chunks_exact_mut(p.rows as usize)) {
        for (row, entry) in (0..).zip(order) {
            let at = state.step.wrapping_mul(p.rows).wrapping_add(row);
            let epoch = at / l.list_length;
            let place = permuted(l.key, epoch, l.list_length, at % l.list_length);
            *entry = lists[(l.list_start + place) as usize];
        }
    }
}
