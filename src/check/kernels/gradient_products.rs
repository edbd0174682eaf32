//! Reference of `gradient_products`: f·r, r·r and f·f over every STRIPES-th vector of a pair.
//!
//! Bound: γ of the terms of a stripe, times the sum of their magnitudes.

use super::{Family, bits, in_vectors, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{GRADIENT_PRODUCTS, GradientProducts, STRIPES};

pub(super) const FAMILY: Family = Family {
    kernel: &GRADIENT_PRODUCTS,
    shapes: || vectors(&GRADIENT_PRODUCTS),
    fit: in_vectors,
    case,
};

/// The learners of a shape are pairs here.
fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (pairs, each) = (shape.learners, shape.inputs as usize);
    let params = GradientProducts {
        vectors: shape.inputs / 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let velocity = source.floats(2 * pairs * shape.inputs);
    let wanted = velocity.chunks_exact(2 * each).flat_map(|pair| {
        let (forget, retain) = pair.split_at(each);
        (0..STRIPES as usize).flat_map(move |stripe| {
            let own = |values: &[f32]| -> Vec<f32> {
                let vectors = values.chunks_exact(4).skip(stripe);
                vectors
                    .step_by(STRIPES as usize)
                    .flatten()
                    .copied()
                    .collect()
            };
            let (f, r) = (own(forget), own(retain));
            let dot = |a: &[f32], b: &[f32]| -> Want {
                Bounded::dot(a.iter().copied().zip(b.iter().copied())).into()
            };
            [dot(&f, &r), dot(&r, &r), dot(&f, &f), Want::Word(0)]
        })
    });
    let wanted = wanted.collect();
    let inputs = vec![bits(&velocity), poison(pairs * STRIPES * 4)];
    Case::new((shape, fill, seed), &params, pairs, inputs).wants(1, wanted)
}
