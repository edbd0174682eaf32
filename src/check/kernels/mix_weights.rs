//! Reference of `mix_weights`: w ← own · w + other · u.
//!
//! Bound: u for each of the two products, and γ of their sum.

use super::{Family, bits, in_vectors, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{MIX_WEIGHTS, MixWeights};

pub(super) const FAMILY: Family = Family {
    kernel: &MIX_WEIGHTS,
    shapes: || vectors(&MIX_WEIGHTS),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners * shape.inputs;
    let params = MixWeights {
        vectors: shape.inputs / 4,
        own: -1.5,
        other: 2.25,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let others = source.rows(count, 4);
    let weights = source.floats(count);
    let mixed = weights.iter().zip(&others).map(|(&w, &u)| {
        let own = Bounded::input(params.own) * Bounded::input(w);
        Want::from(own + Bounded::input(params.other) * Bounded::input(u))
    });
    let inputs = vec![bits(&others), bits(&weights)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(1, mixed.collect())
}
