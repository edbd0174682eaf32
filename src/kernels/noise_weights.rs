//! `noise_weights`: w + √(α / max(F, least))·n where w is not zero.
//!
//! n is an exact sum of integers times the reciprocal of its standard deviation. Bound: a quotient, a
//! square root, two products and a sum. Random bits are `random::threefry2x32`.

use bytemuck::{Pod, Zeroable};

use super::bounded::Bounded;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::elementwise;
use super::reference::{bits, normal};
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Kernel, Params, Spec, Variant, kernel, params};
use crate::random::threefry2x32;

params! {
    /// Noise where weights matter little.
    pub struct NoiseWeights {
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

impl Params for NoiseWeights {
    fn kernel() -> &'static Kernel {
        &NOISE_WEIGHTS.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `noise_weights`.
pub static NOISE_WEIGHTS: Spec = Spec {
    kernel: kernel!("noise_weights", NoiseWeights, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (7 * s.numbers, s.learners * (3 * s.inputs + 2), 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&NOISE_WEIGHTS.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 3,
    rounds: true,
};

/// Buffers: keys [learners, 2], fisher and parameters [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        let words = || elementwise::words(params, part);
        vec![Touch::Words(part.own(2)), words(), words()]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> NoiseWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [keys, fisher, weights, ..] = bound;
    let key = keys.read::<[u32; 2]>(part.own(1))[0];
    let fisher = fisher.read::<f32>(range.clone());
    let numbers = (0u32..).skip(4 * part.units.start);
    let weights = weights.write::<f32>(range).iter_mut();
    for (number, (w, fisher)) in numbers.zip(weights.zip(fisher)) {
        if *w != 0.0 {
            *w += (p.alpha / fisher.max(p.least)).sqrt() * noise(key, number);
        }
    }
}

/// The sum of eight numbers of 16 bits, less its mean, over its standard deviation.
fn noise(key: [u32; 2], weight: u32) -> f32 {
    const MEAN: f32 = 262_140.0;
    const SCALE: f32 = 1.868_812_3e-5;
    let [a, b] = [0, 1].map(|half| threefry2x32(key, [weight, half]));
    let words = a.into_iter().chain(b);
    let sum: u32 = words.map(|word| (word & 0xffff) + (word >> 16)).sum();
    (sum as f32 - MEAN) * SCALE
}

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
            false => {
                (Bounded::input(w) + bounded_noise(key, at % shape.inputs, fisher, &params)).into()
            }
        }
    });
    let wanted = wanted.collect();
    let inputs = vec![keys, bits(&fisher), bits(&weights)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(2, wanted)
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
