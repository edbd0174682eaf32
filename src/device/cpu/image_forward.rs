//! `image_forward.wgsl` on the CPU.

use super::dense_forward::product;
use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::matrix::{self, Matrix};
use super::pixels::with_pixels;
use super::slot::Slot;
use crate::kernel::ImageForward;

/// Images that are numbers at a time: an evaluation has many. A multiple of what a product may be
/// divided at.
const IMAGES: usize = 128;

/// Buffers: images [images, pixels] as bytes, order, parameters, y [learners, rows, outputs].
/// Units: rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: Some(|params, part, bound| {
        work(params, part, bound, |x, weights, pixels, y| {
            let weights = Matrix::new(weights, pixels).transposed();
            matrix::product(1.0 / 255.0, Matrix::new(x, pixels), weights, 0.0, y);
        });
    }),
    twin: |params, part, bound| {
        work(params, part, bound, |x, weights, pixels, y| {
            product(x, weights, pixels, y);
            y.iter_mut().for_each(|y| *y /= 255.0);
        });
    },
};

fn parameters(bytes: &[u8]) -> ImageForward {
    bytemuck::pod_read_unaligned(bytes)
}

impl ImageForward {
    fn order(&self, part: &Part) -> std::ops::Range<usize> {
        let first = self.order_start as usize + part.learner * self.order_stride as usize;
        first + part.units.start..first + part.units.end
    }

    fn weights(&self, part: &Part) -> std::ops::Range<usize> {
        let first = part.learner * self.parameters as usize + self.weights as usize;
        first..first + (self.pixels * self.outputs) as usize
    }

    fn biases(&self, part: &Part) -> std::ops::Range<usize> {
        let first = part.learner * self.parameters as usize + self.biases as usize;
        first..first + self.outputs as usize
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    vec![
        Touch::Whole,
        Touch::Words(p.order(part)),
        Touch::Ranges(vec![p.weights(part), p.biases(part)]),
        Touch::Words(part.rows(p.rows as usize, p.outputs as usize)),
    ]
}

/// The layer, with `product` for y = x Wᵀ / 255.
fn work(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
    product: fn(&[f32], &[f32], usize, &mut [f32]),
) {
    let p = parameters(params);
    let (rows, pixels, outputs) = (p.rows as usize, p.pixels as usize, p.outputs as usize);
    let [images, order, parameters, y, ..] = bound;
    let weights = parameters.read::<f32>(p.weights(part));
    let biases = parameters.read::<f32>(p.biases(part));
    let order = order.read::<u32>(p.order(part)).chunks(IMAGES);
    let y = y.write::<f32>(part.rows(rows, outputs));
    for (order, y) in order.zip(y.chunks_mut(IMAGES * outputs)) {
        with_pixels(images.all(), order, pixels, |x| {
            product(x, weights, pixels, y)
        });
        for row in y.chunks_exact_mut(outputs) {
            for (y, b) in row.iter_mut().zip(biases) {
                *y = (*y + b).max(0.0);
            }
        }
    }
}
