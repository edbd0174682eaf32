//! `sample_order`: entry permutation(epoch, t mod n) of the learner's list, with
//! t = (clock + step)·rows + row and epoch = t div n. Integers: exact.
//!
//! The permutation is `random::permuted`, whose own tests hold it against published numbers.

use std::ops::Range;

use super::case::{Case, poison};
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch};
use super::expected::Expected;
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{Clock, Learner};
use super::{Params, Spec, Variant, kernel, params};
use crate::random::permuted;

params! {
    /// The samples of the next steps.
    pub(crate) struct SampleOrder of SAMPLE_ORDER over |p| [p.rows, p.steps] {
        /// Samples per learner and step.
        rows: u32,
        /// Steps.
        steps: u32,
        /// Learners.
        learners: u32,
        /// Zero.
        pad: u32,
    }
}

/// The kernel `sample_order`.
pub(crate) static SAMPLE_ORDER: Spec = Spec {
    kernel: kernel!("sample_order", SampleOrder, &[Variant::PLAIN], FORM),
    // Steps are its outputs.
    cost: |s: Sizes| (0, 2 * s.samples * s.outputs, (32 + 16) * s.learners),
    // A quarter of MNIST: of a list as long as it, `--shape` takes fewer learners.
    training: |_, learners| vec![Shape::new(64, 15_000, 1, learners)],
    shapes,
    fit,
    case,
    terms: |shape| shape.rows,
    rounds: false,
};

/// Buffers: learners, progress, lists, order [steps, learners, rows]. Units: rows.
const FORM: Form = Form::loops(
    |params| SampleOrder::read(params).rows as usize,
    touches,
    twin,
);

impl SampleOrder {
    /// A part's entries of a step.
    fn entries(&self, step: u32, part: &Part) -> Range<usize> {
        let first = (step * self.learners * self.rows) as usize;
        let rows = part.rows(self.rows as usize, 1);
        first + rows.start..first + rows.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = SampleOrder::read(params);
    vec![
        Touch::Words(part.own(size_of::<Learner>() / 4)),
        Touch::Words(part.own(size_of::<Clock>() / 4)),
        Touch::Whole,
        Touch::Ranges((0..p.steps).map(|step| p.entries(step, part)).collect()),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = SampleOrder::read(params);
    let [learners, progress, lists, order, ..] = bound;
    let (lists, l) = (lists.all::<u32>(), learners.read::<Learner>(part.own(1))[0]);
    let state = progress.read::<Clock>(part.own(1))[0];
    for step in 0..p.steps {
        let first = state.step.wrapping_add(step).wrapping_mul(p.rows);
        let entries = order.write::<u32>(p.entries(step, part));
        for (row, entry) in (0..p.rows).skip(part.units.start).zip(entries) {
            let at = first.wrapping_add(row);
            let epoch = at / l.list_length;
            let place = permuted(l.key, epoch, l.list_length, at % l.list_length);
            *entry = lists[(l.list_start + place) as usize];
        }
    }
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 60_000, 8, 1),
        Shape::new(64, 5421, 1, 64),
        Shape::new(65, 100, 1, 33_000),
    ];
    at_tiles(&SAMPLE_ORDER.kernel, more, |place, [x, _]| {
        let list = [1, 2, 3, 64, 65, 1000, 7][place % 7];
        Shape::new(x, list, [1, 2, 1, 5, 8][place % 5], [1, 3, 2, 5][place % 4])
    })
}

/// Any number of steps, which are the outputs.
fn fit(shape: Shape) -> Shape {
    shape
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, inputs, outputs, learners] = shape.sizes();
    let params = SampleOrder {
        rows,
        steps: outputs,
        learners,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let keys = source.below(2 * learners, u32::MAX);
    // A clock that counts beyond 2³² samples goes on from zero.
    let latest = if fill == Fill::Large { u32::MAX } else { 5000 };
    let clocks = source.below(learners, latest);
    let settings: Vec<Learner> = (0..learners)
        .map(|i| Learner {
            key: [keys[2 * i as usize], keys[2 * i as usize + 1]],
            list_start: 3 * (i % 100),
            list_length: inputs + i % 17,
            ..Default::default()
        })
        .collect();
    let progress: Vec<Clock> = clocks
        .iter()
        .map(|&step| Clock {
            step,
            ..Default::default()
        })
        .collect();
    let lists = source.below(300 + inputs + 17, u32::MAX);
    let mut order = Vec::new();
    for step in 0..params.steps {
        for (l, clock) in settings.iter().zip(&clocks) {
            let start = clock.wrapping_add(step).wrapping_mul(rows);
            order.extend((0..rows).map(|row| Expected::Word(entry(l, start, row, &lists))));
        }
    }
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        bytemuck::cast_slice(&progress).to_vec(),
        lists.clone(),
        poison(params.steps * learners * rows),
    ];
    Case::new(&params, learners, inputs).expects(3, order)
}

fn entry(l: &Learner, start: u32, row: u32, lists: &[u32]) -> u32 {
    let at = start.wrapping_add(row);
    let n = l.list_length;
    let place = permuted(l.key, at / n, n, at % n);
    lists[(l.list_start + place) as usize]
}
