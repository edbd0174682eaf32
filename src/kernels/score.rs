//! `score`: counts of (label, answer), and sums of confidences and losses in fixed
//! point, which start from what the buffer holds.
//!
//! Counts are integers and exact. A confidence, 1 / Σ exp(z − max), and a loss, log Σ exp(z − max)
//! − (z − max), are off by what `head.rs` derives; each is rounded to its unit, so a sum
//! must lie between the sums of the lowest and the highest integer that each term may round to.
//! Often those are equal; no share of a bound is taken, so the table has "exact" for this kernel.

use super::bounded::Bounded;
use super::case::Case;
use super::cost::Sizes;
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, one};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{CONFIDENCE_UNIT, LARGEST_LOSS, LOSS_UNIT};
use super::{Params, Spec, Variant, kernel, params};

params! {
    /// Counts of an evaluation.
    pub(crate) struct ScoreCounts of SCORE over |p| [p.rows, 1] {
        /// Samples in this part of the set.
        rows: u32,
        /// Classes.
        classes: u32,
        /// Classes, padded.
        stride: u32,
        /// The part's first image.
        first: u32,
    }
}

/// The kernel `score`.
pub(crate) static SCORE: Spec = Spec {
    kernel: kernel!("score", ScoreCounts, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| {
        (
            s.samples * (4 * s.outputs + 8),
            s.rows + s.samples * s.stride + 2 * s.learners * (s.outputs + 2) * s.outputs,
            0,
        )
    },
    training: |_, learners| vec![Shape::new(1000, 1, 10, learners)],
    shapes,
    fit,
    case,
    terms: |shape| shape.rows,
    rounds: false,
};

/// Buffers: labels, logits [learners, rows, stride], counts [learners, (classes + 2) · classes].
const FORM: Form = Form::loops(one, touches, twin);

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = ScoreCounts::read(params);
    vec![
        Touch::Whole,
        Touch::Words(part.own((p.rows * p.stride) as usize)),
        Touch::Words(part.own(((p.classes + 2) * p.classes) as usize)),
    ]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = ScoreCounts::read(params);
    let [labels, logits, counts, ..] = bound;
    let labels = &labels.all::<u32>()[p.first as usize..];
    let logits = logits.read::<f32>(part.own((p.rows * p.stride) as usize));
    let counts = counts.write(part.own(((p.classes + 2) * p.classes) as usize));
    for (z, &label) in logits.chunks_exact(p.stride as usize).zip(labels) {
        count(&z[..p.classes as usize], label as usize, counts);
    }
}

/// Counts one image.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fixed-point numbers, in range by construction, as in the shader"
)]
fn count(z: &[f32], label: usize, counts: &mut [u32]) {
    let classes = z.len();
    let mut digit = 0;
    for class in 1..classes {
        if z[class] > z[digit] {
            digit = class;
        }
    }
    let total: f32 = z.iter().map(|v| (v - z[digit]).exp()).sum();
    let loss = (total.ln() - (z[label] - z[digit])).min(LARGEST_LOSS);
    let sums = classes * classes + label;
    counts[label * classes + digit] += 1;
    counts[sums] += (1.0 / total * CONFIDENCE_UNIT + 0.5) as u32;
    counts[sums + classes] += (loss * LOSS_UNIT + 0.5) as u32;
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(1000, 1, 10, 9),
        Shape::new(10_000, 1, 10, 1),
        Shape::new(65, 1, 3, 33_000),
    ];
    at_tiles(&SCORE.kernel, more, |place, [x, _]| {
        Shape::new(x, 1, [10, 2, 12, 7][place % 4], [1, 3, 5][place % 3])
    })
}

fn fit(shape: Shape) -> Shape {
    Shape { inputs: 1, ..shape }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (rows, classes, learners) = (shape.rows, shape.outputs, shape.learners);
    let params = ScoreCounts {
        rows,
        classes,
        stride: classes.next_multiple_of(4),
        first: 3,
    };
    let mut source = Source::new(seed, fill);
    let labels = source.below(params.first + rows, classes);
    let mut logits = logits(&mut source, learners * rows, params.stride, rows);
    // No tie between subnormals and zeros: whether they are equal is the device's choice.
    for (row, z) in logits.chunks_exact_mut(params.stride as usize).enumerate() {
        if fill == Fill::Tiny {
            z[row % classes as usize] = 7.0;
        }
    }
    let before = source.below(learners * (classes + 2) * classes, 1 << 31);
    let counts = reference(&params, &labels, &logits, &before);
    let inputs = vec![labels, bits(&logits), before];
    Case::new(&params, learners, inputs).expects(2, counts)
}

/// Logits of so many samples: as networks give them, or so far apart that their exponentials
/// overflow. In a large fill those of a sample are close to each other and far from zero, to either
/// side: without the maximum, all exponentials overflow, or all are zero.
fn logits(source: &mut Source, samples: u32, stride: u32, rows: u32) -> Vec<f32> {
    let size = [5.0, 1.0, 40.0, 200.0][(rows % 4) as usize];
    let mut logits = source.floats(samples * stride);
    logits.iter_mut().for_each(|z| *z *= size);
    if source.fill() == Fill::Large {
        let offsets = [0.0, 150.0, -150.0].into_iter().cycle();
        for (z, offset) in logits.chunks_exact_mut(stride as usize).zip(offsets) {
            z.iter_mut().for_each(|z| *z += offset);
        }
    }
    logits
}

/// exp(z − max) of every class, and the index of the first largest.
fn exponentials(z: &[f32]) -> (Vec<Bounded>, usize) {
    let mut largest = 0;
    for c in 1..z.len() {
        if z[c] > z[largest] {
            largest = c;
        }
    }
    let terms = z.iter().map(|&v| Bounded::difference(v, z[largest]).exp());
    (terms.collect(), largest)
}

/// counts [learners, (classes + 2)·classes].
fn reference(p: &ScoreCounts, labels: &[u32], logits: &[f32], before: &[u32]) -> Vec<Expected> {
    let (classes, stride) = (p.classes as usize, p.stride as usize);
    let mut sums: Vec<[u32; 2]> = before.iter().map(|&n| [n, n]).collect();
    let learners = sums.chunks_exact_mut((classes + 2) * classes);
    let labels = &labels[p.first as usize..];
    for (sums, logits) in learners.zip(logits.chunks_exact(p.rows as usize * stride)) {
        for (z, &label) in logits.chunks_exact(stride).zip(labels) {
            let (z, label) = (&z[..classes], label as usize);
            let (terms, largest) = exponentials(z);
            let total = Bounded::total(&terms);
            let loss = total.log() - Bounded::difference(z[label], z[largest]);
            let loss = loss.at_most(LARGEST_LOSS.into());
            add(&mut sums[label * classes + largest], [1, 1]);
            let at = classes * classes + label;
            add(&mut sums[at], units(total.reciprocal(), CONFIDENCE_UNIT));
            add(&mut sums[at + classes], units(loss, LOSS_UNIT));
        }
    }
    let expected = |&[low, high]: &[u32; 2]| Expected::Between(low, high);
    sums.iter().map(expected).collect()
}

fn add(sums: &mut [u32; 2], terms: [u32; 2]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// The lowest and the highest whole number of units that value·unit + ½ may be cut to.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 24 nats of 2⁻¹⁴, and not below zero"
)]
fn units(value: Bounded, unit: f32) -> [u32; 2] {
    let scaled = value * Bounded::exact(unit.into()) + Bounded::exact(0.5);
    [-1.0, 1.0].map(|side| (scaled.value + side * scaled.error).max(0.0) as u32)
}
