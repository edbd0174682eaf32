//! `restore_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::{RestoreWeights, THRESHOLD_ROUNDS};

/// Buffers: salience [learners, 4 · vectors], counts [learners, THRESHOLD_ROUNDS], originals and
/// parameters [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        let words = || of_vectors(params, part);
        let counts = Touch::Words(part.own(THRESHOLD_ROUNDS as usize));
        vec![words(), counts, words(), words()]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> RestoreWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let range = part.rows(parameters(params).vectors as usize, 4);
    let [salience, counts, originals, weights, ..] = bound;
    let counts = counts.read::<u32>(part.own(THRESHOLD_ROUNDS as usize));
    let threshold = counts[THRESHOLD_ROUNDS as usize - 1];
    let salience = salience.read::<u32>(range.clone());
    let originals = originals.read::<u32>(range.clone());
    let weights = weights.write::<u32>(range).iter_mut();
    for ((w, original), salience) in weights.zip(originals).zip(salience) {
        if salience & !(1 << 31) < threshold {
            *w = *original;
        }
    }
}
