//! `image_forward`: y = max(x Wᵀ / 255 + b, 0) with x the bytes of the images.
//!
//! Bound: γ(K)·Σ|x||w| / 255 for the products, K the number of pixels; 2.5 units in the last place,
//! at most 2.5u, for the division; u·(Σ|x||w| / 255 + |b|) for the bias. Small integer weights make
//! the sums exact, and leave the division's error.

use std::ops::Range;

use rayon::prelude::*;

use super::bounded::Bounded;
use super::case::{Case, poison};
use super::cost::{self, Sizes};
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::dense_forward;
use super::expected::Expected;
use super::ink::with_ink;
use super::matrix::{self, Matrix};
use super::pixels::with_pixels;
use super::reference::{self, Entry, at_product_tiles, bits, images, images_of, order, words};
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::variants;
use super::{Params, Spec, kernel, params};

params! {
    /// The first layer, from the packed images.
    pub(crate) struct ImageForward of IMAGE_FORWARD over |p| [p.outputs, p.rows] {
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
        /// Order entries per learner; 0: all learners see the same samples.
        order_stride: u32,
    }
}

/// The kernel `image_forward`.
pub(crate) static IMAGE_FORWARD: Spec = Spec {
    kernel: kernel!(
        "image_forward",
        ImageForward,
        &variants::IMAGE_FORWARD,
        FORM
    ),
    cost: |s: Sizes| {
        (
            s.samples * s.outputs * (2 * s.inputs + 3),
            s.samples + s.values + s.samples * s.outputs,
            s.images * s.inputs,
        )
    },
    training: cost::first_layer,
    shapes,
    fit: reference::padded_pixels,
    case,
    terms: |shape| shape.inputs,
    rounds: true,
};

/// Images that are worked on at a time: an evaluation has many. A multiple of what a product may be
/// divided at.
const TOGETHER: usize = 128;

/// Buffers: images [images, pixels] as bytes, order, parameters, y [learners, rows, outputs].
/// Units: rows.
const FORM: Form = Form {
    learners: depth,
    units: |params| ImageForward::read(params).rows as usize,
    touches,
    library: Some(|params, part, bound| work(params, part, bound, fast)),
    twin: |params, part, bound| work(params, part, bound, product),
};

impl ImageForward {
    /// Its entries of the order.
    fn entries(&self, part: &Part) -> Range<usize> {
        part.strided(self.order_start, self.order_stride)
    }

