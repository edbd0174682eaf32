//! Twin of `score.wgsl`.

use super::View;
use crate::kernel::{CONFIDENCE_UNIT, LARGEST_LOSS, LOSS_UNIT, ScoreCounts};

/// Buffers: labels, logits [learners, rows, stride], counts [learners, (classes + 2) · classes].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fixed-point numbers, in range by construction, as in the shader"
)]
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &ScoreCounts = bytemuck::from_bytes(params);
    let (labels, logits) = (buffers[0].read::<u32>(), buffers[1].read::<f32>());
    let mut counts = buffers[2].write::<u32>();
    let (classes, stride) = (p.classes as usize, p.stride as usize);
    let learners = logits.chunks_exact(p.rows as usize * stride);
    for (logits, counts) in learners.zip(counts.chunks_exact_mut((classes + 2) * classes)) {
        let labels = &labels[p.first as usize..];
        for (z, &label) in logits.chunks_exact(stride).zip(labels) {
            let (z, label) = (&z[..classes], label as usize);
            let mut digit = 0;
            for class in 1..classes {
                if z[class] > z[digit] {
                    digit = class;
                }
            }
            let total: f32 = z.iter().map(|v| (v - z[digit]).exp()).sum();
            let loss = (total.ln() - (z[label] - z[digit])).min(LARGEST_LOSS);
            let sums = classes * classes + label;
            counts[label * classes + digit] += 1;
            counts[sums] += (1.0 / total * CONFIDENCE_UNIT + 0.5) as u32;
            counts[sums + classes] += (loss * LOSS_UNIT + 0.5) as u32;
        }
    }
}
