//! Reference of `softmax_loss`: loss = log Σ exp(z) − Σ t·z, dz = softmax(z) − t, both relative to
//! the largest z.
//!
//! Bound: a term exp(z − max) is off by u·|z − max| through its argument and by 3 + 2·|z − max|
//! units in the last place through exp; the sum of C terms by those and γ(C); dz by the term, the
//! sum and the division (2.5 units), and u for the difference with t; the loss by the sum's relative
//! error, 3 units or 2⁻²¹ for the logarithm, and u for each of the C products with t and the
//! differences. Without the maximum, logits of 90 and more overflow, which the shapes and the large
//! fill show.

use super::{Family, IMAGES, bits, order};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source, around};
use crate::kernel::{INDEX, SOFT, SOFTMAX_LOSS, SoftmaxLoss};

pub(super) const FAMILY: Family = Family {
    kernel: &SOFTMAX_LOSS,
    shapes,
    fit,
    case,
};

fn shapes() -> Vec<Shape> {
    let tiles = around(&SOFTMAX_LOSS).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, _])| {
            Shape::new(x, 1, [10, 2, 12, 1, 7][place % 5], [1, 3, 2, 5][place % 4])
        })
        .collect();
    shapes.extend([
        Shape::new(64, 1, 10, 1),
        Shape::new(64, 1, 10, 9),
        Shape::new(65, 1, 3, 33_000),
    ]);
    shapes
}

/// Any number of classes, which the kernel pads itself.
fn fit(shape: Shape) -> Shape {
    Shape { inputs: 1, ..shape }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        outputs: classes,
        learners,
        ..
    } = shape;
    let params = SoftmaxLoss {
        rows,
        classes,
        stride: classes.next_multiple_of(4),
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let labels = source.below(IMAGES, classes);
    let order = order(&mut source, learners * rows);
    let targets = source.floats(learners * params.stride);
    let targets: Vec<f32> = targets.iter().map(|t| t.abs().min(1.0)).collect();
    let logits = logits(&mut source, learners * rows, params.stride, rows);
    let (dlogits, losses) = reference(&params, &labels, &order, &targets, &logits);
    let inputs = vec![
        labels,
        order,
        bits(&targets),
        bits(&logits),
        poison(learners * rows * params.stride),
        poison(learners * rows),
    ];
    Case::new((shape, fill, seed), &params, learners, inputs)
        .wants(4, dlogits)
        .wants(5, losses)
}

/// Logits of so many samples: as networks give them, or so far apart that their exponentials
/// overflow. In a large fill those of a sample are close to each other and far from zero, to either
/// side: without the maximum, all exponentials overflow, or all are zero.
pub(super) fn logits(source: &mut Source, samples: u32, stride: u32, rows: u32) -> Vec<f32> {
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
pub(super) fn exponentials(z: &[f32]) -> (Vec<Bounded>, usize) {
    let mut largest = 0;
    for c in 1..z.len() {
        if z[c] > z[largest] {
            largest = c;
        }
    }
    let terms = z.iter().map(|&v| Bounded::difference(v, z[largest]).exp());
    (terms.collect(), largest)
}

/// dlogits [learners, rows, stride] and losses [learners, rows].
fn reference(
    p: &SoftmaxLoss,
    labels: &[u32],
    order: &[u32],
    targets: &[f32],
    logits: &[f32],
) -> (Vec<Want>, Vec<Want>) {
    let (classes, stride) = (p.classes as usize, p.stride as usize);
    let (mut dlogits, mut losses) = (Vec::new(), Vec::new());
    for (sample, z) in logits.chunks_exact(stride).enumerate() {
        let entry = order[sample];
        let label = labels[(entry & INDEX) as usize] as usize;
        let soft = &targets[sample / p.rows as usize * stride..][..classes];
        let target = |c: usize| match entry & SOFT {
            0 => Bounded::exact(f64::from(u8::from(c == label))),
            _ => Bounded::input(soft[c]),
        };
        let z = &z[..classes];
        let (terms, largest) = exponentials(z);
        let total = Bounded::total(&terms);
        let mut loss = vec![total.log()];
        for (c, term) in terms.iter().enumerate() {
            loss.push(Bounded::ZERO - target(c) * Bounded::difference(z[c], z[largest]));
            dlogits.push(Want::from(*term * total.reciprocal() - target(c)));
        }
        dlogits.extend(vec![Want::from(Bounded::ZERO); stride - classes]);
        losses.push(Want::from(Bounded::total(&loss)));
    }
    (dlogits, losses)
}
