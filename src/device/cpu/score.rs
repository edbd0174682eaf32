//! `score.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, one};
use super::slot::Slot;
use crate::kernel::{CONFIDENCE_UNIT, LARGEST_LOSS, LOSS_UNIT, ScoreCounts};

/// Buffers: labels, logits [learners, rows, stride], counts [learners, (classes + 2) · classes].
pub static FORM: Form = Form {
    learners: depth,
    units: one,
    touches,
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> ScoreCounts {
    bytemuck::pod_read_unaligned(bytes)
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    vec![
        Touch::Whole,
        Touch::Words(part.own((p.rows * p.stride) as usize)),
        Touch::Words(part.own(((p.classes + 2) * p.classes) as usize)),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [labels, logits, counts, ..] = bound;
    let labels = &labels.all::<u32>()[p.first as usize..];
    let logits = logits.read::<f32>(part.own((p.rows * p.stride) as usize));
    let counts = counts.write(part.own(((p.classes + 2) * p.classes) as usize));
    for (z, &label) in logits.chunks_exact(p.stride as usize).zip(labels) {
        count(&z[..p.classes as usize], label as usize, counts);
    }
}

/// Counts one image.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fixed-point numbers, in range by construction, as in the shader"
)]
fn count(z: &[f32], label: usize, counts: &mut [u32]) {
    let classes = z.len();
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
