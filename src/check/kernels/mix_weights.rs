//! Reference of `mix_weights`: w ← own · w + other · u.
//!
//! Bound: u for each of the two products, and γ of their sum.

use super::{Family, bits};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source, around};
use crate::kernel::{MIX_WEIGHTS, MixWeights};

pub(super) const FAMILY: Family = Family {
    kernel: &MIX_WEIGHTS,
    shapes,
    fit,
    case,
};

fn shapes() -> Vec<Shape> {
    let tiles = around(&MIX_WEIGHTS).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, _])| Shape::new(1, 4 * x, 1, [1, 3, 2, 5][place % 4]))
        .collect();
    shapes.extend([Shape::new(1, 65_532, 1, 2), Shape::new(1, 4, 1, 33_000)]);
    shapes
}

/// The weights of a learner are the inputs.
fn fit(shape: Shape) -> Shape {
    Shape {
        rows: 1,
        inputs: shape.inputs.next_multiple_of(4),
        outputs: 1,
        ..shape
    }
}

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
