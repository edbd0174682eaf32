//! `shrink_weights`: w ← sign(w)·max(|w| − rate·strength·(1 − t / steps), 0).
//!
//! Bound: that of the threshold, two products, a quotient and two differences; the maximum adds none.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::bits;
use super::sgd_reference::learners;
use super::shape::{Shape, Source};
use super::{Clock, Learner};
use super::{Spec, params};

params! {
    /// The proximal step of an ℓ1 penalty.
    pub(crate) struct ShrinkWeights of SHRINK_WEIGHTS over |p| [p.vectors, 1] {
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

/// The kernel `shrink_weights`.
pub(crate) static SHRINK_WEIGHTS: Spec = elementwise::spec::<ShrinkWeights, 0, 1>(
    "shrink_weights",
    include_str!("../../shaders/shrink_weights.wgsl"),
);

impl Elementwise<0, 1> for ShrinkWeights {
    /// Learners, progress and parameters.
    const BUFFERS: &'static [Content<Self>] = &[
        Content::Common(|_, part| part.own(size_of::<Learner>() / 4)),
        Content::Common(|_, part| part.own(size_of::<Clock>() / 4)),
        Content::Numbers,
    ];
    const ROUNDINGS: u32 = 5;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (3 * s.numbers, 2 * s.numbers, 48 * s.learners)
    }

    fn compute(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 0], [f32; 1]) -> [f32; 1] {
        let (s, progress) = state(common);
        let done = progress.step.wrapping_add(self.step).min(self.steps) as f32;
        let threshold = s.rate * s.strength * (1.0 - done / self.steps as f32);
        move |_, [], [w]| [w.signum() * (w.abs() - threshold).max(0.0)]
    }

    fn reference(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 0], [f32; 1]) -> [Expected; 1] {
        let (s, progress) = state(common);
        let done = (progress.step + self.step).min(self.steps);
        let share = Bounded::exact(1.0) - Bounded::exact(done.into()).over(self.steps.into());
        let threshold = Bounded::input(s.rate) * Bounded::input(s.strength) * share;
        move |_, [], [w]| {
            [(Bounded::input(w.abs()) - threshold)
                .relu()
                .signed(w)
                .into()]
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let count = shape.learners;
        let params = Self {
            vectors: shape.inputs / 4,
            step: 3,
            steps: 8,
            pad: 0,
        };
        let settings = learners(source, count, source.fill());
        // Of some learners the penalty is gone already.
        let progress: Vec<Clock> = (0..count)
            .map(|i| Clock {
                step: [1, 4, 1 << 31, 0, 5][i as usize % 5],
                ..Default::default()
            })
            .collect();
        let weights = source.floats(count * shape.inputs);
        let [settings, progress] = [
            bytemuck::cast_slice(&settings),
            bytemuck::cast_slice(&progress),
        ];
        (
            params,
            vec![settings.to_vec(), progress.to_vec(), bits(&weights)],
        )
    }
}

/// A learner's settings and its clock.
fn state(common: &[&[u32]]) -> (Learner, Clock) {
    let settings = bytemuck::cast_slice(common[0])[0];
    (settings, bytemuck::cast_slice(common[1])[0])
}
