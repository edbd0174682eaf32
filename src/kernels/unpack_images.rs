//! `unpack_images`: byte / 255.
//!
//! Bound: 2.5u for the division.

use std::ops::Range;

use super::INDEX;
use super::bounded::Bounded;
use super::case::{Case, poison};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch};
use super::expected::Expected;
use super::reference::{images, images_of, order, padded, words};
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{Params, Spec, Variant, kernel, params};

params! {
    /// Pixels as floats.
    pub(crate) struct UnpackImages of UNPACK_IMAGES over |p| [p.pixels / 4, p.rows] {
        /// Samples per learner.
        rows: u32,
        /// Pixels per image, a multiple of 4.
        pixels: u32,
        /// The first entry of the order to use.
        order_start: u32,
        /// Order entries per learner; 0: all learners see the same samples.
        order_stride: u32,
    }
}

/// The kernel `unpack_images`.
pub(crate) static UNPACK_IMAGES: Spec = Spec {
    kernel: kernel!("unpack_images", UnpackImages, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| {
        (
            s.samples * s.inputs,
            s.samples * (1 + s.inputs),
            s.images * s.inputs,
        )
    },
    training: |_, learners| vec![Shape::new(64, 784, 1, learners)],
    shapes,
    fit,
    case,
    terms: |_| 2,
    rounds: true,
};

/// Buffers: images, order, x [learners, rows, pixels]. Units: rows.
const FORM: Form = Form::loops(
    |params| UnpackImages::read(params).rows as usize,
    touches,
    twin,
);

impl UnpackImages {
    /// Its entries of the order.
    fn entries(&self, part: &Part) -> Range<usize> {
        part.strided(self.order_start, self.order_stride)
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = UnpackImages::read(params);
    vec![
        Touch::Whole,
        Touch::Words(p.entries(part)),
        Touch::Words(part.rows(p.rows as usize, p.pixels as usize)),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = UnpackImages::read(params);
    let pixels = p.pixels as usize;
    let [images, order, x, ..] = bound;
    let images = images.all::<u8>();
    let x = x.write::<f32>(part.rows(p.rows as usize, pixels));
    let samples = x.chunks_exact_mut(pixels);
    for (x, entry) in samples.zip(order.read::<u32>(p.entries(part))) {
        let image = &images[(entry & INDEX) as usize * pixels..][..pixels];
        x.iter_mut()
            .zip(image)
            .for_each(|(x, byte)| *x = f32::from(*byte) / 255.0);
    }
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 784, 1, 2),
        Shape::new(64, 16, 1, 10),
        Shape::new(1, 4, 1, 33_000),
    ];
    at_tiles(&UNPACK_IMAGES.kernel, more, |place, [x, y]| {
        Shape::new(y, 4 * x, 1, [1, 3, 2][place % 3])
    })
}

fn fit(shape: Shape) -> Shape {
    Shape {
        outputs: 1,
        ..padded(shape)
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (rows, pixels, learners) = (shape.rows, shape.inputs, shape.learners);
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
    let expected = (0..learners).flat_map(|learner| {
        let first = params.order_start + learner * params.order_stride;
        let own = &entries[first as usize..][..rows as usize];
        let samples = own.iter().map(|entry| entry.image as usize);
        samples.flat_map(|image| {
            let bytes = &bytes[image * pixels as usize..][..pixels as usize];
            let pixel = |&byte| Expected::from(Bounded::exact(f64::from(byte)).over(255.0));
            bytes.iter().map(pixel)
        })
    });
    let expected = expected.collect();
    let inputs = vec![packed, words(&entries), poison(learners * rows * pixels)];
    Case::new(&params, learners, inputs).expects(2, expected)
}
