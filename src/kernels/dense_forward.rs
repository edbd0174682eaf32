//! `dense_forward`: y = act(x Wᵀ + b).
//!
//! Bound: γ(K + 1)·(Σ|x||w| + |b|), K the padded width of x: the bias is one more term, which a
//! compiler may add first. act, which is max(·, 0) or nothing, adds none.

use std::ops::Range;

use rayon::prelude::*;
use wide::f32x4;

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
    /// A dense layer's output.
    pub(crate) struct DenseForward of DENSE_FORWARD over |p| [p.outputs, p.rows] {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// 1: ReLU; 0: none.
        relu: u32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `dense_forward`.
pub(crate) static DENSE_FORWARD: Spec = Spec {
    kernel: kernel!(
        "dense_forward",
        DenseForward,
        &variants::DENSE_FORWARD,
        FORM
    ),
    cost: |s: Sizes| {
        (
            s.samples * s.outputs * (2 * s.inputs + 2),
            s.samples * s.inputs + s.values + s.samples * s.outputs,
            0,
        )
    },
    training: cost::dense_layers,
    shapes,
    fit: reference::padded,
    case,
    terms: |shape| shape.inputs,
    rounds: true,
};

/// Buffers: x [learners, rows, inputs], parameters, y [learners, rows, outputs]. Units: rows.
const FORM: Form = Form {
    learners: depth,
    units: |params| DenseForward::read(params).rows as usize,
    touches,
    library: Some(|params, part, bound| work(params, part, bound, library)),
    twin: |params, part, bound| work(params, part, bound, product),
};

impl DenseForward {
    /// W and b of a learner.
    fn layer(&self, part: &Part) -> [Range<usize>; 2] {
        let weights = (self.weights, self.inputs * self.outputs);
        part.pieces(self.parameters, [weights, (self.biases, self.outputs)])
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = DenseForward::read(params);
    let rows = p.rows as usize;
    vec![
        Touch::Words(part.rows(rows, p.inputs as usize)),
        Touch::Ranges(p.layer(part).to_vec()),
        Touch::Words(part.rows(rows, p.outputs as usize)),
    ]
}

/// The layer, with `product` for y = x Wᵀ.
fn work(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
    product: fn(&[f32], &[f32], usize, &mut [f32]),
) {
    let p = DenseForward::read(params);
    let (rows, inputs, outputs) = (p.rows as usize, p.inputs as usize, p.outputs as usize);
    let [x, parameters, y, ..] = bound;
    let x = x.read::<f32>(part.rows(rows, inputs));
    let y = y.write::<f32>(part.rows(rows, outputs));
    let [weights, biases] = p.layer(part).map(|range| parameters.read::<f32>(range));
    product(x, weights, inputs, y);
    for row in y.chunks_exact_mut(outputs) {
        for (y, b) in row.iter_mut().zip(biases) {
            let sum = *y + b;
            *y = if p.relu == 1 { sum.max(0.0) } else { sum };
        }
    }
}

/// y = x Wᵀ by the library.
pub(super) fn library(x: &[f32], weights: &[f32], inputs: usize, y: &mut [f32]) {
    let weights = Matrix::new(weights, inputs).transposed();
    matrix::product(1.0, Matrix::new(x, inputs), weights, 0.0, y);
}

/// y = x Wᵀ with x [rows, inputs] and W [outputs, inputs], in blocks of up to four rows and two
/// outputs, so that what is loaded is used again before it is dropped.
pub(super) fn product(x: &[f32], weights: &[f32], inputs: usize, y: &mut [f32]) {
    let outputs = weights.len() / inputs;
    let blocks = x.chunks(4 * inputs).zip(y.chunks_mut(4 * outputs));
    for (x, y) in blocks {
        if x.len() == 4 * inputs {
            block::<4>(x, weights, inputs, y);
        } else {
            for (x, y) in x.chunks(inputs).zip(y.chunks_mut(outputs)) {
                block::<1>(x, weights, inputs, y);
            }
        }
    }
}

/// The products of R rows with all outputs, an even number.
fn block<const R: usize>(x: &[f32], weights: &[f32], inputs: usize, y: &mut [f32]) {
    let outputs = weights.len() / inputs;
    let rows: [&[f32]; R] = std::array::from_fn(|r| &x[r * inputs..(r + 1) * inputs]);
    for (pair, w) in weights.chunks_exact(2 * inputs).enumerate() {
        let (a, b) = w.split_at(inputs);
        let sums = inner(&rows, a, b);
        for (r, [first, second]) in sums.into_iter().enumerate() {
            y[r * outputs + 2 * pair] = first;
            y[r * outputs + 2 * pair + 1] = second;
        }
    }
}

/// The inner products of R rows with two rows of weights, each as four partial sums, which is
/// what a vector register of every CPU holds.
fn inner<const R: usize>(rows: &[&[f32]; R], a: &[f32], b: &[f32]) -> [[f32; 2]; R] {
    let (a, b) = (quads(a), quads(b));
    let rows = rows.map(|row| &quads(row)[..a.len()]);
    let mut sums = [[f32x4::ZERO; 2]; R];
    for (k, (a, b)) in a.iter().zip(b).enumerate() {
        let (a, b) = (f32x4::new(*a), f32x4::new(*b));
        for (sums, row) in sums.iter_mut().zip(rows) {
            let x = f32x4::new(row[k]);
            sums[0] += x * a;
            sums[1] += x * b;
        }
    }
    sums.map(|pair| pair.map(f32x4::reduce_add))
}

fn quads(values: &[f32]) -> &[[f32; 4]] {
    values.as_chunks().0
}

fn shapes() -> Vec<Shape> {
    // The layers of the default network, one learner and many; then more workgroups in all than
    // one axis of a dispatch may have.
    let more = [
        Shape::new(64, 128, 64, 1),
        Shape::new(64, 64, 10, 9),
        Shape::new(64, 784, 10, 2),
        Shape::new(1, 4, 68, 33_000),
    ];
    at_product_tiles(&DENSE_FORWARD.kernel, more, |[x, y], depth, learners| {
        Shape::new(y, depth, x, learners)
    })
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, inputs, outputs, learners] = shape.sizes();
    // Less than a thread's columns, so that it cannot pass for the number of outputs.
    let weights = 4;
    let biases = weights + inputs * outputs + 4;
    let params = DenseForward {
        rows,
        inputs,
        outputs,
        weights,
        biases,
        parameters: biases + outputs + 4,
        relu: (rows + outputs / 4) % 2,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let x = source.rows(learners * rows * inputs, inputs);
    let parameters = source.floats(learners * params.parameters);
    let y = reference(&params, &x, &parameters);
    let inputs = vec![
        bits(&x),
        bits(&parameters),
        poison(learners * rows * outputs),
    ];
    Case::new(&params, learners, inputs).expects(2, y)
}

/// y [learners, rows, outputs].
fn reference(p: &DenseForward, x: &[f32], parameters: &[f32]) -> Vec<Expected> {
    let (inputs, outputs) = (p.inputs as usize, p.outputs as usize);
    let rows = x.par_chunks_exact(inputs).enumerate();
    rows.flat_map_iter(|(row, x)| {
        let learner = row / p.rows as usize;
        let own = &parameters[learner * p.parameters as usize..];
        (0..outputs).map(move |o| {
            let w = &own[p.weights as usize + o * inputs..][..inputs];
            let bias = own[p.biases as usize + o];
            let pairs = x.iter().copied().zip(w.iter().copied());
            let y = Bounded::dot(pairs.chain([(bias, 1.0)]));
            Expected::from(if p.relu == 1 { y.relu() } else { y })
        })
    })
    .collect()
}
