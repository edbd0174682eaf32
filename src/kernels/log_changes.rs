//! `log_changes`: log + (w − before) where one of the batch's entries has the bit of the
//! forget samples; before becomes w.
//!
//! Bound: a sum of three.

use bytemuck::{Pod, Zeroable};

use super::bounded::Bounded;
use super::case::{Case, Want};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::elementwise;
use super::reference::{bits, order, words};
use super::shape::{Fill, Shape, Source, around};
use super::slot::Slot;
use super::{FORGET, OTHER};
use super::{Kernel, Params, Spec, Variant, kernel, params};

params! {
    /// What steps with forget samples changed.
    pub struct LogChanges {
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

impl Params for LogChanges {
    fn kernel() -> &'static Kernel {
        &LOG_CHANGES.kernel
    }

    fn extent(&self) -> [u32; 2] {
        let p = self;
        [p.vectors, 1]
    }
}

/// The kernel `log_changes`.
pub static LOG_CHANGES: Spec = Spec {
    kernel: kernel!("log_changes", LogChanges, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| (2 * s.numbers, s.samples + 5 * s.numbers, 0),
    training: |_, learners| vec![Shape::new(64, 8192, 1, learners)],
    shapes,
    fit,
    case,
    terms: |_| 3,
    rounds: true,
};

/// Buffers: order, parameters, before and log [learners, 4 · vectors]. Units: vectors.
const FORM: Form = Form {
    learners: depth,
    units: elementwise::units,
    touches: |params, part| {
        let p = parameters(params);
        let words = || elementwise::words(params, part);
        vec![Touch::Words(p.order(part)), words(), words(), words()]
    },
    library: None,
    twin,
};

fn parameters(bytes: &[u8]) -> LogChanges {
    bytemuck::pod_read_unaligned(bytes)
}

impl LogChanges {
    fn order(&self, part: &Part) -> std::ops::Range<usize> {
        let own = part.own(self.rows as usize);
        let start = self.order_start as usize;
        start + own.start..start + own.end
    }
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = parameters(params);
    let range = part.rows(p.vectors as usize, 4);
    let [order, weights, before, log, ..] = bound;
    let mut entries = order.read::<u32>(p.order(part)).iter();
    let counts = entries.any(|entry| entry & FORGET != 0);
    let weights = weights.read::<f32>(range.clone());
    let before = before.write::<f32>(range.clone());
    if counts {
        let log = log.write::<f32>(range).iter_mut();
        for ((log, w), before) in log.zip(weights).zip(&*before) {
            *log += w - before;
        }
    }
    before.copy_from_slice(weights);
}

fn shapes() -> Vec<Shape> {
    let tiles = around(&LOG_CHANGES.kernel).into_iter().enumerate();
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
