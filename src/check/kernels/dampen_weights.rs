//! Reference of `dampen_weights`: w ← w·min(λ·F_all / F_forget, 1) where F_forget > α·F_all.
//!
//! Bound: two products and a quotient; the minimum adds none. Which weights are chosen must not
//! depend on a rounding: cases keep away from F_forget = α·F_all but where that is exact.

use super::{Family, bits, in_vectors, normal, vectors};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{DAMPEN_WEIGHTS, DampenWeights};

pub(super) const FAMILY: Family = Family {
    kernel: &DAMPEN_WEIGHTS,
    shapes: || vectors(&DAMPEN_WEIGHTS),
    fit: in_vectors,
    case,
};

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners * shape.inputs;
    // With a λ over α, some factors are over one, and cut.
    let [alpha, lambda] = match shape.learners % 2 {
        0 => [0.5, 1.5],
        _ => [1.5, 0.5],
    };
    let params = DampenWeights {
        vectors: shape.inputs / 4,
        alpha,
        lambda,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let sizes =
        |values: Vec<f32>| -> Vec<f32> { normal(values).into_iter().map(f32::abs).collect() };
    let mut of_forget = sizes(source.rows(count, 4));
    let of_all = sizes(source.floats(count));
    for (forget, all) in of_forget.iter_mut().zip(&of_all) {
        let (limit, size) = (params.alpha * all, *forget);
        if fill != Fill::Exact && (size - limit).abs() <= 1e-5 * limit {
            *forget = 0.0;
        }
    }
    let weights = source.floats(count);
    let wanted = (0..weights.len()).map(|at| {
        let (forget, all, w) = (of_forget[at], of_all[at], Bounded::input(weights[at]));
        match f64::from(forget) > f64::from(params.alpha) * f64::from(all) {
            true => {
                let share = Bounded::input(params.lambda) * Bounded::input(all);
                Want::from(w * share.over(forget.into()).at_most(1.0))
            }
            false => Want::from(w),
        }
    });
    let wanted = wanted.collect();
    let inputs = vec![bits(&of_forget), bits(&of_all), bits(&weights)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(2, wanted)
}
