//! Reference of `unpack_images`: byte / 255.
//!
//! Bound: 2.5u for the division.

use super::{Family, around, images, images_of, order, padded, words};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{UNPACK_IMAGES, UnpackImages};

pub(super) const FAMILY: Family = Family {
    kernel: &UNPACK_IMAGES,
    shapes,
    fit,
    case,
};

fn shapes() -> Vec<Shape> {
    let tiles = around(&UNPACK_IMAGES).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, y])| Shape::new(y, 4 * x, 1, [1, 3, 2][place % 3]))
        .collect();
    shapes.extend([
        Shape::new(64, 784, 1, 2),
        Shape::new(64, 16, 1, 10),
        Shape::new(1, 4, 1, 33_000),
    ]);
    shapes
}

fn fit(shape: Shape) -> Shape {
    Shape {
        outputs: 1,
        ..padded(shape)
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        inputs: pixels,
        learners,
        ..
    } = shape;
    let count = images_of(shape);
    let shared = (rows + pixels / 4) % 2 == 1;
    let params = UnpackImages {
        rows,
        pixels,
        order_start: 2,
        order_stride: if shared { 0 } else { rows },
    };
    let mut source = Source::new(seed, fill);
    let (packed, bytes) = images(&mut source, count, pixels);
    let entries = order(&mut source, params.order_start + learners * rows, count);
    let wanted = (0..learners).flat_map(|learner| {
        let first = params.order_start + learner * params.order_stride;
        let own = &entries[first as usize..][..rows as usize];
        let samples = own.iter().map(|entry| entry.image as usize);
        samples.flat_map(|image| {
            let bytes = &bytes[image * pixels as usize..][..pixels as usize];
            let pixel = |&byte| Want::from(Bounded::exact(f64::from(byte)).over(255.0));
            bytes.iter().map(pixel)
        })
    });
    let wanted = wanted.collect();
    let inputs = vec![packed, words(&entries), poison(learners * rows * pixels)];
    Case::new((shape, fill, seed), &params, learners, inputs).wants(2, wanted)
}
