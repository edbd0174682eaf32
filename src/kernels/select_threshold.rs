//! `select_threshold`: how many |v| reach the bits found so far and one more; and after
//! the last round those bits, and one where there are none. Integers: exact.

use super::Learner;
use super::THRESHOLD_ROUNDS;
use super::case::Case;
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, one};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{Params, Spec, Variant, kernel, params};

params! {
    /// The size that a share of numbers reaches.
    pub(crate) struct SelectThreshold of SELECT_THRESHOLD over |p| [p.vectors, 1] {
        /// Vectors of four numbers per learner.
        vectors: u32,
        /// The round; in round `THRESHOLD_ROUNDS` − 1 the result is written.
        round: u32,
        /// The numbers of which a share is meant.
        weights: u32,
        /// Zero.
        pad: u32,
    }
}

/// Rounds that find a bit: one for every bit but the sign.
const BITS: u32 = THRESHOLD_ROUNDS - 1;

/// The kernel `select_threshold`.
pub(crate) static SELECT_THRESHOLD: Spec = Spec {
    kernel: kernel!("select_threshold", SelectThreshold, &[Variant::PLAIN], FORM),
    // Only bits are compared.
    cost: |s: Sizes| (0, s.learners * (s.inputs + s.outputs + 1), 32 * s.learners),
    training: |_, learners| vec![Shape::new(1, 16_384, 16, learners)],
    shapes,
    fit,
    case,
    terms: |shape| shape.rows,
    rounds: false,
};

/// Buffers: learners, values [learners, 4 · vectors], counts [learners, THRESHOLD_ROUNDS].
const FORM: Form = Form::loops(
    one,
    |params, part| {
        vec![
            Touch::Words(part.own(size_of::<Learner>() / 4)),
            Touch::Words(part.own(4 * SelectThreshold::read(params).vectors as usize)),
            Touch::Words(part.own(THRESHOLD_ROUNDS as usize)),
        ]
    },
    twin,
);

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number, as in the shader"
)]
fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = SelectThreshold::read(params);
    let [learners, values, counts, ..] = bound;
    let strength = learners.read::<Learner>(part.own(1))[0].strength;
    let wanted = (strength * p.weights as f32) as u32;
    let counts = counts.write::<u32>(part.own(THRESHOLD_ROUNDS as usize));
    let bit = |round: u32| 1 << (BITS - 1 - round);
    let reached = (0..p.round).filter(|&round| counts[round as usize] >= wanted);
    let found = reached.map(bit).sum::<u32>();
    if p.round == BITS {
        counts[BITS as usize] = found.max(1);
        return;
    }
    let candidate = found | bit(p.round);
    let values = values.read::<u32>(part.own(4 * p.vectors as usize));
    let reaching = values.iter().filter(|v| **v & !(1 << 31) >= candidate);
    counts[p.round as usize] += reaching.count() as u32;
}

fn shapes() -> Vec<Shape> {
    let rounds = (1..=THRESHOLD_ROUNDS).map(|round| Shape::new(1, 148, round, 3));
    let more = rounds.chain([Shape::new(1, 65_532, 10, 2), Shape::new(1, 4, 12, 33_000)]);
    at_tiles(&SELECT_THRESHOLD.kernel, more, |place, [x, _]| {
        let round = [1, 9, 32, 11, 31, 3][place % 6];
        Shape::new(1, 4 * x, round, [1, 3, 2, 5][place % 4])
    })
}

/// The round, from 1, is the outputs.
fn fit(shape: Shape) -> Shape {
    Shape {
        rows: 1,
        inputs: shape.inputs.next_multiple_of(4),
        outputs: shape.outputs.clamp(1, THRESHOLD_ROUNDS),
        ..shape
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners;
    let params = SelectThreshold {
        vectors: shape.inputs / 4,
        round: shape.outputs - 1,
        weights: shape.inputs,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let settings: Vec<Learner> = (0..count)
        .map(|i| Learner {
            strength: [0.5, 0.25, 0.75, 1.0][i as usize % 4],
            ..Default::default()
        })
        .collect();
    let mut values = bits(&source.floats(count * shape.inputs));
    if params.round < BITS {
        // Every other learner's number reaches the candidate by its bit of this round alone.
        let learners = values.chunks_exact_mut(shape.inputs as usize);
        for own in learners.step_by(2) {
            own[own.len() / 2] |= bit(params.round);
        }
    }
    let mut before = Vec::new();
    for (own, settings) in values.chunks_exact(shape.inputs as usize).zip(&settings) {
        before.extend(counts(own, wanted(settings, &params), params.round));
    }
    let own = values.chunks_exact(shape.inputs as usize);
    let each = before.chunks_exact(THRESHOLD_ROUNDS as usize);
    let after = own.zip(each).zip(&settings);
    let after = after.flat_map(|((values, counts), settings)| {
        reference(values, counts, wanted(settings, &params), params.round)
    });
    let after = after.map(Expected::Word).collect();
    let inputs = vec![bytemuck::cast_slice(&settings).to_vec(), values, before];
    Case::new((shape, fill, seed), &params, count, inputs).expects(2, after)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number"
)]
fn wanted(settings: &Learner, p: &SelectThreshold) -> u32 {
    (settings.strength * p.weights as f32) as u32
}

fn bit(round: u32) -> u32 {
    1 << (BITS - 1 - round)
}

/// What earlier rounds may have counted, if they led to one of the numbers: enough where it has a
/// bit, just enough now and then, and too few where it has none. This round and later ones have
/// counted something already.
fn counts(values: &[u32], wanted: u32, round: u32) -> Vec<u32> {
    let number = values[values.len() / 2];
    let count = |r: u32| match (r < round, number & bit(r) != 0) {
        (true, true) => wanted + r % 2,
        (true, false) => wanted.saturating_sub(1 + r % 2),
        (false, _) => 7 * r,
    };
    // Of some learners earlier rounds found nothing.
    let nothing = round == BITS && number.is_multiple_of(3);
    let count = |r: u32| if nothing { 0 } else { count(r) };
    (0..BITS).map(count).chain([5]).collect()
}

fn reference(values: &[u32], counts: &[u32], wanted: u32, round: u32) -> Vec<u32> {
    let enough = |r: &u32| counts[*r as usize] >= wanted;
    let found = (0..round).filter(enough).map(bit).sum::<u32>();
    let mut after = counts.to_vec();
    match round {
        BITS => after[BITS as usize] = found.max(1),
        _ => {
            let size = |v: &&u32| (**v << 1) >> 1 >= found + bit(round);
            let reached = (0u32..).zip(values.iter().filter(size)).last();
            after[round as usize] += reached.map_or(0, |(last, _)| last + 1);
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rounds, one after the other, find the n-th largest.
    #[test]
    fn the_rounds_together_find_the_number_that_a_share_reaches() {
        let mut source = Source::new(3, Fill::Random);
        let values = bits(&source.floats(101));
        let mut counts = vec![0; THRESHOLD_ROUNDS as usize];
        for round in 0..THRESHOLD_ROUNDS {
            counts = reference(&values, &counts, 30, round);
        }
        let mut sizes: Vec<f32> = values.iter().map(|v| f32::from_bits(*v).abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        assert_eq!(f32::from_bits(counts[BITS as usize]), sizes[29]);
    }
}
