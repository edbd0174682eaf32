//! `dampen_weights`: w ← w·min(λ·F_all / F_forget, 1) where F_forget > α·F_all.
//!
//! Bound: two products and a quotient; the minimum adds none. Which weights are chosen must not
//! depend on a rounding: cases keep away from F_forget = α·F_all but where that is exact.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::{bits, normal};
use super::shape::{Fill, Shape, Source};
use super::{Spec, params};

params! {
    /// Weights that matter more to the forget samples, made smaller.
    pub(crate) struct DampenWeights of DAMPEN_WEIGHTS over |p| [p.vectors, 1] {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// How many times more a weight must matter.
        alpha: f32,
        /// How much is left of it.
        lambda: f32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `dampen_weights`.
pub(crate) static DAMPEN_WEIGHTS: Spec = elementwise::spec::<DampenWeights, 2, 1>(
    "dampen_weights",
    include_str!("../../shaders/dampen_weights.wgsl"),
);

impl Elementwise<2, 1> for DampenWeights {
    /// Information of the forget samples, of all, and parameters.
    const BUFFERS: &'static [Content<Self>] =
        &[Content::Numbers, Content::Numbers, Content::Numbers];
    const ROUNDINGS: u32 = 2;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (5 * s.numbers, 4 * s.numbers, 0)
    }

    fn compute(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 2], [f32; 1]) -> [f32; 1] {
        |_, [forget, all], [w]| match forget > self.alpha * all {
            true => [w * (self.lambda * all / forget).min(1.0)],
            false => [w],
        }
    }

    fn reference(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 2], [f32; 1]) -> [Expected; 1] {
        let lambda = Bounded::input(self.lambda);
        move |_, [forget, all], [w]| {
            let w = Bounded::input(w);
            let share = lambda * Bounded::input(all);
            match f64::from(forget) > f64::from(self.alpha) * f64::from(all) {
                true => [(w * share.over(forget.into()).at_most(1.0)).into()],
                false => [w.into()],
            }
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let count = shape.learners * shape.inputs;
        // With a λ over α, some factors are over one, and cut.
        let [alpha, lambda] = match shape.learners % 2 {
            0 => [0.5, 1.5],
            _ => [1.5, 0.5],
        };
        let params = Self {
            vectors: shape.inputs / 4,
            alpha,
            lambda,
            pad: 0,
        };
        let sizes = |values| normal(values).into_iter().map(f32::abs);
        let mut of_forget: Vec<f32> = sizes(source.rows(count, 4)).collect();
        let of_all: Vec<f32> = sizes(source.floats(count)).collect();
        for (forget, all) in of_forget.iter_mut().zip(&of_all) {
            let (limit, size) = (params.alpha * all, *forget);
            if source.fill() != Fill::Exact && (size - limit).abs() <= 1e-5 * limit {
                *forget = 0.0;
            }
        }
        let weights = source.floats(count);
        (
            params,
            vec![bits(&of_forget), bits(&of_all), bits(&weights)],
        )
    }
}
