//! `dense_forward.wgsl` on the CPU.

use wide::f32x4;

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::matrix::{self, Matrix};
use super::slot::Slot;
use crate::kernel::DenseForward;

/// Buffers: x [learners, rows, inputs], parameters, y [learners, rows, outputs]. Units: rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: Some(|params, part, bound| work(params, part, bound, library)),
    twin: |params, part, bound| work(params, part, bound, product),
};

fn parameters(bytes: &[u8]) -> DenseForward {
    bytemuck::pod_read_unaligned(bytes)
}

impl DenseForward {
    fn weights(&self, part: &Part) -> std::ops::Range<usize> {
        let first = part.learner * self.parameters as usize + self.weights as usize;
        first..first + (self.inputs * self.outputs) as usize
    }

    fn biases(&self, part: &Part) -> std::ops::Range<usize> {
        let first = part.learner * self.parameters as usize + self.biases as usize;
        first..first + self.outputs as usize
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let rows = p.rows as usize;
    vec![
        Touch::Words(part.rows(rows, p.inputs as usize)),
        Touch::Ranges(vec![p.weights(part), p.biases(part)]),
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
    let p = parameters(params);
    let (rows, inputs, outputs) = (p.rows as usize, p.inputs as usize, p.outputs as usize);
    let [x, parameters, y, ..] = bound;
    let x = x.read::<f32>(part.rows(rows, inputs));
    let y = y.write::<f32>(part.rows(rows, outputs));
    product(x, parameters.read(p.weights(part)), inputs, y);
    let biases = parameters.read::<f32>(p.biases(part));
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
