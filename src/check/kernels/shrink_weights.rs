//! Reference of `shrink_weights`: w ← sign(w)·max(|w| − rate·strength·(1 − t / steps), 0).
//!
//! Bound: that of the threshold, two products, a quotient and two differences; the maximum adds none.

use super::sgd::learners;
use super::{Family, bits, in_vectors, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{Learner, Progress, SHRINK_WEIGHTS, ShrinkWeights};

pub(super) const FAMILY: Family = Family {
    kernel: &SHRINK_WEIGHTS,
    shapes: || vectors(&SHRINK_WEIGHTS),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners;
    let params = ShrinkWeights {
        vectors: shape.inputs / 4,
        step: 3,
        steps: 8,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let settings = learners(&mut source, count, fill);
    // Of some learners the penalty is gone already.
    let progress: Vec<Progress> = (0..count)
        .map(|i| Progress {
            step: [1, 4, 1 << 31, 0, 5][i as usize % 5],
            ..Default::default()
        })
        .collect();
    let weights = source.floats(count * shape.inputs);
    let own = weights.chunks_exact(shape.inputs as usize);
    let wanted = own.zip(&settings).zip(&progress);
    let wanted = wanted.flat_map(|((weights, settings), progress)| {
        let threshold = threshold(settings, progress, &params);
        weights.iter().map(move |&w| {
            let size = Bounded::input(w.abs()) - threshold;
            Want::from(size.relu().signed(w))
        })
    });
    let wanted = wanted.collect();
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        bytemuck::cast_slice(&progress).to_vec(),
        bits(&weights),
    ];
    Case::new((shape, fill, seed), &params, count, inputs).wants(2, wanted)
}

fn threshold(s: &Learner, progress: &Progress, p: &ShrinkWeights) -> Bounded {
    let done = (progress.step + p.step).min(p.steps);
    let share = Bounded::exact(1.0) - Bounded::exact(done.into()).over(p.steps.into());
    Bounded::input(s.rate) * Bounded::input(s.strength) * share
}
