//! `gradient_products`: f·r, r·r and f·f over every STRIPES-th vector of a pair.
//!
//! Bound: γ of the terms of a stripe, times the sum of their magnitudes.

use super::STRIPES;
use super::bounded::Bounded;
use super::case::{Case, poison};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, one};
use super::elementwise;
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Params, Spec, Variant, kernel, params};

params! {
    /// Scalar products of pairs of gradients.
    pub(crate) struct GradientProducts of GRADIENT_PRODUCTS over |_| [STRIPES, 1] {
        /// Vectors of four numbers per learner.
        vectors: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// The kernel `gradient_products`.
pub(crate) static GRADIENT_PRODUCTS: Spec = Spec {
    kernel: kernel!(
        "gradient_products",
        GradientProducts,
        &[Variant::PLAIN],
        FORM
    ),
    cost: |s: Sizes| (6 * s.numbers, s.learners * (2 * s.inputs + 256), 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&GRADIENT_PRODUCTS.kernel),
    fit: elementwise::fit,
    case,
    // Squares are of one sign: shares fall like √K/K.
    terms: |shape| shape.inputs.div_ceil(STRIPES).isqrt(),
    rounds: true,
};

/// Buffers: velocity [pairs, 2, 4 · vectors], products [pairs, STRIPES, 4].
const FORM: Form = Form::loops(
    one,
    |params, part| {
        vec![
            Touch::Words(part.own(8 * GradientProducts::read(params).vectors as usize)),
            Touch::Words(part.own(4 * STRIPES as usize)),
        ]
    },
    twin,
);

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let vectors = GradientProducts::read(params).vectors as usize;
    let [velocity, products, ..] = bound;
    let pair = velocity.read::<[f32; 4]>(part.own(2 * vectors));
    let (forget, retain) = pair.split_at(vectors);
    let products = products.write::<[f32; 4]>(part.own(STRIPES as usize));
    products.fill([0.0; 4]);
    let stripes = (0..STRIPES as usize).cycle();
    for (stripe, (f, r)) in stripes.zip(forget.iter().zip(retain)) {
        let terms = [dot(f, r), dot(r, r), dot(f, f)];
        let sums = products[stripe].iter_mut();
        sums.zip(terms).for_each(|(sum, term)| *sum += term);
    }
}

fn dot(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The learners of a shape are pairs here.
fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (pairs, each) = (shape.learners, shape.inputs as usize);
    let params = GradientProducts {
        vectors: shape.inputs / 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let velocity = source.floats(2 * pairs * shape.inputs);
    let expected = velocity.chunks_exact(2 * each).flat_map(|pair| {
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
            let dot = |a: &[f32], b: &[f32]| -> Expected {
                Bounded::dot(a.iter().copied().zip(b.iter().copied())).into()
            };
            [dot(&f, &r), dot(&r, &r), dot(&f, &f), Expected::Word(0)]
        })
    });
    let expected = expected.collect();
    let inputs = vec![bits(&velocity), poison(pairs * STRIPES * 4)];
    Case::new(&params, pairs, inputs).expects(1, expected)
}
