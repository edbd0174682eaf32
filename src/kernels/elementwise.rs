//! Kernels that go through a learner's numbers and change each by itself: what they share is their form
//! on the CPU, their reference and their shapes. Such a kernel's file says what its buffers hold and
//! what becomes of one number, in f32 and with a bound.
//!
//! Their shaders take four numbers at a time, so a unit of the dispatch is a vector of four; a shape's
//! inputs are a learner's numbers.

use std::array::from_fn;
use std::ops::Range;

use super::case::Case;
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch};
use super::expected::Expected;
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{Kernel, Params, Spec, Variant};
use crate::model::Model;

/// What a buffer holds.
pub(super) enum Content<P> {
    /// Numbers [learners, 4 · vectors].
    Numbers,
    /// Words that a learner has for all its numbers together: where its own are.
    Common(fn(&P, &Part) -> Range<usize>),
}

/// A kernel that reads R buffers of numbers and writes W others, which stand behind those.
pub(super) trait Elementwise<const R: usize, const W: usize>: Params {
    /// What the buffers hold, by binding.
    const BUFFERS: &'static [Content<Self>];
    /// The operations that round, in place of the terms of a sum; at most one: exact, or nearly so.
    const ROUNDINGS: u32;

    /// Floating-point operations, words and further bytes at a shape.
    fn cost(sizes: Sizes) -> (u64, u64, u64);

    /// With a learner's common words, buffer by buffer: what becomes of a number, from its place among
    /// the learner's numbers and what the buffers hold there.
    fn compute(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; R], [f32; W]) -> [f32; W];

    /// The same in f64, with bounds.
    fn reference(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; R], [f32; W]) -> [Expected; W];

    /// The parameters and the buffers of a case.
    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>);

    /// The shapes that a check always runs.
    fn shapes() -> Vec<Shape> {
        shapes(Self::kernel())
    }

    /// The shapes in training.
    fn training(model: &Model, learners: u32) -> Vec<Shape> {
        training(model, learners)
    }

    /// A shape as the kernel can take it.
    fn fit(shape: Shape) -> Shape {
        fit(shape)
    }
}

/// The row of such a kernel.
pub(super) const fn spec<P: Elementwise<R, W>, const R: usize, const W: usize>(
    name: &'static str,
    wgsl: &'static str,
) -> Spec {
    let form = Form::loops(units, touches::<P, R, W>, twin::<P, R, W>);
    Spec {
        kernel: Kernel::of::<P>(name, wgsl, &[Variant::PLAIN], form),
        cost: P::cost,
        training: P::training,
        shapes: P::shapes,
        fit: P::fit,
        case: case::<P, R, W>,
        terms: |_| P::ROUNDINGS,
        rounds: P::ROUNDINGS > 1,
    }
}

/// Units of a dispatch whose first parameter is the number of a learner's vectors.
pub(super) fn units(params: &[u8]) -> usize {
    let first = params.first_chunk().copied().unwrap_or_default();
    u32::from_ne_bytes(first) as usize
}

fn touches<P: Elementwise<R, W>, const R: usize, const W: usize>(
    params: &[u8],
    part: &Part,
) -> Vec<Touch> {
    let p = P::read(params);
    let touch = |content: &Content<P>| match content {
        Content::Numbers => Touch::Words(part.rows(units(params), 4)),
        Content::Common(own) => Touch::Words(own(&p, part)),
    };
    P::BUFFERS.iter().map(touch).collect()
}

fn twin<P: Elementwise<R, W>, const R: usize, const W: usize>(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
) {
    let p = P::read(params);
    let range = part.rows(units(params), 4);
    let (mut common, mut read, mut written) = (Vec::new(), Vec::new(), Vec::new());
    for (slot, content) in bound.iter_mut().zip(P::BUFFERS) {
        match content {
            Content::Common(own) => common.push(slot.read::<u32>(own(&p, part))),
            Content::Numbers if read.len() < R => read.push(slot.read::<f32>(range.clone())),
            Content::Numbers => written.push(slot.write::<f32>(range.clone())),
        }
    }
    // In arrays, which the compiler can keep in registers.
    let mut written = written.into_iter();
    let mut written: [&mut [f32]; W] = from_fn(|_| written.next().unwrap_or_default());
    let read: [&[f32]; R] = from_fn(|k| read[k]);
    let compute = p.compute(&common);
    for (at, number) in (0..range.len()).zip((0u32..).skip(4 * part.units.start)) {
        let before = from_fn(|k| written[k][at]);
        let after = compute(number, from_fn(|k| read[k][at]), before);
        written
            .iter_mut()
            .zip(after)
            .for_each(|(w, after)| w[at] = after);
    }
}

/// The case of a fitting shape: what each learner's numbers must become.
fn case<P: Elementwise<R, W>, const R: usize, const W: usize>(
    shape: Shape,
    fill: Fill,
    seed: u32,
) -> Case {
    let (params, inputs) = P::inputs(shape, &mut Source::new(seed, fill));
    let buffers = || inputs.iter().zip(P::BUFFERS);
    let is_number = |content: &Content<P>| matches!(content, Content::Numbers);
    let numbers = buffers().filter(|(_, content)| is_number(content));
    let numbers: Vec<&[u32]> = numbers.map(|(words, _)| &words[..]).collect();
    let mut expected: [Vec<Expected>; W] = from_fn(|_| Vec::new());
    for learner in 0..shape.learners as usize {
        let part = Part {
            learner,
            units: 0..0,
        };
        let common = buffers().filter_map(|(words, content)| match content {
            Content::Numbers => None,
            Content::Common(own) => Some(&words[own(&params, &part)]),
        });
        let common: Vec<&[u32]> = common.collect();
        let reference = params.reference(&common);
        for number in 0..shape.inputs {
            let at = learner * shape.inputs as usize + number as usize;
            let read = from_fn(|k| f32::from_bits(numbers[k][at]));
            let before = from_fn(|k| f32::from_bits(numbers[R + k][at]));
            let after = reference(number, read, before);
            expected
                .iter_mut()
                .zip(after)
                .for_each(|(all, one)| all.push(one));
        }
    }
    let first = inputs.len() - W;
    let case = Case::new(&params, shape.learners, inputs);
    let written = (first..).zip(expected);
    written.fold(case, |case, (binding, words)| case.expects(binding, words))
}

/// Shapes at the edges of the kernel's tiles, a large one and one of many learners.
pub(super) fn shapes(kernel: &Kernel) -> Vec<Shape> {
    let more = [Shape::new(1, 65_532, 1, 2), Shape::new(1, 4, 1, 33_000)];
    at_tiles(kernel, more, |place, [x, _]| {
        Shape::new(1, 4 * x, 1, [1, 3, 2, 5][place % 4])
    })
}

/// Whole vectors of four.
pub(super) fn fit(shape: Shape) -> Shape {
    Shape {
        rows: 1,
        inputs: shape.inputs.next_multiple_of(4),
        outputs: 1,
        ..shape
    }
}

/// A sixth of a network: more is no shape that `--shape` takes, whatever the kernel.
pub(super) fn training(_: &Model, learners: u32) -> Vec<Shape> {
    vec![Shape::new(1, 16_384, 1, learners)]
}
