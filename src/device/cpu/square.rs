//! `square.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, vectors};
use super::slot::Slot;
use crate::kernel::Square;

/// Buffers: values [learners, 4 · vectors]. Units: vectors.
pub static FORM: Form = Form {
    learners: depth,
    units: vectors,
    touches: |params, part| {
        vec![Touch::Words(
            part.rows(parameters(params).vectors as usize, 4),
        )]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> Square {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let vectors = parameters(params).vectors as usize;
    let values = bound[0].write::<f32>(part.rows(vectors, 4));
    values.iter_mut().for_each(|v| *v *= *v);
}
