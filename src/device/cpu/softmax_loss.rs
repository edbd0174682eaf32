//! Twin of `softmax_loss.wgsl`.

use super::View;
use crate::kernel::{INDEX, SOFT, SoftmaxLoss};

/// Buffers: labels, order, targets, logits, dlogits, losses.
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &SoftmaxLoss = bytemuck::from_bytes(params);
    let (labels, order) = (buffers[0].read::<u32>(), buffers[1].read::<u32>());
    let (targets, logits) = (buffers[2].read::<f32>(), buffers[3].read::<f32>());
    let (mut dlogits, mut losses) = (buffers[4].write::<f32>(), buffers[5].write::<f32>());
    let (stride, classes) = (p.stride as usize, p.classes as usize);
    let samples = logits
        .chunks_exact(stride)
        .zip(dlogits.chunks_exact_mut(stride));
    for (sample, (z, dz)) in samples.enumerate() {
        let entry = order[sample];
        let label = labels[(entry & INDEX) as usize] as usize;
        let soft = &targets[sample / p.rows as usize * stride..][..classes];
        let target = |class: usize| match entry & SOFT {
            0 => f32::from(u8::from(class == label)),
            _ => soft[class],
        };
        losses[sample] = loss(&z[..classes], target, dz);
    }
}

/// The loss of one sample; its gradient goes to `dz`, the padding's is zero.
fn loss(z: &[f32], target: impl Fn(usize) -> f32, dz: &mut [f32]) -> f32 {
    let largest = z.iter().fold(z[0], |a, &b| a.max(b));
    let total: f32 = z.iter().map(|z| (z - largest).exp()).sum();
    let mut loss = total.ln();
    dz.fill(0.0);
    for (class, (z, dz)) in z.iter().zip(dz).enumerate() {
        let shifted = z - largest;
        let t = target(class);
        loss -= t * shifted;
        *dz = shifted.exp() / total - t;
    }
    loss
}
