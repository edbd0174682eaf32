//! `close_step`: the steps' mean losses are added to the running sum, the first step with
//! an unusable loss is noted, the clock moves.
//!
//! Bound of the mean: γ(K)·Σ|loss| / K and 2.5u for the division; u for adding it to the sum. The clock
//! and the note are exact, but where the mean may lie on either side of the limit: there the learner
//! is noted or is not.
//!
//! A loss that is infinite or NaN must be noted as well. That is more than WGSL promises, whose
//! implementations may assume that there are no such numbers: but it is what the program needs, and
//! the kernel looks at the mean's bits, not at the float. A device that fails here is within its
//! rights, and yet of no use for noticing a divergence.

use std::ops::Range;

use super::Clock;
use super::UNUSABLE_LOSS;
use super::bounded::Bounded;
use super::case::Case;
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, one};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{Params, Spec, Variant, kernel, params};

params! {
    /// The end of some steps: losses summed, clocks moved.
    pub(crate) struct CloseStep of CLOSE_STEP over |p| [p.learners, 1] {
        /// Samples per learner.
        rows: u32,
        /// Learners: the threads are theirs, so the extent in z is one.
        learners: u32,
        /// Steps.
        steps: u32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `close_step`.
pub(crate) static CLOSE_STEP: Spec = Spec {
    kernel: kernel!("close_step", CloseStep, &[Variant::PLAIN], FORM),
    // Steps are its outputs.
    cost: |s: Sizes| {
        (
            (s.samples + 2 * s.learners) * s.outputs,
            s.samples * s.outputs,
            32 * s.learners,
        )
    },
    training: |_, learners| vec![Shape::new(64, 1, 1, learners)],
    shapes,
    fit,
    case,
    terms: |shape| shape.rows,
    rounds: false,
};

/// Buffers: losses [steps, learners, rows], progress `[learners]`.
const FORM: Form = Form {
    learners: |params, _| CloseStep::read(params).learners as usize,
    units: one,
    touches,
    library: None,
    twin,
};

impl CloseStep {
    /// A learner's losses of a step.
    fn losses(&self, step: u32, part: &Part) -> Range<usize> {
        let first = (step * self.learners * self.rows) as usize;
        let own = part.own(self.rows as usize);
        first + own.start..first + own.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = CloseStep::read(params);
    let losses = (0..p.steps).map(|step| p.losses(step, part));
    let losses = Touch::Ranges(losses.collect());
    vec![losses, Touch::Words(part.own(size_of::<Clock>() / 4))]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = CloseStep::read(params);
    let [losses, progress, ..] = bound;
    let state = &mut progress.write::<Clock>(part.own(1))[0];
    for step in 0..p.steps {
        let losses = losses.read::<f32>(p.losses(step, part));
        let loss = losses.iter().sum::<f32>() / p.rows as f32;
        state.step += 1;
        state.loss_sum += loss;
        if (!loss.is_finite() || loss > UNUSABLE_LOSS) && state.diverged == 0 {
            state.diverged = state.step;
        }
    }
}

fn shapes() -> Vec<Shape> {
    let more = [
        // At this place a shape has a large fill, and here learners enough for every bad loss.
        Shape::new(1, 1, 2, 1000),
        Shape::new(2, 1, 1, 70_000),
        Shape::new(64, 1, 1, 1000),
    ];
    at_tiles(&CLOSE_STEP.kernel, more, |place, [x, _]| {
        Shape::new([1, 64, 7, 65][place % 4], 1, [1, 8, 2][place % 3], x)
    })
}

/// Any number of steps, which are the outputs.
fn fit(shape: Shape) -> Shape {
    Shape { inputs: 1, ..shape }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (rows, steps, learners) = (shape.rows, shape.outputs, shape.learners);
    let params = CloseStep {
        rows,
        learners,
        steps,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let mut losses: Vec<f32> = source.floats(steps * learners * rows);
    losses.iter_mut().for_each(|loss| *loss = loss.abs());
    if fill == Fill::Large {
        spoil(&mut losses, &params);
    }
    let before = progress(&mut source, learners, steps);
    let each = learners as usize * rows as usize;
    let own = |learner: usize| {
        let batches = losses.chunks_exact(each);
        batches.map(move |step| &step[learner * rows as usize..][..rows as usize])
    };
    let expected = before.iter().enumerate();
    let expected = expected.flat_map(|(learner, state)| reference(state, own(learner)));
    let expected = expected.collect();
    let inputs = vec![bits(&losses), bytemuck::cast_slice(&before).to_vec()];
    Case::new(&params, 1, inputs).expects(1, expected)
}

/// In one step, the last loss of one learner in sixteen becomes one that cannot be used, or makes a mean
/// on either side of the limit, near and far, or one below zero, which is usable however large it is:
/// each of a size whose exponent has all bits but one.
fn spoil(losses: &mut [f32], p: &CloseStep) {
    let [rows, learners, steps] = [p.rows, p.learners, p.steps].map(|n| n as usize);
    let near = [1.5, 0.9, 1.05, 0.9995, 1.0005].map(|share| share * UNUSABLE_LOSS);
    let bits = (0..8).map(|bit| 2f32.powi(128 - (1 << bit)));
    let mut bad = vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38];
    bad.extend(near);
    bad.extend(bits.map(|size| -1.25 * size));
    for (place, losses) in losses.chunks_exact_mut(rows).enumerate() {
        let (step, learner) = (place / learners, place % learners);
        let spoilt = learner % 16 == 0 && learner / 16 % steps == step;
        if let (true, Some((last, others))) = (spoilt, losses.split_last_mut()) {
            let mean = bad[(learner / 16 + rows) % bad.len()];
            *last = mean * rows as f32 - others.iter().sum::<f32>();
        }
    }
}

/// Clocks at different times; some have diverged before.
fn progress(source: &mut Source, learners: u32, steps: u32) -> Vec<Clock> {
    let words = source.below(learners, u32::MAX - steps);
    let sums = source.floats(learners);
    let states = words.iter().zip(sums);
    states
        .map(|(&step, sum)| Clock {
            step,
            diverged: if step % 5 == 1 { step / 2 } else { 0 },
            loss_sum: sum.abs().min(9.0),
            pad: step,
        })
        .collect()
}

/// A learner's words of `Clock` after steps with these losses.
fn reference<'a>(state: &Clock, steps: impl Iterator<Item = &'a [f32]>) -> [Expected; 4] {
    let limit = f64::from(UNUSABLE_LOSS);
    let mut step = state.step;
    let mut sum = Bounded::input(state.loss_sum);
    let mut overflows = false;
    // The note where no mean that is within its bound of the limit counts, and where each does.
    let mut noted = [state.diverged; 2];
    for losses in steps {
        step += 1;
        let mean = Bounded::sum(losses.iter().copied()).over(losses.len() as f64);
        let broken = losses.iter().any(|loss| !loss.is_finite());
        for (note, side) in noted.iter_mut().zip([1.0, -1.0]) {
            if *note == 0 && (broken || mean.value > limit + side * mean.error) {
                *note = step;
            }
        }
        sum = sum + mean;
        overflows |= broken || sum.value.abs() > f64::from(f32::MAX) / 2.0;
    }
    let sum = if overflows { Expected::Any } else { sum.into() };
    let [one, other] = noted;
    [
        Expected::Word(step),
        Expected::OneOf(one, other),
        sum,
        Expected::Word(state.pad),
    ]
}
