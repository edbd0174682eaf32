//! `dense_backward_input`: dx = (dy W) ⊙ [x > 0].
//!
//! Bound: γ(K)·Σ|dy||w|, K the padded width of dy. The mask adds none; a positive subnormal x may
//! count as zero, so there the gradient and zero are right, and nothing between them.

use std::ops::Range;

use rayon::prelude::*;

use super::bounded::Bounded;
use super::case::{Case, poison};
use super::cost::{self, Sizes};
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::expected::Expected;
use super::matrix::{self, Matrix};
use super::reference::{self, at_product_tiles, bits};
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::variants;
use super::{Params, Spec, kernel, params};

params! {
    /// The gradient of a hidden layer's output.
    pub(crate) struct DenseBackwardInput of DENSE_BACKWARD_INPUT over |p| [p.inputs, p.rows] {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Parameters per learner.
        parameters: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// The kernel `dense_backward_input`.
pub(crate) static DENSE_BACKWARD_INPUT: Spec = Spec {
    kernel: kernel!(
        "dense_backward_input",
        DenseBackwardInput,
        &variants::DENSE_BACKWARD_INPUT,
        FORM
    ),
    cost: |s: Sizes| {
        (
            2 * s.samples * s.inputs * s.outputs,
            s.weights + s.samples * s.outputs + 2 * s.samples * s.inputs,
            0,
        )
    },
    training: cost::middle_layers,
    shapes,
    fit: reference::padded,
    case,
    terms: |shape| shape.outputs,
    rounds: true,
};

/// Buffers: parameters, dy [learners, rows, outputs], x and dx [learners, rows, inputs]. Units:
/// rows.
const FORM: Form = Form {
    learners: depth,
    units: |params| DenseBackwardInput::read(params).rows as usize,
    touches,
    library: Some(|params, part, bound| work(params, part, bound, library)),
    twin: |params, part, bound| work(params, part, bound, product),
};

impl DenseBackwardInput {
    /// W of a learner.
    fn weights(&self, part: &Part) -> Range<usize> {
        let weights = (self.weights, self.inputs * self.outputs);
        let [weights] = part.pieces(self.parameters, [weights]);
        weights
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = DenseBackwardInput::read(params);
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
    let p = DenseBackwardInput::read(params);
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

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 128, 64, 1),
        Shape::new(64, 64, 10, 9),
        Shape::new(1, 68, 4, 33_000),
    ];
    at_product_tiles(
        &DENSE_BACKWARD_INPUT.kernel,
        more,
        |[x, y], depth, learners| Shape::new(y, x, depth, learners),
    )
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, inputs, outputs, learners] = shape.sizes();
    let weights = 4;
    let params = DenseBackwardInput {
        rows,
        inputs,
        outputs,
        weights,
        parameters: weights + inputs * outputs + 8,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let parameters = source.floats(learners * params.parameters);
    let dy = source.rows(learners * rows * outputs, outputs);
    let x = source.floats(learners * rows * inputs);
    let dx = reference(&params, &parameters, &dy, &x);
    let inputs = vec![
        bits(&parameters),
        bits(&dy),
        bits(&x),
        poison(learners * rows * inputs),
    ];
    Case::new(&params, learners, inputs).expects(3, dx)
}

/// dx [learners, rows, inputs].
fn reference(p: &DenseBackwardInput, parameters: &[f32], dy: &[f32], x: &[f32]) -> Vec<Expected> {
    let (inputs, outputs) = (p.inputs as usize, p.outputs as usize);
    let rows = dy.par_chunks_exact(outputs).zip(x.par_chunks_exact(inputs));
    rows.enumerate()
        .flat_map_iter(|(row, (dy, x))| {
            let learner = row / p.rows as usize;
            let own = &parameters[learner * p.parameters as usize..];
            let w = &own[p.weights as usize..][..inputs * outputs];
            x.iter().enumerate().map(move |(i, &x)| {
                let column = w.iter().skip(i).step_by(inputs).copied();
                masked(Bounded::dot(dy.iter().copied().zip(column)), x)
            })
        })
        .collect()
}

/// A gradient that passes only where x > 0.
pub(super) fn masked(gradient: Bounded, x: f32) -> Expected {
    match (x > 0.0, x.is_subnormal(), Expected::from(gradient)) {
        (false, _, _) => Expected::from(Bounded::ZERO),
        (true, true, Expected::Near { value, bound }) => Expected::NearOrZero { value, bound },
        (true, _, near) => near,
    }
}
