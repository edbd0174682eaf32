//! Reference of `restore_weights`: a weight stays where its salience reaches the threshold, and else
//! becomes the original's. Bits are copied: exact.

use super::{Family, bits, in_vectors, vectors};
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{RESTORE_WEIGHTS, RestoreWeights, THRESHOLD_ROUNDS};

pub(super) const FAMILY: Family = Family {
    kernel: &RESTORE_WEIGHTS,
    shapes: || vectors(&RESTORE_WEIGHTS),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (count, each) = (shape.learners, shape.inputs as usize);
    let params = RestoreWeights {
        vectors: shape.inputs / 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let salience = source.floats(count * shape.inputs);
    let originals = bits(&source.floats(count * shape.inputs));
    let weights = bits(&source.floats(count * shape.inputs));
    let mut counts = source.below(count * THRESHOLD_ROUNDS, u32::MAX);
    let thresholds = counts.chunks_exact_mut(THRESHOLD_ROUNDS as usize);
    for (counts, salience) in thresholds.zip(salience.chunks_exact(each)) {
        // One of the numbers is the threshold itself.
        counts[THRESHOLD_ROUNDS as usize - 1] = salience[each / 3].abs().to_bits();
    }
    let wanted = (0..weights.len()).map(|at| {
        let last = (at / each + 1) * THRESHOLD_ROUNDS as usize - 1;
        match salience[at].abs().to_bits() >= counts[last] {
            true => Want::Word(weights[at]),
            false => Want::Word(originals[at]),
        }
    });
    let wanted = wanted.collect();
    let inputs = vec![bits(&salience), counts, originals, weights];
    Case::new((shape, fill, seed), &params, count, inputs).wants(3, wanted)
}
