//! Reference of `image_backward_weights`: g = Σ dy ⊗ x / (255·rows) with x the bytes of the images,
//! then the SGD step (`sgd.rs`).
//!
//! Bound of g: γ(K)·Σ|dy||x| / (255·rows), K the number of rows; 2.5u for the reciprocal (2.5 units
//! in the last place) and u for the product with it.

use super::sgd::{State, after, learners};
use super::{Entry, Family, at_tiles, bits, images, images_of, order, padded_pixels, words};
use crate::check::bounded::Bounded;
use crate::check::case::Case;
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{IMAGE_BACKWARD_WEIGHTS, ImageBackwardWeights, Learner};

pub(super) const FAMILY: Family = Family {
    kernel: &IMAGE_BACKWARD_WEIGHTS,
    shapes,
    fit: padded_pixels,
    case,
};

fn shapes() -> Vec<Shape> {
    let mut shapes = at_tiles(&IMAGE_BACKWARD_WEIGHTS, |[x, y], depth, learners| {
        Shape::new(depth, 16 * x, y, learners)
    });
    shapes.extend([
        Shape::new(64, 784, 128, 1),
        Shape::new(64, 784, 10, 9),
        Shape::new(64, 16, 4, 10),
        Shape::new(1, 144, 4, 33_000),
    ]);
    shapes
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        inputs: pixels,
        outputs,
        learners: count,
    } = shape;
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
    Case::new((shape, fill, seed), &params, count, inputs)
        .wants(4, parameters)
        .wants(5, velocity)
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
