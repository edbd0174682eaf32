//! `gradient_products.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth, one};
use super::slot::Slot;
use crate::kernel::{GradientProducts, STRIPES};

/// Buffers: velocity [pairs, 2, 4 · vectors], products [pairs, STRIPES, 4].
pub static FORM: Form = Form {
    learners: depth,
    units: one,
    touches: |params, part| {
        vec![
            Touch::Words(part.own(8 * parameters(params).vectors as usize)),
            Touch::Words(part.own(4 * STRIPES as usize)),
        ]
    },
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> GradientProducts {
    bytemuck::pod_read_unaligned(bytes)
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let vectors = parameters(params).vectors as usize;
    let [velocity, products, ..] = bound;
    let pair = velocity.read::<[f32; 4]>(part.own(2 * vectors));
    let (forget, retain) = pair.split_at(vectors);
    let products = products.write::<[f32; 4]>(part.own(STRIPES as usize));
    products.fill([0.0; 4]);
    let stripes = (0..STRIPES as usize).cycle();
    for (stripe, (f, r)) in stripes.zip(forget.iter().zip(retain)) {
        let terms = [dot(f, r), dot(r, r), dot(f, f)];
        let sums = products[stripe].iter_mut();
        sums.zip(terms).for_each(|(sum, term)| *sum += term);
    }
}

fn dot(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
