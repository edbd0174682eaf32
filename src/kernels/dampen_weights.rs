//! `dampen_weights`: w ← w·min(λ·F_all / F_forget, 1) where F_forget > α·F_all.
//!
//! Bound: two products and a quotient; the minimum adds none. Which weights are chosen must not
//! depend on a rounding: cases keep away from F_forget = α·F_all but where that is exact.

use bytemuck::{Pod, Zeroable};

use super::bounded::Bounded;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, depth};
use super::elementwise;
use super::reference::{bits, normal};
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::{Kernel, Params, Spec, Variant, kernel, params};

params! {
    /// Weights that matter more to the forget samples, made smaller.
    pub struct DampenWeights {
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

impl Params for DampenWeights {
    fn kernel() -> &'static Kernel {
        &DAMPEN_WEIGHTS.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `dampen_weights`.
pub static DAMPEN_WEIGHTS: Spec = Spec {
    kernel: kernel!("dampen_weights", DampenWeights, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (5 * s.numbers, 4 * s.numbers, 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&DAMPEN_WEIGHTS.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 2,
    rounds: true,
};

/// Buffers: of_forget, of_all and parameters [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        let words = || elementwise::words(params, part);
        vec![words(), words(), words()]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> DampenWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [of_forget, of_all, weights, ..] = bound;
    let of_forget = of_forget.read::<f32>(range.clone());
    let of_all = of_all.read::<f32>(range.clone());
    let weights = weights.write::<f32>(range).iter_mut();
    for ((w, forget), all) in weights.zip(of_forget).zip(of_all) {
        if *forget > p.alpha * all {
            *w *= (p.lambda * all / forget).min(1.0);
        }
    }
}

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
