//! Twin of `image_forward.wgsl`.

use rayon::prelude::*;

use super::View;
use super::dense_forward::product;
use crate::kernel::{INDEX, ImageForward};

/// Buffers: images [images, pixels] as bytes, order, parameters, y [learners, rows, outputs].
pub fn twin(params: &[u8], buffers: &[View<'_>], _: [u32; 3]) {
    let p: &ImageForward = bytemuck::from_bytes(params);
    let (images, order) = (buffers[0].read::<u8>(), buffers[1].read::<u32>());
    let parameters = buffers[2].read::<f32>();
    let mut y = buffers[3].write::<f32>();
    let (images, order) = (&*images, &*order);
    let size = (p.rows * p.outputs) as usize;
    y.par_chunks_exact_mut(size)
        .zip(parameters.par_chunks_exact(p.parameters as usize))
        .enumerate()
        .for_each(|(learner, (y, parameters))| {
            let start = p.order_start as usize + learner * p.order_stride as usize;
            let x = pixels(
                images,
                &order[start..][..p.rows as usize],
                p.pixels as usize,
            );
            let weights = &parameters[p.weights as usize..][..(p.pixels * p.outputs) as usize];
            let biases = &parameters[p.biases as usize..][..p.outputs as usize];
            product(&x, weights, p.pixels as usize, y);
            for row in y.chunks_exact_mut(biases.len()) {
                for (y, b) in row.iter_mut().zip(biases) {
                    *y = (*y / 255.0 + b).max(0.0);
                }
            }
        });
}

/// The images that `order` names, as the integers 0…255 in f32: [rows, pixels].
pub(super) fn pixels(images: &[u8], order: &[u32], pixels: usize) -> Vec<f32> {
    let image = |entry: &u32| &images[(entry & INDEX) as usize * pixels..][..pixels];
    let bytes = order.iter().flat_map(image);
    bytes.map(|&byte| f32::from(byte)).collect()
}
