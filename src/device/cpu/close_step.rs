//! Twin of `close_step.wgsl`.

use super::View;
use crate::kernel::{CloseStep, Progress, UNUSABLE_LOSS};

/// Buffers: losses [learners, rows], progress `[learners]`.
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &CloseStep = bytemuck::from_bytes(params);
    let losses = buffers[0].read::<f32>();
    let mut progress = buffers[1].write::<Progress>();
    for (state, losses) in progress
        .iter_mut()
        .zip(losses.chunks_exact(p.rows as usize))
    {
        let loss = losses.iter().sum::<f32>() / p.rows as f32;
        state.step += 1;
        state.loss_sum += loss;
        if (!loss.is_finite() || loss > UNUSABLE_LOSS) && state.diverged == 0 {
            state.diverged = state.step;
        }
    }
}
