//! `mix_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::MixWeights;

/// Buffers: others and parameters [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        let words = || of_vectors(params, part);
        vec![words(), words()]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> MixWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [others, weights, ..] = bound;
    let others = others.read::<f32>(range.clone());
    for (w, u) in weights.write::<f32>(range).iter_mut().zip(others) {
        *w = p.own * *w + p.other * u;
    }
}
