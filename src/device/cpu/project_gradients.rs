//! `project_gradients.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, vectors};
use super::slot::Slot;
use crate::kernel::{Learner, ProjectGradients, STRIPES};

/// Buffers: learners [pairs, 2], products [pairs, STRIPES, 4], velocity and parameters
/// [pairs, 2, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        let both = || Touch::Ranges(parameters(params).both(part, 4).to_vec());
        vec![
            Touch::Words(part.own(2 * size_of::<Learner>() / 4)),
            Touch::Words(part.own(4 * STRIPES as usize)),
            both(),
            both(),
        ]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> ProjectGradients {
    bytemuck::pod_read_unaligned(bytes)
}

impl ProjectGradients {
    /// The words of these vectors, of the pair's first learner and of its second one.
    fn both(&self, part: &Part, width: usize) -> [std::ops::Range<usize>; 2] {
        let each = self.vectors as usize * width;
        [0, each].map(|offset| part.inner(2 * each, offset, width))
    }
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [learners, products, velocity, weights, ..] = bound;
    let strength = learners.read::<Learner>(part.own(2))[0].strength;
    let (share, scale) = projection(products.read(part.own(STRIPES as usize)), p.clip);
    let [first, second] = p.both(part, 4);
    let retain = velocity.write::<f32>(second.clone()).to_vec();
    let forget = velocity.write::<f32>(first.clone());
    let step = forget.iter().zip(&retain);
    let step: Vec<f32> = step
        .map(|(f, r)| strength * ((f - share * r) * scale))
        .collect();
    for range in [first, second] {
        velocity.write::<f32>(range.clone()).fill(0.0);
        let weights = weights.write::<f32>(range).iter_mut();
        weights.zip(&step).for_each(|(w, step)| *w -= step);
    }
}

/// How much of r to take from f, and what to multiply the rest by.
fn projection(products: &[[f32; 4]], clip: f32) -> (f32, f32) {
    let sum = |i: usize| products.iter().map(|p| p[i]).sum::<f32>();
    let [fr, rr, ff] = [0, 1, 2].map(sum);
    let share = if fr < 0.0 && rr > 0.0 { fr / rr } else { 0.0 };
    let square = ff - share * fr;
    match square > clip * clip {
        true => (share, clip / square.sqrt()),
        false => (share, 1.0),
    }
}
