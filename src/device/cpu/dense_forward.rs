//! Twin of `dense_forward.wgsl`.

use rayon::prelude::*;
use wide::f32x4;

use super::View;
use crate::kernel::DenseForward;

/// Buffers: x [learners, rows, inputs], parameters, y [learners, rows, outputs].
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &DenseForward = bytemuck::from_bytes(params);
    let (x, parameters) = (buffers[0].read::<f32>(), buffers[1].read::<f32>());
    let mut y = buffers[2].write::<f32>();
    y.par_chunks_exact_mut((p.rows * p.outputs) as usize)
        .zip(x.par_chunks_exact((p.rows * p.inputs) as usize))
        .zip(parameters.par_chunks_exact(p.parameters as usize))
        .for_each(|((y, x), parameters)| {
            let weights = &parameters[p.weights as usize..][..(p.inputs * p.outputs) as usize];
            let biases = &parameters[p.biases as usize..][..p.outputs as usize];
            product(x, weights, p.inputs as usize, y);
            for row in y.chunks_exact_mut(biases.len()) {
                for (y, b) in row.iter_mut().zip(biases) {
                    let sum = *y + b;
                    *y = if p.relu == 1 { sum.max(0.0) } else { sum };
                }
            }
        });
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
