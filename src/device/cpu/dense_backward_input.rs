//! `dense_backward_input.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::matrix::{self, Matrix};
use super::slot::Slot;
use crate::kernel::DenseBackwardInput;

/// Buffers: parameters, dy [learners, rows, outputs], x and dx [learners, rows, inputs]. Units:
/// rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: Some(|params, part, bound| work(params, part, bound, library)),
    twin: |params, part, bound| work(params, part, bound, product),
};

fn parameters(bytes: &[u8]) -> DenseBackwardInput {
    bytemuck::pod_read_unaligned(bytes)
}

impl DenseBackwardInput {
    fn weights(&self, part: &Part) -> std::ops::Range<usize> {
        let first = part.learner * self.parameters as usize + self.weights as usize;
        first..first + (self.inputs * self.outputs) as usize
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let rows = p.rows as usize;
    vec![
        Touch::Words(p.weights(part)),
        Touch::Words(part.rows(rows, p.outputs as usize)),
        Touch::Words(part.rows(rows, p.inputs as usize)),
        Touch::Words(part.rows(rows, p.inputs as usize)),
    ]
}

/// dx = (dy W) ⊙ [x > 0], with `product` for dy W.
fn work(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
    product: fn(&[f32], &[f32], usize, &mut [f32]),
) {
    let p = parameters(params);
    let (rows, inputs, outputs) = (p.rows as usize, p.inputs as usize, p.outputs as usize);
    let [parameters, dy, x, dx, ..] = bound;
    let dy = dy.read::<f32>(part.rows(rows, outputs));
    let x = x.read::<f32>(part.rows(rows, inputs));
    let dx = dx.write::<f32>(part.rows(rows, inputs));
    product(dy, parameters.read(p.weights(part)), inputs, dx);
    mask(dx, x);
}

/// dx ⊙ [x > 0]: the way back through a ReLU.
pub(super) fn mask(dx: &mut [f32], x: &[f32]) {
    for (dx, x) in dx.iter_mut().zip(x) {
        *dx = if *x > 0.0 { *dx } else { 0.0 };
    }
}

/// dx = dy W by the library.
pub(super) fn library(dy: &[f32], weights: &[f32], inputs: usize, dx: &mut [f32]) {
    let outputs = weights.len() / inputs;
    let (dy, weights) = (Matrix::new(dy, outputs), Matrix::new(weights, inputs));
    matrix::product(1.0, dy, weights, 0.0, dx);
}

/// dx = dy W with dy [rows, outputs] and W [outputs, inputs].
pub(super) fn product(dy: &[f32], weights: &[f32], inputs: usize, dx: &mut [f32]) {
    let outputs = weights.len() / inputs;
    for (dx, dy) in dx.chunks_exact_mut(inputs).zip(dy.chunks_exact(outputs)) {
        dx.fill(0.0);
        for (w, d) in weights.chunks_exact(inputs).zip(dy) {
            for (dx, w) in dx.iter_mut().zip(w) {
                *dx += d * w;
            }
        }
    }
}
