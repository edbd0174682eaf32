//! `head.wgsl` on the CPU.

use std::ops::Range;

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::slot::Slot;
use super::{dense_backward_input, dense_forward};
use crate::kernel::{FORGET, Head, INDEX, LESSON, SOFT, other_label};

/// Buffers: labels, order, targets, x [learners, rows, inputs], parameters, dlogits, losses, dx.
/// Units: rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: Some(|params, part, bound| {
        let products = [dense_forward::library, dense_backward_input::library];
        work(params, part, bound, products);
    }),
    twin: |params, part, bound| {
        let products = [dense_forward::product, dense_backward_input::product];
        work(params, part, bound, products);
    },
};

/// A product of a matrix with W or Wᵀ: the matrix, W, W's width, the result.
type Product = fn(&[f32], &[f32], usize, &mut [f32]);

fn parameters(bytes: &[u8]) -> Head {
    bytemuck::pod_read_unaligned(bytes)
}

impl Head {
    fn weights(&self, part: &Part) -> Range<usize> {
        let first = part.learner * self.parameters as usize + self.weights as usize;
        first..first + (self.inputs * self.outputs) as usize
    }

    fn biases(&self, part: &Part) -> Range<usize> {
        let first = part.learner * self.parameters as usize + self.biases as usize;
        first..first + self.outputs as usize
    }

    /// The samples of a part in its step.
    fn samples(&self, part: &Part) -> Range<usize> {
        let (rows, start) = (part.rows(self.rows as usize, 1), self.order_start as usize);
        start + rows.start..start + rows.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let [rows, inputs, outputs] = [p.rows, p.inputs, p.outputs].map(|n| n as usize);
    vec![
        Touch::Whole,
        Touch::Words(p.samples(part)),
        Touch::Whole,
        Touch::Words(part.rows(rows, inputs)),
        Touch::Ranges(vec![p.weights(part), p.biases(part)]),
        Touch::Words(part.rows(rows, outputs)),
        Touch::Words(p.samples(part)),
        Touch::Words(part.rows(rows, inputs)),
    ]
}

/// The head, with z = x Wᵀ and dx = dz W by `forward` and `backward`. The logits take the place of
/// their gradient until that is known.
fn work(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
    [forward, backward]: [Product; 2],
) {
    let p = parameters(params);
    let [rows, inputs, outputs] = [p.rows, p.inputs, p.outputs].map(|n| n as usize);
    let [labels, order, targets, x, parameters, dlogits, losses, dx] = bound;
    let (labels, order) = (labels.all::<u32>(), order.read::<u32>(p.samples(part)));
    let targets = targets.all::<u32>();
    let lesson = part.learner * (outputs + LESSON as usize);
    let factors = [0, 1].map(|i| f32::from_bits(targets[lesson + outputs + i]));
    let soft = |image: u32| match targets[lesson + outputs + 2] as usize {
        0 => &targets[lesson..],
        table => &targets[table + image as usize * outputs..],
    };
    let x = x.read::<f32>(part.rows(rows, inputs));
    let weights = parameters.read::<f32>(p.weights(part));
    let biases = parameters.read::<f32>(p.biases(part));
    let dlogits = dlogits.write::<f32>(part.rows(rows, outputs));
    let losses = losses.write::<f32>(p.samples(part));
    let dx = dx.write::<f32>(part.rows(rows, inputs));

    forward(x, weights, inputs, dlogits);
    let samples = dlogits
        .chunks_exact_mut(outputs)
        .zip(order.iter().zip(losses));
    for (z, (entry, sample_loss)) in samples {
        let image = entry & INDEX;
        let label = other_label(*entry).unwrap_or(labels[image as usize]) as usize;
        let target = |class: usize| match entry & SOFT {
            0 => f32::from(u8::from(class == label)),
            _ => f32::from_bits(soft(image)[class]),
        };
        z.iter_mut().zip(biases).for_each(|(z, b)| *z += b);
        let (z, padding) = z.split_at_mut(p.classes as usize);
        *sample_loss = loss(z, target);
        padding.fill(0.0);
        let factor = factors[usize::from(entry & FORGET != 0)];
        z.iter_mut().for_each(|dz| *dz *= factor);
    }
    backward(dlogits, weights, inputs, dx);
    dense_backward_input::mask(dx, x);
}

/// The loss of one sample, whose gradient takes the place of its logits.
fn loss(z: &mut [f32], target: impl Fn(usize) -> f32) -> f32 {
    let largest = z.iter().fold(z[0], |a, &b| a.max(b));
    let (mut total, mut linear) = (0.0, 0.0);
    for (class, z) in z.iter_mut().enumerate() {
        let shifted = *z - largest;
        linear += target(class) * shifted;
        *z = shifted.exp();
        total += *z;
    }
    for (class, z) in z.iter_mut().enumerate() {
        *z = *z / total - target(class);
    }
    total.ln() - linear
}
