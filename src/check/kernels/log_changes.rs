//! Reference of `log_changes`: log + (w − before) where one of the batch's entries has the bit of the
//! forget samples; before becomes w.
//!
//! Bound: a sum of three.

use super::{Family, around, bits, order, words};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{LOG_CHANGES, LogChanges, OTHER};

pub(super) const FAMILY: Family = Family {
    kernel: &LOG_CHANGES,
    shapes,
    fit,
    case,
};

fn shapes() -> Vec<Shape> {
    let tiles = around(&LOG_CHANGES).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, _])| Shape::new([1, 7, 64][place % 3], 4 * x, 1, [1, 3, 2, 5][place % 4]))
        .collect();
    shapes.extend([Shape::new(64, 65_532, 1, 2), Shape::new(2, 4, 1, 33_000)]);
    shapes
}

fn fit(shape: Shape) -> Shape {
    Shape {
        inputs: shape.inputs.next_multiple_of(4),
        outputs: 1,
        ..shape
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (count, rows) = (shape.learners * shape.inputs, shape.rows);
    let params = LogChanges {
        vectors: shape.inputs / 4,
        rows,
        order_start: 3,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    // Samples before the step are to be forgotten, and one sample of some learners: the first, the
    // last, or one between. No image is looked at, so that all numbers will do.
    let entries = params.order_start + shape.learners * rows;
    let mut order = order(&mut source, entries, 1 << OTHER);
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
    let weights = source.floats(count);
    let before = source.floats(count);
    let log = source.floats(count);
    let each = shape.inputs as usize;
    let logged = (0..log.len()).map(|at| {
        let sum = || {
            let change = Bounded::input(weights[at]) - Bounded::input(before[at]);
            Bounded::input(log[at]) + change
        };
        match (at / each) % 4 {
            1 => Want::Word(log[at].to_bits()),
            _ => sum().into(),
        }
    });
    let logged = logged.collect();
    let kept = weights.iter().map(|&w| Bounded::input(w).into()).collect();
    let inputs = vec![words(&order), bits(&weights), bits(&before), bits(&log)];
    Case::new((shape, fill, seed), &params, shape.learners, inputs)
        .wants(2, kept)
        .wants(3, logged)
}
