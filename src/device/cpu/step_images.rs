//! `step_images.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, depth, of_vectors, vectors};
use super::slot::Slot;
use crate::kernel::StepImages;

/// Buffers: dx and x [learners, 4 · vectors]. Units: vectors.
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

fn parameters(bytes: &[u8]) -> StepImages {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [dx, x, ..] = bound;
    let dx = dx.read::<f32>(range.clone());
    for (x, dx) in x.write::<f32>(range).iter_mut().zip(dx) {
        // Rust's signum of zero is one.
        let sign = if *dx == 0.0 { 0.0 } else { dx.signum() };
        *x = (*x + p.size * sign).clamp(0.0, 1.0);
    }
}
