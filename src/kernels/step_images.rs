//! `step_images`: x + size·sign(dx), within [0, 1].
//!
//! Bound: a product and a sum; the clamp adds none.

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
    /// Images, moved along the sign of their gradient.
    pub struct StepImages {
    /// Vectors of four pixels per learner.
    vectors: u32,
    /// How far.
    size: f32,
    /// Zero.
    pad0: u32,
    /// Zero.
    pad1: u32,
    }
}

impl Params for StepImages {
    fn kernel() -> &'static Kernel {
        &STEP_IMAGES.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `step_images`.
pub static STEP_IMAGES: Spec = Spec {
    kernel: kernel!("step_images", StepImages, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (5 * s.numbers, 3 * s.numbers, 0),
    training: elementwise::training,
    shapes: || elementwise::shapes(&STEP_IMAGES.kernel),
    fit: elementwise::fit,
    case,
    terms: |_| 2,
    rounds: true,
};

/// Buffers: dx and x [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        let words = || elementwise::words(params, part);
        vec![words(), words()]
    },
    library: None,
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

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let count = shape.learners * shape.inputs;
    let params = StepImages {
        vectors: shape.inputs / 4,
        size: if fill == Fill::Exact { 1.0 } else { 0.1 },
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let dx = normal(source.rows(count, 4));
    let x: Vec<f32> = source.floats(count).into_iter().map(f32::abs).collect();
    let moved = x.iter().zip(&dx).map(|(&x, &dx)| {
        let sign = if dx == 0.0 {
            0.0
        } else {
            f64::from(dx.signum())
        };
        let moved = Bounded::input(x) + Bounded::input(params.size) * Bounded::exact(sign);
        Want::from(moved.relu().at_most(1.0))
    });
    let moved = moved.collect();
    let inputs = vec![bits(&dx), bits(&x)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs).wants(1, moved)
}
