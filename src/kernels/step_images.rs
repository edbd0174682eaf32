//! `step_images`: x + size·sign(dx), within [0, 1].
//!
//! Bound: a product and a sum; the clamp adds none.

use super::bounded::Bounded;
use super::cost::Sizes;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::{bits, normal};
use super::shape::{Fill, Shape, Source};
use super::{Spec, params};

params! {
    /// Images, moved along the sign of their gradient.
    pub(crate) struct StepImages of STEP_IMAGES over |p| [p.vectors, 1] {
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

/// The kernel `step_images`.
pub(crate) static STEP_IMAGES: Spec = elementwise::spec::<StepImages, 1, 1>(
    "step_images",
    include_str!("../../shaders/step_images.wgsl"),
);

impl Elementwise<1, 1> for StepImages {
    /// dx and x.
    const BUFFERS: &'static [Content<Self>] = &[Content::Numbers, Content::Numbers];
    const ROUNDINGS: u32 = 2;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (5 * s.numbers, 3 * s.numbers, 0)
    }

    fn compute(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 1]) -> [f32; 1] {
        |_, [dx], [x]| [(x + self.size * sign(dx)).clamp(0.0, 1.0)]
    }

    fn reference(&self, _: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 1]) -> [Expected; 1] {
        let size = Bounded::input(self.size);
        move |_, [dx], [x]| {
            let step = size * Bounded::exact(sign(dx).into());
            [(Bounded::input(x) + step).relu().at_most(1.0).into()]
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let count = shape.learners * shape.inputs;
        let exact = source.fill() == Fill::Exact;
        let params = Self {
            vectors: shape.inputs / 4,
            size: if exact { 1.0 } else { 0.1 },
            ..Default::default()
        };
        let dx = normal(source.rows(count, 4));
        let x: Vec<f32> = source.floats(count).into_iter().map(f32::abs).collect();
        (params, vec![bits(&dx), bits(&x)])
    }
}

/// Rust's signum of zero is one.
fn sign(dx: f32) -> f32 {
    if dx == 0.0 { 0.0 } else { dx.signum() }
}
