//! Reference of `image_forward`: y = max(x Wᵀ / 255 + b, 0) with x the bytes of the images.
//!
//! Bound: γ(K)·Σ|x||w| / 255 for the products, K the number of pixels; 2.5 units in the last place,
//! at most 2.5u, for the division; u·(Σ|x||w| / 255 + |b|) for the bias. Small integer weights make
//! the sums exact, and leave the division's error.

use rayon::prelude::*;

use super::{Entry, Family, at_tiles, bits, images, images_of, order, padded_pixels, words};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{IMAGE_FORWARD, ImageForward};

pub(super) const FAMILY: Family = Family {
    kernel: &IMAGE_FORWARD,
    shapes,
    fit: padded_pixels,
    case,
};

fn shapes() -> Vec<Shape> {
    let mut shapes = at_tiles(&IMAGE_FORWARD, |[x, y], depth, learners| {
        Shape::new(y, depth, x, learners)
    });
    shapes.extend([
        Shape::new(64, 784, 128, 2),
        Shape::new(1, 784, 10, 9),
        Shape::new(201, 784, 128, 1),
        Shape::new(65, 16, 4, 10),
        Shape::new(65, 16, 4, 33_000),
    ]);
    shapes
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        inputs: pixels,
        outputs,
        learners,
    } = shape;
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
    Case::new((shape, fill, seed), &params, learners, inputs).wants(3, y)
}

/// y [learners, rows, outputs].
fn reference(
    p: &ImageForward,
    learners: u32,
    bytes: &[u8],
    order: &[Entry],
    parameters: &[f32],
) -> Vec<Want> {
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
                Want::from((Bounded::dot(pairs).over(255.0) + bias).relu())
            })
        })
        .collect()
}
