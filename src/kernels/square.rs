//! `square`: v², or |v|. Bound: a product; an absolute value is exact.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Shape, Source};
use super::{Spec, params};

params! {
    /// Squares, or absolute values.
    pub(crate) struct Square of SQUARE over |p| [p.vectors, 1] {
        /// Vectors of four numbers per learner.
        vectors: u32,
        /// 1 for absolute values.
        absolute: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }
}

/// The kernel `square`.
pub(crate) static SQUARE: Spec =
    elementwise::spec::<Square, 0, 1>("square", include_str!("../../shaders/square.wgsl"));

impl Elementwise<0, 1> for Square {
    /// Values.
    const BUFFERS: &'static [Content<Self>] = &[Content::Numbers];
    const ROUNDINGS: u32 = 2;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (s.numbers, 2 * s.numbers, 0)
    }

    fn compute(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 0], [f32; 1]) -> [f32; 1] {
        |_, [], [v]| [if self.absolute == 1 { v.abs() } else { v * v }]
    }

    fn reference(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 0], [f32; 1]) -> [Expected; 1] {
        |_, [], [v]| match self.absolute {
            1 => [Expected::Word(v.to_bits() & !(1 << 31))],
            _ => [(Bounded::input(v) * Bounded::input(v)).into()],
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let params = Self {
            vectors: shape.inputs / 4,
            absolute: u32::from(shape.learners == 3),
            ..Default::default()
        };
        let values = source.rows(shape.learners * shape.inputs, 4);
        (params, vec![bits(&values)])
    }
}
