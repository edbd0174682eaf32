//! `restore_weights`: a weight stays where its salience reaches the threshold, and else
//! becomes the original's. Bits are copied: exact.

use super::THRESHOLD_ROUNDS;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Shape, Source};
use super::{Spec, params};

params! {
    /// Weights under a threshold of salience, as they were.
    pub(crate) struct RestoreWeights of RESTORE_WEIGHTS over |p| [p.vectors, 1] {
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

/// The kernel `restore_weights`.
pub(crate) static RESTORE_WEIGHTS: Spec = elementwise::spec::<RestoreWeights, 2, 1>(
    "restore_weights",
    include_str!("../../shaders/restore_weights.wgsl"),
);

/// The last word of a learner's counts is the threshold.
const LAST: usize = THRESHOLD_ROUNDS as usize - 1;

impl Elementwise<2, 1> for RestoreWeights {
    /// Salience, counts [learners, `THRESHOLD_ROUNDS`], originals and parameters.
    const BUFFERS: &'static [Content<Self>] = &[
        Content::Numbers,
        Content::Common(|_, part| part.own(THRESHOLD_ROUNDS as usize)),
        Content::Numbers,
        Content::Numbers,
    ];
    const ROUNDINGS: u32 = 1;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (0, s.learners * (4 * s.inputs + 1), 0)
    }

    fn compute(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 2], [f32; 1]) -> [f32; 1] {
        let threshold = common[0][LAST];
        move |_, [salience, original], [w]| match salience.to_bits() & !(1 << 31) < threshold {
            true => [original],
            false => [w],
        }
    }

    fn reference(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 2], [f32; 1]) -> [Expected; 1] {
        let threshold = common[0][LAST];
        move |_, [salience, original], [w]| match salience.abs().to_bits() >= threshold {
            true => [Expected::Word(w.to_bits())],
            false => [Expected::Word(original.to_bits())],
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let (count, each) = (shape.learners, shape.inputs as usize);
        let params = Self {
            vectors: shape.inputs / 4,
            ..Default::default()
        };
        let salience = source.floats(count * shape.inputs);
        let originals = source.floats(count * shape.inputs);
        let weights = source.floats(count * shape.inputs);
        let mut counts = source.below(count * THRESHOLD_ROUNDS, u32::MAX);
        let thresholds = counts.chunks_exact_mut(THRESHOLD_ROUNDS as usize);
        for (counts, salience) in thresholds.zip(salience.chunks_exact(each)) {
            // One of the numbers is the threshold itself.
            counts[LAST] = salience[each / 3].abs().to_bits();
        }
        let [salience, originals, weights] = [salience, originals, weights].map(|v| bits(&v));
        (params, vec![salience, counts, originals, weights])
    }
}
