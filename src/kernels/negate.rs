//! `negate`: −v. Bound: none, it is exact.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Shape, Source};
use super::{Spec, params};

params! {
    /// Negations.
    pub(crate) struct Negate of NEGATE over |p| [p.vectors, 1] {
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

/// The kernel `negate`.
pub(crate) static NEGATE: Spec =
    elementwise::spec::<Negate, 0, 1>("negate", include_str!("../../shaders/negate.wgsl"));

impl Elementwise<0, 1> for Negate {
    /// Values.
    const BUFFERS: &'static [Content<Self>] = &[Content::Numbers];
    const ROUNDINGS: u32 = 0;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (s.numbers, 2 * s.numbers, 0)
    }

    fn compute(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 0], [f32; 1]) -> [f32; 1] {
        |_, [], [v]| [-v]
    }

    fn reference(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 0], [f32; 1]) -> [Expected; 1] {
        |_, [], [v]| [(Bounded::exact(0.0) - Bounded::input(v)).into()]
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let params = Self {
            vectors: shape.inputs / 4,
            ..Default::default()
        };
        let values = source.rows(shape.learners * shape.inputs, 4);
        (params, vec![bits(&values)])
    }
}
