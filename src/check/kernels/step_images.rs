//! Reference of `step_images`: x + size·sign(dx), within [0, 1].
//!
//! Bound: a product and a sum; the clamp adds none.

use super::{Family, bits, in_vectors, normal, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{STEP_IMAGES, StepImages};

pub(super) const FAMILY: Family = Family {
    kernel: &STEP_IMAGES,
    shapes: || vectors(&STEP_IMAGES),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners * shape.inputs;
    let params = StepImages {
        vectors: shape.inputs / 4,
        size: if fill == Fill::Exact { 1.0 } else { 0.1 },
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let dx = normal(source.rows(count, 4));
    let x: Vec<f32> = source.floats(count).into_iter().map(f32::abs).collect();
    let moved = x.iter().zip(&dx).map(|(&x, &dx)| {
        let sign = if dx == 0.0 {
            0.0
        } else {
            f64::from(dx.signum())
        };
        let moved = Bounded::input(x) + Bounded::input(params.size) * Bounded::exact(sign);
        Want::from(moved.relu().at_most(1.0))
    });
    let moved = moved.collect();
    let inputs = vec![bits(&dx), bits(&x)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(1, moved)
}
