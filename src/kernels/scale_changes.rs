//! `scale_changes`: w ← before + factor · (w − before), and before becomes w. A factor of 1
//! copies bits.
//!
//! Bound: a difference, a product and a sum.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Shape, Source};
use super::{Spec, params};

params! {
    /// Changes of weights, each by its own factor.
    pub(crate) struct ScaleChanges of SCALE_CHANGES over |p| [p.vectors, 1] {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// The kernel `scale_changes`.
pub(crate) static SCALE_CHANGES: Spec = elementwise::spec::<ScaleChanges, 1, 2>(
    "scale_changes",
    include_str!("../../shaders/scale_changes.wgsl"),
);

impl Elementwise<1, 2> for ScaleChanges {
    /// Factors, the parameters before the step, and parameters.
    const BUFFERS: &'static [Content<Self>] =
        &[Content::Numbers, Content::Numbers, Content::Numbers];
    const ROUNDINGS: u32 = 3;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (3 * s.numbers, 5 * s.numbers, 0)
    }

    fn compute(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 2]) -> [f32; 2] {
        |_, [factor], [before, w]| {
            let kept = match factor {
                1.0 => w,
                _ => before + factor * (w - before),
            };
            [kept, kept]
        }
    }

    fn reference(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 2]) -> [Expected; 2] {
        |_, [factor], [before, w]| {
            let [f, old, new] = [factor, before, w].map(Bounded::input);
            let kept = || match factor.to_bits() {
                // Exactly: a bound would grow with the change.
                0 => old.into(),
                ONE => Expected::Word(w.to_bits()),
                _ => (old + f * (new - old)).into(),
            };
            [kept(), kept()]
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let count = shape.learners * shape.inputs;
        let params = Self {
            vectors: shape.inputs / 4,
            ..Default::default()
        };
        let mut factors = source.rows(count, 4);
        for (place, factor) in factors.iter_mut().enumerate() {
            // In turn none of a change, all of it, and some of it.
            match place % 16 {
                1 => *factor = 0.0,
                3 => *factor = 1.0,
                _ => {}
            }
        }
        let [before, weights] = [(); 2].map(|()| source.floats(count));
        (params, vec![bits(&factors), bits(&before), bits(&weights)])
    }
}

/// The bits of 1.
const ONE: u32 = 0x3f80_0000;
