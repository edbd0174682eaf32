//! Twin of `dense_backward_weights.wgsl`.

use rayon::prelude::*;

use super::View;
use super::sgd::Layer;
use crate::kernel::{DenseBackwardWeights, Learner};

/// Buffers: learners, dy [learners, rows, outputs], x [learners, rows, inputs], parameters,
/// velocity.
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &DenseBackwardWeights = bytemuck::from_bytes(params);
    let learners = buffers[0].read::<Learner>();
    let (dy, x) = (buffers[1].read::<f32>(), buffers[2].read::<f32>());
    let (mut parameters, mut velocity) = (buffers[3].write::<f32>(), buffers[4].write::<f32>());
    let (weights, biases) = (p.weights as usize, p.biases as usize);
    parameters
        .par_chunks_exact_mut(p.parameters as usize)
        .zip(velocity.par_chunks_exact_mut(p.parameters as usize))
        .zip(dy.par_chunks_exact((p.rows * p.outputs) as usize))
        .zip(x.par_chunks_exact((p.rows * p.inputs) as usize))
        .zip(&*learners)
        .for_each(|((((parameters, velocity), dy), x), settings)| {
            let layer = Layer {
                settings,
                weights: weights..weights + (p.inputs * p.outputs) as usize,
                biases: biases..biases + p.outputs as usize,
                x,
                dy,
                divisor: p.rows as f32,
                rows: p.rows as usize,
            };
            layer.step(parameters, velocity);
        });
}
