//! The SGD step that both `*_backward_weights` kernels take, in f64 with bounds.
//!
//! g = gradient + decay·w, v' = momentum·v + g, w' = w − rate·v': each operation is charged u
//! times its magnitude, on top of what its operands may be off by. Where the momentum is zero,
//! v is not touched.

use rayon::prelude::*;

use super::Learner;
use super::bounded::Bounded;
use super::expected::Expected;
use super::shape::{Fill, Source};

/// What one learner's parameters and velocities must be after the step: what no step reaches stays
/// as it is.
pub(super) struct State<'a> {
    parameters: &'a [f32],
    velocity: &'a [f32],
    expected_parameters: &'a mut [Expected],
    expected_velocity: &'a mut [Expected],
}

impl State<'_> {
    /// Takes the step of the parameter at `at`.
    pub(super) fn descend(&mut self, at: usize, gradient: Bounded, s: &Learner) {
        let w = Bounded::input(self.parameters[at]);
        let mut terms = vec![gradient, Bounded::input(s.decay) * w];
        if s.momentum != 0.0 {
            terms.push(Bounded::input(s.momentum) * Bounded::input(self.velocity[at]));
        }
        let v = Bounded::total(&terms);
        if s.momentum != 0.0 {
            self.expected_velocity[at] = v.into();
        }
        self.expected_parameters[at] = (w - Bounded::input(s.rate) * v).into();
    }
}

/// What all learners' parameters and velocities must be, where `step` takes the step of the learner
/// with the given number.
pub(super) fn after(
    settings: &[Learner],
    parameters: &[f32],
    velocity: &[f32],
    step: impl Fn(usize, &Learner, &mut State<'_>) + Sync,
) -> (Vec<Expected>, Vec<Expected>) {
    // The largest case has millions of them: each is written where it stays.
    let kept = |values: &[f32]| -> Vec<Expected> {
        values.iter().map(|v| Expected::Word(v.to_bits())).collect()
    };
    let (mut expected_parameters, mut expected_velocity) = (kept(parameters), kept(velocity));
    let size = parameters.len() / settings.len();
    let own = parameters
        .par_chunks_exact(size)
        .zip(velocity.par_chunks_exact(size));
    let expected = expected_parameters
        .par_chunks_exact_mut(size)
        .zip(expected_velocity.par_chunks_exact_mut(size));
    own.zip(expected).zip(settings).enumerate().for_each(
        |(
            learner,
            (((parameters, velocity), (expected_parameters, expected_velocity)), settings),
        )| {
            let mut state = State {
                parameters,
                velocity,
                expected_parameters,
                expected_velocity,
            };
            step(learner, settings, &mut state);
        },
    );
    (expected_parameters, expected_velocity)
}

/// Settings that differ between learners; with and without momentum and decay.
pub(super) fn learners(source: &mut Source, count: u32, fill: Fill) -> Vec<Learner> {
    let keys = source.below(2 * count + 2, u32::MAX);
    let exact = fill == Fill::Exact;
    let learner = |i: u32| Learner {
        key: [keys[2 * i as usize], keys[2 * i as usize + 1]],
        list_start: 3 * i,
        list_length: 50 + i,
        rate: if exact {
            1.0 + (i % 2) as f32
        } else {
            0.1 * (1 + i % 7) as f32
        },
        momentum: match (i % 2, exact) {
            (0, _) => 0.0,
            (_, true) => 2.0,
            (_, false) => 0.9,
        },
        decay: if exact {
            (i % 3) as f32
        } else {
            0.01 * (i % 3) as f32
        },
        strength: if exact {
            2.0
        } else {
            0.05 * (1 + i % 3) as f32
        },
    };
    // The second of two learners has everything; a single one has momentum and decay as well.
    (1..=count).map(learner).collect()
}
