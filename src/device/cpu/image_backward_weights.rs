//! `image_backward_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::pixels::with_pixels;
use super::sgd::{self, Layer, Step};
use super::slot::Slot;
use crate::kernel::{ImageBackwardWeights, Learner};

/// Buffers: learners, images, order, dy [learners, rows, outputs], parameters, velocity. Units:
/// outputs.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).outputs as usize,
    touches,
    blas: Some(|params, part, bound| work(params, part, bound, sgd::products)),
    twin: |params, part, bound| work(params, part, bound, sgd::loops),
};

fn parameters(bytes: &[u8]) -> ImageBackwardWeights {
    bytemuck::pod_read_unaligned(bytes)
}

impl ImageBackwardWeights {
    fn order(&self, part: &Part) -> std::ops::Range<usize> {
        let first = self.order_start as usize + part.learner * self.order_stride as usize;
        first..first + self.rows as usize
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    let each = p.parameters as usize;
    let state = Touch::Ranges(vec![
        part.inner(each, p.weights as usize, p.pixels as usize),
        part.inner(each, p.biases as usize, 1),
    ]);
    vec![
        Touch::Words(part.own(size_of::<Learner>() / 4)),
        Touch::Whole,
        Touch::Words(p.order(part)),
        Touch::Words(part.own((p.rows * p.outputs) as usize)),
        state.clone(),
        state,
    ]
}

fn work(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS], step: Step) {
    let p = parameters(params);
    let (each, pixels) = (p.parameters as usize, p.pixels as usize);
    let [learners, images, order, dy, parameters, velocity, ..] = bound;
    with_pixels(images.all(), order.read(p.order(part)), pixels, |x| {
        let layer = Layer {
            settings: learners.read::<Learner>(part.own(1))[0],
            inputs: pixels,
            outputs: p.outputs as usize,
            units: part.units.clone(),
            weights: part.inner(each, p.weights as usize, pixels),
            biases: part.inner(each, p.biases as usize, 1),
            x,
            dy: dy.read(part.own((p.rows * p.outputs) as usize)),
            unit: 255.0,
            rows: p.rows as f32,
        };
        step(&layer, parameters, velocity);
    });
}
