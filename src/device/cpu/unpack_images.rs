//! `unpack_images.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::slot::Slot;
use crate::kernel::{INDEX, UnpackImages};

/// Buffers: images, order, x [learners, rows, pixels]. Units: rows.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).rows as usize,
    touches,
    blas: None,
    twin,
};

fn parameters(bytes: &[u8]) -> UnpackImages {
    bytemuck::pod_read_unaligned(bytes)
}

impl UnpackImages {
    fn order(&self, part: &Part) -> std::ops::Range<usize> {
        let first = self.order_start as usize + part.learner * self.order_stride as usize;
        first + part.units.start..first + part.units.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
    vec![
        Touch::Whole,
        Touch::Words(p.order(part)),
        Touch::Words(part.rows(p.rows as usize, p.pixels as usize)),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let pixels = p.pixels as usize;
    let [images, order, x, ..] = bound;
    let images = images.all::<u8>();
    let x = x.write::<f32>(part.rows(p.rows as usize, pixels));
    let samples = x.chunks_exact_mut(pixels);
    for (x, entry) in samples.zip(order.read::<u32>(p.order(part))) {
        let image = &images[(entry & INDEX) as usize * pixels..][..pixels];
        x.iter_mut()
            .zip(image)
            .for_each(|(x, byte)| *x = f32::from(*byte) / 255.0);
    }
}