    /// W and b of a learner.
    fn layer(&self, part: &Part) -> [Range<usize>; 2] {
        let weights = (self.weights, self.pixels * self.outputs);
        part.pieces(self.parameters, [weights, (self.biases, self.outputs)])
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = ImageForward::read(params);
    vec![
        Touch::Whole,
        Touch::Words(p.entries(part)),
        Touch::Ranges(p.layer(part).to_vec()),
        Touch::Words(part.rows(p.rows as usize, p.outputs as usize)),
    ]
}

/// The layer, with `product` for y = x Wᵀ / 255.
fn work(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
    product: fn(&Samples<'_>, &[f32], &mut [f32]),
) {
    let p = ImageForward::read(params);
    let (rows, pixels, outputs) = (p.rows as usize, p.pixels as usize, p.outputs as usize);
    let [images, order, parameters, y, ..] = bound;
    let [weights, biases] = p.layer(part).map(|range| parameters.read::<f32>(range));
    let order = order.read::<u32>(p.entries(part)).chunks(TOGETHER);
    let y = y.write::<f32>(part.rows(rows, outputs));
    for (order, y) in order.zip(y.chunks_mut(TOGETHER * outputs)) {
        let samples = Samples {
            images: images.all(),
            order,
            pixels,
        };
        product(&samples, weights, y);
        for row in y.chunks_exact_mut(outputs) {
            for (y, b) in row.iter_mut().zip(biases) {
                *y = (*y + b).max(0.0);
            }
        }
    }
}

/// Some images: those that `order` names.
struct Samples<'a> {
    images: &'a [u8],
    order: &'a [u32],
    pixels: usize,
}

/// y = x Wᵀ / 255 by their ink, or by the library if W is not finite.
fn fast(samples: &Samples<'_>, weights: &[f32], y: &mut [f32]) {
    let &Samples {
        images,
        order,
        pixels,
    } = samples;
    if !with_ink(images, order, pixels, |ink| {
        ink.forward(weights, 1.0 / 255.0, y)
    }) {
        with_pixels(images, order, pixels, |x| {
            let weights = Matrix::new(weights, pixels).transposed();
            matrix::product(1.0 / 255.0, Matrix::new(x, pixels), weights, 0.0, y);
        });
    }
}

/// y = x Wᵀ / 255 by plain loops.
fn product(samples: &Samples<'_>, weights: &[f32], y: &mut [f32]) {
    let &Samples {
        images,
        order,
        pixels,
    } = samples;
    with_pixels(images, order, pixels, |x| {
        dense_forward::product(x, weights, pixels, y)
    });
    y.iter_mut().for_each(|y| *y /= 255.0);
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 784, 128, 2),
        Shape::new(1, 784, 10, 9),
        Shape::new(201, 784, 128, 1),
        Shape::new(65, 16, 4, 10),
        Shape::new(65, 16, 4, 33_000),
        // More pixels than `ink` takes notes of.
        Shape::new(33, 1040, 4, 1),
    ];
    at_product_tiles(&IMAGE_FORWARD.kernel, more, |[x, y], depth, learners| {
        Shape::new(y, depth, x, learners)
    })
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, pixels, outputs, learners] = shape.sizes();
    let weights = 4;
    let biases = weights + pixels * outputs;
    // Every other shape is an evaluation: all learners see the same samples.
    let shared = (rows + outputs / 4) % 2 == 1;
    let params = ImageForward {
        rows,
        pixels,
        outputs,
        weights,
        biases,
        parameters: biases + outputs + 8,
        order_start: 2,
        order_stride: if shared { 0 } else { rows },
    };
    let mut source = Source::new(seed, fill);
    let count = images_of(shape);
    let (packed, bytes) = images(&mut source, count, pixels);
    let order = order(&mut source, 2 + learners * rows, count);
    let mut parameters = source.floats(learners * params.parameters);
    for own in parameters.chunks_exact_mut(params.parameters as usize) {
        let w = &mut own[weights as usize..biases as usize];
        source.enlarge(w.chunks_exact_mut(pixels as usize));
    }
    let y = reference(&params, learners, &bytes, &order, &parameters);
    let inputs = vec![
        packed,
        words(&order),
        bits(&parameters),
        poison(learners * rows * outputs),
    ];
    Case::new(&params, learners, inputs).expects(3, y)
}

/// y [learners, rows, outputs].
fn reference(
    p: &ImageForward,
    learners: u32,
    bytes: &[u8],
    order: &[Entry],
    parameters: &[f32],
) -> Vec<Expected> {
    let (pixels, outputs) = (p.pixels as usize, p.outputs as usize);
    let samples = (0..learners * p.rows).into_par_iter();
    samples
        .flat_map_iter(|sample| {
            let (learner, row) = (sample / p.rows, sample % p.rows);
            let entry = order[(p.order_start + learner * p.order_stride + row) as usize];
            let image = &bytes[entry.image as usize * pixels..][..pixels];
            let own = &parameters[(learner * p.parameters) as usize..];
            (0..outputs).map(move |o| {
                let w = &own[p.weights as usize + o * pixels..][..pixels];
                let pairs = image.iter().map(|&x| f32::from(x)).zip(w.iter().copied());
                let bias = Bounded::input(own[p.biases as usize + o]);
                Expected::from((Bounded::dot(pairs).over(255.0) + bias).relu())
            })
        })
        .collect()
}
