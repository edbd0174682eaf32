//! `softmax_loss.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::slot::Slot;
use crate::kernel::{INDEX, SOFT, SoftmaxLoss};

/// Buffers: labels, order, targets, logits, dlogits, losses. Units: rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> SoftmaxLoss {
    bytemuck::pod_read_unaligned(bytes)
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let (rows, stride) = (p.rows as usize, p.stride as usize);
    vec![
        Touch::Whole,
        Touch::Words(part.rows(rows, 1)),
        Touch::Words(part.own(stride)),
        Touch::Words(part.rows(rows, stride)),
        Touch::Words(part.rows(rows, stride)),
        Touch::Words(part.rows(rows, 1)),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let (rows, stride, classes) = (p.rows as usize, p.stride as usize, p.classes as usize);
    let [labels, order, targets, logits, dlogits, losses] = bound;
    let (labels, order) = (labels.all::<u32>(), order.read::<u32>(part.rows(rows, 1)));
    let soft = &targets.read::<f32>(part.own(stride))[..classes];
    let logits = logits.read::<f32>(part.rows(rows, stride));
    let dlogits = dlogits.write::<f32>(part.rows(rows, stride));
    let losses = losses.write::<f32>(part.rows(rows, 1));
    let samples = logits
        .chunks_exact(stride)
        .zip(dlogits.chunks_exact_mut(stride))
        .zip(order.iter().zip(losses));
    for ((z, dz), (entry, sample_loss)) in samples {
        let label = labels[(entry & INDEX) as usize] as usize;
        let target = |class: usize| match entry & SOFT {
            0 => f32::from(u8::from(class == label)),
            _ => soft[class],
        };
        *sample_loss = loss(&z[..classes], target, dz);
    }
}

/// The loss of one sample; its gradient goes to `dz`, the padding's is zero.
fn loss(z: &[f32], target: impl Fn(usize) -> f32, dz: &mut [f32]) -> f32 {
    let largest = z.iter().fold(z[0], |a, &b| a.max(b));
    dz.fill(0.0);
    let mut total = 0.0;
    for (z, dz) in z.iter().zip(&mut *dz) {
        *dz = (z - largest).exp();
        total += *dz;
    }
    let mut loss = total.ln();
    for (class, (z, dz)) in z.iter().zip(dz).enumerate() {
        let t = target(class);
        loss -= t * (z - largest);
        *dz = *dz / total - t;
    }
    loss
}
