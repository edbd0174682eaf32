//! `log_changes`: log + (w − before) where one of the batch's entries has the bit of the
//! forget samples; before becomes w.
//!
//! Bound: a sum of three.

use std::ops::Range;

use super::bounded::Bounded;
use super::cost::Sizes;
use super::cpu::Part;
use super::elementwise::{self, Content, Elementwise};
use super::expected::Expected;
use super::reference::{bits, order, words};
use super::shape::{Shape, Source, at_tiles};
use super::{FORGET, OTHER};
use super::{Params, Spec, params};
use crate::model::Model;

params! {
    /// What steps with forget samples changed.
    pub(crate) struct LogChanges of LOG_CHANGES over |p| [p.vectors, 1] {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// Samples per learner.
        rows: u32,
        /// Where the step begins in the order.
        order_start: u32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `log_changes`.
pub(crate) static LOG_CHANGES: Spec = elementwise::spec::<LogChanges, 1, 2>(
    "log_changes",
    include_str!("../../shaders/log_changes.wgsl"),
);

impl LogChanges {
    /// A learner's entries of the step.
    fn entries(&self, part: &Part) -> Range<usize> {
        let own = part.own(self.rows as usize);
        let start = self.order_start as usize;
        start + own.start..start + own.end
    }
}

impl Elementwise<1, 2> for LogChanges {
    /// Order, parameters, the parameters before the step, and the log.
    const BUFFERS: &'static [Content<Self>] = &[
        Content::Common(Self::entries),
        Content::Numbers,
        Content::Numbers,
        Content::Numbers,
    ];
    const ROUNDINGS: u32 = 3;

    fn cost(s: Sizes) -> (u64, u64, u64) {
        (2 * s.numbers, s.samples + 5 * s.numbers, 0)
    }

    fn compute(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 2]) -> [f32; 2] {
        let counts = common[0].iter().any(|entry| entry & FORGET != 0);
        move |_, [w], [before, log]| [w, if counts { log + (w - before) } else { log }]
    }

    fn reference(&self, common: &[&[u32]]) -> impl Fn(u32, [f32; 1], [f32; 2]) -> [Expected; 2] {
        // By division: apart from the mask of the form on the CPU.
        let counts = common[0].iter().any(|entry| entry / FORGET % 2 == 1);
        move |_, [w], [before, log]| {
            let change = Bounded::input(w) - Bounded::input(before);
            let logged = match counts {
                true => (Bounded::input(log) + change).into(),
                false => Expected::Word(log.to_bits()),
            };
            [Bounded::input(w).into(), logged]
        }
    }

    fn inputs(shape: Shape, source: &mut Source) -> (Self, Vec<Vec<u32>>) {
        let (count, rows) = (shape.learners * shape.inputs, shape.rows);
        let params = Self {
            vectors: shape.inputs / 4,
            rows,
            order_start: 3,
            pad: 0,
        };
        // Samples before the step are to be forgotten, and one sample of some learners: the first, the
        // last, or one between. No image is looked at, so that all numbers will do.
        let entries = params.order_start + shape.learners * rows;
        let mut order = order(source, entries, 1 << OTHER);
        let (earlier, own) = order.split_at_mut(params.order_start as usize);
        earlier.iter_mut().for_each(|entry| entry.forget = true);
        own.iter_mut().for_each(|entry| entry.forget = false);
        let learners = own.chunks_exact_mut(rows as usize);
        for (learner, entries) in learners.enumerate() {
            let last = entries.len() - 1;
            match learner % 4 {
                0 => entries[last].forget = true,
                1 => {}
                2 => entries[0].forget = true,
                _ => entries[last / 2].forget = true,
            }
        }
        let numbers = [(); 3].map(|()| bits(&source.floats(count)));
        (params, [vec![words(&order)], numbers.to_vec()].concat())
    }

    fn shapes() -> Vec<Shape> {
        let more = [Shape::new(64, 65_532, 1, 2), Shape::new(2, 4, 1, 33_000)];
        at_tiles(Self::kernel(), more, |place, [x, _]| {
            Shape::new([1, 7, 64][place % 3], 4 * x, 1, [1, 3, 2, 5][place % 4])
        })
    }

    fn training(_: &Model, learners: u32) -> Vec<Shape> {
        vec![Shape::new(64, 8192, 1, learners)]
    }

    fn fit(shape: Shape) -> Shape {
        Shape {
            rows: shape.rows,
            ..elementwise::fit(shape)
        }
    }
}
