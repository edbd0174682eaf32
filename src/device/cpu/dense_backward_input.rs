//! Twin of `dense_backward_input.wgsl`.

use rayon::prelude::*;

use super::View;
use crate::kernel::DenseBackwardInput;

/// Buffers: parameters, dy [learners, rows, outputs], x and dx [learners, rows, inputs].
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &DenseBackwardInput = bytemuck::from_bytes(params);
    let (parameters, dy) = (buffers[0].read::<f32>(), buffers[1].read::<f32>());
    let x = buffers[2].read::<f32>();
    let mut dx = buffers[3].write::<f32>();
    let (inputs, outputs) = (p.inputs as usize, p.outputs as usize);
    dx.par_chunks_exact_mut(p.rows as usize * inputs)
        .zip(x.par_chunks_exact(p.rows as usize * inputs))
        .zip(dy.par_chunks_exact(p.rows as usize * outputs))
        .zip(parameters.par_chunks_exact(p.parameters as usize))
        .for_each(|(((dx, x), dy), parameters)| {
            let weights = &parameters[p.weights as usize..][..inputs * outputs];
            let rows = dx.chunks_exact_mut(inputs).zip(x.chunks_exact(inputs));
            for ((dx, x), dy) in rows.zip(dy.chunks_exact(outputs)) {
                row(weights, dy, x, dx);
            }
        });
}

/// dx = (dy W) ⊙ [x > 0] for one sample.
fn row(weights: &[f32], dy: &[f32], x: &[f32], dx: &mut [f32]) {
    dx.fill(0.0);
    for (w, d) in weights.chunks_exact(dx.len()).zip(dy) {
        for (dx, w) in dx.iter_mut().zip(w) {
            *dx += d * w;
        }
    }
    for (dx, x) in dx.iter_mut().zip(x) {
        *dx = if *x > 0.0 { *dx } else { 0.0 };
    }
}
