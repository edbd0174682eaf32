//! Reference of `noise_weights`: w + √(α / max(F, least))·n where w is not zero.
//!
//! n is an exact sum of integers times the reciprocal of its standard deviation. Bound: a quotient, a
//! square root, two products and a sum. Random bits are `random::threefry2x32`.

use super::{Family, bits, in_vectors, normal, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{NOISE_WEIGHTS, NoiseWeights};
use crate::random::threefry2x32;

pub(super) const FAMILY: Family = Family {
    kernel: &NOISE_WEIGHTS,
    shapes: || vectors(&NOISE_WEIGHTS),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners * shape.inputs;
    let params = NoiseWeights {
        vectors: shape.inputs / 4,
        alpha: 0.03,
        least: 0.25,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let keys = source.below(2 * shape.learners, u32::MAX);
    let fisher: Vec<f32> = source.rows(count, 4).into_iter().map(f32::abs).collect();
    let weights = normal(source.floats(count));
    let wanted = (0u32..).zip(weights.iter().zip(&fisher));
    let wanted = wanted.map(|(at, (&w, &fisher))| {
        let learner = (at / shape.inputs) as usize;
        let key = [keys[2 * learner], keys[2 * learner + 1]];
        match w == 0.0 {
            true => Want::from(Bounded::ZERO),
            false => (Bounded::input(w) + noise(key, at % shape.inputs, fisher, &params)).into(),
        }
    });
    let wanted = wanted.collect();
    let inputs = vec![keys, bits(&fisher), bits(&weights)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(2, wanted)
}

/// √(α / max(F, least))·n.
fn noise(key: [u32; 2], weight: u32, fisher: f32, p: &NoiseWeights) -> Bounded {
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
            .map(|i| noise([1, 2], i, 0.0, &p).value)
            .collect();
        let moment = |k: i32| n.iter().map(|x| x.powi(k)).sum::<f64>() / n.len() as f64;
        assert!(moment(1).abs() < 0.03, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.04, "{}", moment(2));
        // 3 − 6/(5·8) for a sum of eight uniform numbers; 3 for a normal one.
        assert!((moment(4) - 2.85).abs() < 0.15, "{}", moment(4));
    }
}
