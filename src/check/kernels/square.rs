//! Reference of `square`: v². Bound: a product.

use super::{Family, bits, in_vectors, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{SQUARE, Square};

pub(super) const FAMILY: Family = Family {
    kernel: &SQUARE,
    shapes: || vectors(&SQUARE),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let params = Square {
        vectors: shape.inputs / 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let values = source.rows(shape.learners * shape.inputs, 4);
    let squared = values.iter().map(|&v| {
        let v = Bounded::input(v);
        Want::from(v * v)
    });
    let inputs = vec![bits(&values)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(0, squared.collect())
}
