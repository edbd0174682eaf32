//! Twin of `image_backward_weights.wgsl`.

use rayon::prelude::*;

use super::View;
use super::image_forward::pixels;
use super::sgd::Layer;
use crate::kernel::{ImageBackwardWeights, Learner};

/// Buffers: learners, images, order, dy [learners, rows, outputs], parameters, velocity.
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &ImageBackwardWeights = bytemuck::from_bytes(params);
    let learners = buffers[0].read::<Learner>();
    let (images, order) = (buffers[1].read::<u8>(), buffers[2].read::<u32>());
    let dy = buffers[3].read::<f32>();
    let (mut parameters, mut velocity) = (buffers[4].write::<f32>(), buffers[5].write::<f32>());
    let (images, order) = (&*images, &*order);
    let (weights, biases) = (p.weights as usize, p.biases as usize);
    parameters
        .par_chunks_exact_mut(p.parameters as usize)
        .zip(velocity.par_chunks_exact_mut(p.parameters as usize))
        .zip(dy.par_chunks_exact((p.rows * p.outputs) as usize))
        .zip(&*learners)
        .enumerate()
        .for_each(|(learner, (((parameters, velocity), dy), settings))| {
            let start = p.order_start as usize + learner * p.order_stride as usize;
            let x = pixels(
                images,
                &order[start..][..p.rows as usize],
                p.pixels as usize,
            );
            let layer = Layer {
                settings,
                weights: weights..weights + (p.pixels * p.outputs) as usize,
                biases: biases..biases + p.outputs as usize,
                x: &x,
                dy,
                divisor: 255.0 * p.rows as f32,
                rows: p.rows as usize,
            };
            layer.step(parameters, velocity);
        });
}
