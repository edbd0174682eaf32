//! `shrink_weights`: w ← sign(w)·max(|w| − rate·strength·(1 − t / steps), 0).
//!
//! Bound: that of the threshold, two products, a quotient and two differences; the maximum adds none.

use bytemuck::{Pod, Zeroable};

use super::bounded::Bounded;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::elementwise;
use super::reference::bits;
use super::sgd_reference::learners;
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Clock, Learner};
use super::{Kernel, Params, Spec, Variant, kernel, params};

params! {
    /// The proximal step of an ℓ1 penalty.
    pub struct ShrinkWeights {
    /// Vectors of four weights per learner.
    vectors: u32,
    /// Steps since the clock was moved.
    step: u32,
    /// Steps until the penalty is gone.
    steps: u32,
    /// Zero.
    pad: u32,
    }
}

impl Params for ShrinkWeights {
    fn kernel() -> &'static Kernel {
        &SHRINK_WEIGHTS.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `shrink_weights`.
pub static SHRINK_WEIGHTS: Spec = Spec {
    kernel: kernel!("shrink_weights", ShrinkWeights, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (3 * s.numbers, 2 * s.numbers, 48 * s.learners),
    training: elementwise::training,
    shapes: || elementwise::shapes(&SHRINK_WEIGHTS.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 5,
    rounds: true,
};

/// Buffers: learners, progress, parameters [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        vec![
            Touch::Words(part.own(size_of::<Learner>() / 4)),
            Touch::Words(part.own(size_of::<Clock>() / 4)),
            elementwise::words(params, part),
        ]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> ShrinkWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let [learners, progress, weights, ..] = bound;
    let s = learners.read::<Learner>(part.own(1))[0];
    let clock = progress.read::<Clock>(part.own(1))[0].step;
    let done = clock.wrapping_add(p.step).min(p.steps) as f32;
    let threshold = s.rate * s.strength * (1.0 - done / p.steps as f32);
    for w in weights.write::<f32>(part.rows(p.vectors as usize, 4)) {
        *w = w.signum() * (w.abs() - threshold).max(0.0);
    }
}

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
    let progress: Vec<Clock> = (0..count)
        .map(|i| Clock {
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

fn threshold(s: &Learner, progress: &Clock, p: &ShrinkWeights) -> Bounded {
    let done = (progress.step + p.step).min(p.steps);
    let share = Bounded::exact(1.0) - Bounded::exact(done.into()).over(p.steps.into());
    Bounded::input(s.rate) * Bounded::input(s.strength) * share
}
