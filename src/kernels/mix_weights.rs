//! `mix_weights`: w ← own · w + other · u.
//!
//! Bound: u for each of the two products, and γ of their sum.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Shape, Source};
use super::{Spec, params};

params! {
    /// Weights of two networks, mixed.
    pub(crate) struct MixWeights of MIX_WEIGHTS over |p| [p.vectors, 1] {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// The factor of the weights that are there.
        own: f32,
        /// The factor of the others.
        other: f32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `mix_weights`.
pub(crate) static MIX_WEIGHTS: Spec = elementwise::spec::<MixWeights, 1, 1>(
    "mix_weights",
    include_str!("../../shaders/mix_weights.wgsl"),
);

impl Elementwise<1, 1> for MixWeights {
    /// Others and parameters.
    const BUFFERS: &'static [Content<Self>] = &[Content::Numbers, Content::Numbers];
    const ROUNDINGS: u32 = 3;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (3 * s.numbers, 3 * s.numbers, 0)
    }

    fn compute(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 1]) -> [f32; 1] {
        |_, [u], [w]| [self.own * w + self.other * u]
    }

    fn reference(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 1]) -> [Expected; 1] {
        let [own, other] = [self.own, self.other].map(Bounded::input);
        move |_, [u], [w]| [(own * Bounded::input(w) + other * Bounded::input(u)).into()]
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let count = shape.learners * shape.inputs;
        let params = Self {
            vectors: shape.inputs / 4,
            own: -1.5,
            other: 2.25,
            pad: 0,
        };
        let others = source.rows(count, 4);
        let weights = source.floats(count);
        (params, vec![bits(&others), bits(&weights)])
    }
}
