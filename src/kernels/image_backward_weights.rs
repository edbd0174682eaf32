//! `image_backward_weights`: g = Σ dy ⊗ x / (255·rows) with x the bytes of the images,
//! then the SGD step (`sgd.rs`).
//!
//! Bound of g: γ(K)·Σ|dy||x| / (255·rows), K the number of rows; 2.5u for the reciprocal (2.5 units
//! in the last place) and u for the product with it.

use std::ops::Range;

use super::Learner;
use super::bounded::Bounded;
use super::case::Case;
use super::cost::{self, Sizes};
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::ink::with_ink;
use super::pixels::with_pixels;
use super::reference::{self, Entry, at_product_tiles, bits, images, images_of, order, words};
use super::sgd::{self, Inputs, SgdLayer};
use super::sgd_reference::{State, after, learners};
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::variants;
use super::{Params, Spec, kernel, params};

params! {
    /// The first layer's gradient and SGD step.
    pub(crate) struct ImageBackwardWeights of IMAGE_BACKWARD_WEIGHTS over |p| [p.pixels / 16, p.outputs] {
        /// Samples per learner.
        rows: u32,
        /// Pixels per image, a multiple of 16.
        pixels: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// The first entry of the order to use.
        order_start: u32,
        /// Order entries per learner.
        order_stride: u32,
    }
}

/// The kernel `image_backward_weights`.
pub(crate) static IMAGE_BACKWARD_WEIGHTS: Spec = Spec {
    kernel: kernel!(
        "image_backward_weights",
        ImageBackwardWeights,
        &variants::IMAGE_BACKWARD_WEIGHTS,
        FORM
    ),
    cost: |s: Sizes| {
        (
            s.samples * s.outputs * (2 * s.inputs + 1) + 5 * s.values,
            s.samples * (s.outputs + 1),
            s.images * s.inputs + s.sgd,
        )
    },
    training: cost::first_layer,
    shapes,
    fit: reference::padded_pixels,
    case,
    terms: |shape| shape.rows,
    rounds: true,
};

/// Buffers: learners, images, order, dy [learners, rows, outputs], parameters, velocity. Units:
/// outputs.
const FORM: Form = Form {
    learners: depth,
    units: |params| ImageBackwardWeights::read(params).outputs as usize,
    touches,
    library: Some(|params, part, bound| work(params, part, bound, true)),
    twin: |params, part, bound| work(params, part, bound, false),
};

impl ImageBackwardWeights {
    /// A learner's entries of the order: all of them, whatever its units.
    fn entries(&self, part: &Part) -> Range<usize> {
        let [all] = part.pieces(self.order_stride, [(self.order_start, self.rows)]);
        all
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = ImageBackwardWeights::read(params);
    let each = p.parameters as usize;
    let state = Touch::Ranges(vec![
        part.inner(each, p.weights as usize, p.pixels as usize),
        part.inner(each, p.biases as usize, 1),
    ]);
    vec![
        Touch::Words(part.own(size_of::<Learner>() / 4)),
        Touch::Whole,
        Touch::Words(p.entries(part)),
        Touch::Words(part.own((p.rows * p.outputs) as usize)),
        state.clone(),
        state,
    ]
}

/// The step, `fast` or by plain loops.
fn work(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS], fast: bool) {
    let p = ImageBackwardWeights::read(params);
    let (each, pixels) = (p.parameters as usize, p.pixels as usize);
    let [learners, images, order, dy, parameters, velocity, ..] = bound;
    let (images, order) = (images.all(), order.read(p.entries(part)));
    let dy: &[f32] = dy.read(part.own((p.rows * p.outputs) as usize));
    let layer = SgdLayer {
        settings: learners.read::<Learner>(part.own(1))[0],
        inputs: pixels,
        outputs: p.outputs as usize,
        units: part.units.clone(),
        weights: part.inner(each, p.weights as usize, pixels),
        biases: part.inner(each, p.biases as usize, 1),
        x: Inputs::Numbers(&[]),
        dy,
        unit: 255.0,
        rows: p.rows as f32,
    };
    if fast && dy.iter().fold(0.0, |zero, d| zero + d * 0.0) == 0.0 {
        with_ink(images, order, pixels, |ink| {
            let x = Inputs::Ink(ink);
            sgd::products(&SgdLayer { x, ..layer }, parameters, velocity);
        });
    } else {
        let step = if fast { sgd::products } else { sgd::loops };
        with_pixels(images, order, pixels, |x| {
            let x = Inputs::Numbers(x);
            step(&SgdLayer { x, ..layer }, parameters, velocity);
        });
    }
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 784, 128, 1),
        Shape::new(64, 784, 10, 9),
        Shape::new(64, 16, 4, 10),
        Shape::new(1, 144, 4, 33_000),
        // More samples than `ink` takes notes of.
        Shape::new(1060, 272, 4, 1),
    ];
    at_product_tiles(
        &IMAGE_BACKWARD_WEIGHTS.kernel,
        more,
        |[x, y], depth, learners| Shape::new(depth, 16 * x, y, learners),
    )
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, pixels, outputs, count] = shape.sizes();
    let weights = 4;
    let biases = weights + pixels * outputs + 4;
    let params = ImageBackwardWeights {
        rows,
        pixels,
        outputs,
        weights,
        biases,
        parameters: biases + outputs + 4,
        order_start: 1,
        order_stride: rows + outputs / 4 % 3,
    };
    let mut source = Source::new(seed, fill);
    let settings = learners(&mut source, count, fill);
    let (packed, bytes) = images(&mut source, images_of(shape), pixels);
    let entries = 1 + count * params.order_stride;
    let order = order(&mut source, entries, images_of(shape));
    let dy = source.columns(count * rows * outputs, outputs);
    let parameters = source.floats(count * params.parameters);
    let velocity = source.floats(count * params.parameters);
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        packed,
        words(&order),
        bits(&dy),
        bits(&parameters),
        bits(&velocity),
    ];
    let image = |entry: &Entry| &bytes[(entry.image * pixels) as usize..][..pixels as usize];
    let step = |learner: usize, settings: &Learner, state: &mut State<'_>| {
        let start = params.order_start as usize + params.order_stride as usize * learner;
        let images: Vec<&[u8]> = order[start..][..rows as usize].iter().map(image).collect();
        reference(&params, learner, settings, &images, &dy, state);
    };
    let (parameters, velocity) = after(&settings, &parameters, &velocity, step);
    Case::new(&params, count, inputs)
        .expects(4, parameters)
        .expects(5, velocity)
}

/// One learner's step; `images` are its samples.
fn reference(
    p: &ImageBackwardWeights,
    learner: usize,
    settings: &Learner,
    images: &[&[u8]],
    dy: &[f32],
    state: &mut State<'_>,
) {
    let [rows, pixels, outputs] = [p.rows, p.pixels, p.outputs].map(|n| n as usize);
    let dy = &dy[learner * rows * outputs..][..rows * outputs];
    let scale = Bounded::exact(1.0).over(255.0 * rows as f64);
    for o in 0..outputs {
        let dy = || dy.iter().skip(o).step_by(outputs).copied();
        for i in 0..pixels {
            let x = images.iter().map(|image| f32::from(image[i]));
            let gradient = Bounded::dot(dy().zip(x)) * scale;
            let at = p.weights as usize + o * pixels + i;
            state.descend(at, gradient, settings);
        }
        let bias = Bounded::sum(dy()).over(rows as f64);
        state.descend(p.biases as usize + o, bias, settings);
    }
}
