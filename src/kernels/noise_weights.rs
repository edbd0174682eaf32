//! `noise_weights`: w + √(α / max(F, least))·n where w is not zero.
//!
//! n is an exact sum of integers times the reciprocal of its standard deviation. Bound: a quotient, a
//! square root, two products and a sum. Random bits are `random::threefry2x32`.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::{bits, normal};
use super::shape::{Shape, Source};
use super::{Spec, params};
use crate::random::threefry2x32;

params! {
    /// Noise where weights matter little.
    pub(crate) struct NoiseWeights of NOISE_WEIGHTS over |p| [p.vectors, 1] {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// The scale of the noise's variance.
        alpha: f32,
        /// The least information that counts.
        least: f32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `noise_weights`.
pub(crate) static NOISE_WEIGHTS: Spec = elementwise::spec::<NoiseWeights, 1, 1>(
    "noise_weights",
    include_str!("../../shaders/noise_weights.wgsl"),
);

impl Elementwise<1, 1> for NoiseWeights {
    /// Keys [learners, 2], Fisher information and parameters.
    const BUFFERS: &'static [Content<Self>] = &[
        Content::Common(|_, part| part.own(2)),
        Content::Numbers,
        Content::Numbers,
    ];
    const ROUNDINGS: u32 = 3;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (7 * s.numbers, s.learners * (3 * s.inputs + 2), 0)
    }

    fn compute(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 1]) -> [f32; 1] {
        let key = [common[0][0], common[0][1]];
        move |number, [fisher], [w]| match w == 0.0 {
            true => [w],
            false => [w + (self.alpha / fisher.max(self.least)).sqrt() * noise(key, number)],
        }
    }

    fn reference(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 1]) -> [Expected; 1] {
        let key = [common[0][0], common[0][1]];
        move |number, [fisher], [w]| match w == 0.0 {
            true => [Bounded::ZERO.into()],
            false => [(Bounded::input(w) + bounded_noise(key, number, fisher, self)).into()],
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let count = shape.learners * shape.inputs;
        let params = Self {
            vectors: shape.inputs / 4,
            alpha: 0.03,
            least: 0.25,
            pad: 0,
        };
        let keys = source.below(2 * shape.learners, u32::MAX);
        let fisher: Vec<f32> = source.rows(count, 4).into_iter().map(f32::abs).collect();
        let weights = normal(source.floats(count));
        (params, vec![keys, bits(&fisher), bits(&weights)])
    }
}

/// The sum of eight numbers of 16 bits, less its mean, over its standard deviation.
fn noise(key: [u32; 2], weight: u32) -> f32 {
    const MEAN: i32 = 262_140;
    const SCALE: f32 = 1.868_812_3e-5;
    let [a, b] = [0, 1].map(|half| threefry2x32(key, [weight, half]));
    let words = a.into_iter().chain(b);
    let sum: u32 = words.map(|word| (word & 0xffff) + (word >> 16)).sum();
    (sum.cast_signed() - MEAN) as f32 * SCALE
}

/// √(α / max(F, least))·n.
fn bounded_noise(key: [u32; 2], weight: u32, fisher: f32, p: &NoiseWeights) -> Bounded {
    let fisher = fisher.max(p.least);
    let deviation = Bounded::input(p.alpha).over(fisher.into()).sqrt();
    let words = [0, 1].map(|half| threefry2x32(key, [weight, half]));
    let halves = words
        .into_iter()
        .flatten()
        .flat_map(|w| [w & 0xffff, w >> 16]);
    let sum: u32 = halves.sum();
    let n = Bounded::exact(f64::from(sum) - 8.0 * 32_767.5) * Bounded::input(scale());
    deviation * n
}

/// 1 / √(8·(2³² − 1)/12): the variance of one number from 0 to m − 1 is (m² − 1)/12.
#[expect(clippy::cast_possible_truncation, reason = "the constant, in f32")]
fn scale() -> f32 {
    (1.0 / (8.0 * (4_294_967_296.0f64 - 1.0) / 12.0).sqrt()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean 0 and variance 1, and tails as short as eight terms make them.
    #[test]
    fn the_noise_has_the_moments_that_it_should_have() {
        let p = NoiseWeights {
            alpha: 1.0,
            least: 1.0,
            ..Default::default()
        };
        let n: Vec<f64> = (0..20_000)
            .map(|i| bounded_noise([1, 2], i, 0.0, &p).value)
            .collect();
        let moment = |k: i32| n.iter().map(|x| x.powi(k)).sum::<f64>() / n.len() as f64;
        assert!(moment(1).abs() < 0.03, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.04, "{}", moment(2));
        // 3 − 6/(5·8) for a sum of eight uniform numbers; 3 for a normal one.
        assert!((moment(4) - 2.85).abs() < 0.15, "{}", moment(4));
    }
}
