//! `dampen_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::DampenWeights;

/// Buffers: of_forget, of_all and parameters [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        let words = || of_vectors(params, part);
        vec![words(), words(), words()]
    },
    blas: None,
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
