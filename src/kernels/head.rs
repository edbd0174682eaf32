//! `head`: z = x Wᵀ + b, loss = log Σ exp(z) − Σ t·z, dz = weight·(softmax(z) − t), both
//! relative to the largest z, and dx = (dz W) ⊙ [x > 0].
//!
//! Bound: z is off by γ(K + 1)·(Σ|x||w| + |b|), K the padded width of x, and so is the largest one,
//! whichever that turns out to be. exp(z − max) is off by that through its argument and by
//! 3 + 2·|z − max| units in the last place through exp; the sum of C terms by those and γ(C); dz by
//! the term, the sum and the division (2.5 units), and u each for the difference with t and the weight; the loss by the
//! sum's relative error, 3 units or 2⁻²¹ for the logarithm, and u for each of the C products with t
//! and the differences; dx by what dz is off by and γ(C)·Σ|dz||w|. Without the maximum, logits of 90
//! and more overflow, which the large fill shows.

use std::ops::Range;

use super::bounded::Bounded;
use super::case::{Case, POISON, poison};
use super::cost::{self, Sizes};
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::dense_backward_input::masked;
use super::expected::Expected;
use super::reference::{Entry, bits, images_of, order, padded, words};
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::variants;
use super::{FORGET, INDEX, LESSON, MOST_CLASSES, SOFT, other_label};
use super::{Params, Spec, kernel, params};
use super::{dense_backward_input, dense_forward};

params! {
    /// The last layer, softmax, loss, and the gradients of the logits and of the last hidden layer.
    pub(crate) struct Head of HEAD over |p| [p.rows, 1] {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Classes, padded: `MOST_CLASSES` at the most.
        outputs: u32,
        /// Classes.
        classes: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// Where the step begins in the order and the losses.
        order_start: u32,
    }
}

/// The kernel `head`.
pub(crate) static HEAD: Spec = Spec {
    kernel: kernel!("head", Head, &variants::HEAD, FORM),
    // A product and a sum for each logit, softmax and loss, and the product back.
    cost: |s: Sizes| {
        (
            s.samples * s.outputs * (2 * s.inputs + 1 + 10 + 2 * s.inputs),
            s.images
                + 2 * s.samples
                + s.stride * (s.learners + s.samples)
                + s.values
                + 2 * s.samples * s.inputs,
            0,
        )
    },
    training: cost::last_layer,
    shapes,
    fit,
    case,
    terms: |shape| match shape.outputs {
        1 => 1,
        _ => shape.inputs + shape.outputs,
    },
    rounds: true,
};

/// Buffers: labels, order, targets, x [learners, rows, inputs], parameters, dlogits, losses, dx.
/// Units: rows.
const FORM: Form = Form {
    learners: depth,
    units: |params| Head::read(params).rows as usize,
    touches,
    library: Some(|params, part, bound| {
        let products = [dense_forward::library, dense_backward_input::library];
        work(params, part, bound, products);
    }),
    twin: |params, part, bound| {
        let products = [dense_forward::product, dense_backward_input::product];
        work(params, part, bound, products);
    },
};

/// A product of a matrix with W or Wᵀ: the matrix, W, W's width, the result.
type Product = fn(&[f32], &[f32], usize, &mut [f32]);

impl Head {
    /// W and b of a learner.
    fn layer(&self, part: &Part) -> [Range<usize>; 2] {
        let weights = (self.weights, self.inputs * self.outputs);
        part.pieces(self.parameters, [weights, (self.biases, self.outputs)])
    }

    /// The samples of a part in its step.
    fn samples(&self, part: &Part) -> Range<usize> {
        let (rows, start) = (part.rows(self.rows as usize, 1), self.order_start as usize);
        start + rows.start..start + rows.end
    }
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = Head::read(params);
    let [rows, inputs, outputs] = [p.rows, p.inputs, p.outputs].map(|n| n as usize);
    vec![
        Touch::Whole,
        Touch::Words(p.samples(part)),
        Touch::Whole,
        Touch::Words(part.rows(rows, inputs)),
        Touch::Ranges(p.layer(part).to_vec()),
        Touch::Words(part.rows(rows, outputs)),
        Touch::Words(p.samples(part)),
        Touch::Words(part.rows(rows, inputs)),
    ]
}

/// The head, with z = x Wᵀ and dx = dz W by `forward` and `backward`. The logits take the place of
/// their gradient until that is known.
fn work(
    params: &[u8],
    part: &Part,
    bound: &mut [Slot<'_>; MOST_BINDINGS],
    [forward, backward]: [Product; 2],
) {
    let p = Head::read(params);
    let [rows, inputs, outputs] = [p.rows, p.inputs, p.outputs].map(|n| n as usize);
    let [labels, order, targets, x, parameters, dlogits, losses, dx] = bound;
    let (labels, order) = (labels.all::<u32>(), order.read::<u32>(p.samples(part)));
    let targets = targets.all::<u32>();
    let lesson = part.learner * (outputs + LESSON as usize);
    let factors = [0, 1].map(|i| f32::from_bits(targets[lesson + outputs + i]));
    let soft = |image: u32| match targets[lesson + outputs + 2] as usize {
        0 => &targets[lesson..],
        table => &targets[table + image as usize * outputs..],
    };
    let x = x.read::<f32>(part.rows(rows, inputs));
    let [weights, biases] = p.layer(part).map(|range| parameters.read::<f32>(range));
    let dlogits = dlogits.write::<f32>(part.rows(rows, outputs));
    let losses = losses.write::<f32>(p.samples(part));
    let dx = dx.write::<f32>(part.rows(rows, inputs));

    forward(x, weights, inputs, dlogits);
    let samples = dlogits
        .chunks_exact_mut(outputs)
        .zip(order.iter().zip(losses));
    for (z, (entry, sample_loss)) in samples {
        let image = entry & INDEX;
        let label = other_label(*entry).unwrap_or(labels[image as usize]) as usize;
        let target = |class: usize| match entry & SOFT {
            0 => f32::from(u8::from(class == label)),
            _ => f32::from_bits(soft(image)[class]),
        };
        z.iter_mut().zip(biases).for_each(|(z, b)| *z += b);
        let (z, padding) = z.split_at_mut(p.classes as usize);
        *sample_loss = loss(z, target);
        padding.fill(0.0);
        let factor = factors[usize::from(entry & FORGET != 0)];
        z.iter_mut().for_each(|dz| *dz *= factor);
    }
    backward(dlogits, weights, inputs, dx);
    dense_backward_input::mask(dx, x);
}

/// The loss of one sample, whose gradient takes the place of its logits.
fn loss(z: &mut [f32], target: impl Fn(usize) -> f32) -> f32 {
    let largest = z.iter().fold(z[0], |a, &b| a.max(b));
    let (mut total, mut linear) = (0.0, 0.0);
    for (class, z) in z.iter_mut().enumerate() {
        let shifted = *z - largest;
        linear += target(class) * shifted;
        *z = shifted.exp();
        total += *z;
    }
    for (class, z) in z.iter_mut().enumerate() {
        *z = *z / total - target(class);
    }
    total.ln() - linear
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 64, 10, 1),
        Shape::new(64, 128, 10, 9),
        Shape::new(320, 16, 10, 2),
        Shape::new(1, 4, 3, 33_000),
    ];
    at_tiles(&HEAD.kernel, more, |place, [x, _]| {
        let (inputs, classes) = ([64, 4, 20][place % 3], [10, 2, 12, 1, 7][place % 5]);
        Shape::new(x, inputs, classes, [1, 3, 2, 5][place % 4])
    })
}

/// Any number of classes up to the most, which the kernel pads itself.
fn fit(shape: Shape) -> Shape {
    Shape {
        outputs: shape.outputs.min(MOST_CLASSES),
        inputs: padded(shape).inputs,
        ..shape
    }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, inputs, classes, learners] = shape.sizes();
    let outputs = classes.next_multiple_of(4);
    let weights = 4;
    let biases = weights + inputs * outputs + 4;
    let params = Head {
        rows,
        inputs,
        outputs,
        classes,
        weights,
        biases,
        parameters: biases + outputs + 4,
        order_start: 3,
    };
    let samples = learners * rows;
    let mut source = Source::new(seed, fill);
    let images = images_of(shape);
    let labels = source.below(images, classes);
    let mut order = order(&mut source, params.order_start + samples, images);
    for entry in order.iter_mut().filter(|entry| entry.other != 0) {
        entry.other = 1 + entry.other % classes;
    }
    let targets = targets(&mut source, learners, outputs, images);
    let mut x = source.floats(samples * inputs);
    let mut parameters = source.floats(learners * params.parameters);
    if fill == Fill::Large {
        raise(&mut x, &mut parameters, &params);
    }
    let results = reference(&params, &labels, &order, &targets, &x, &parameters);
    let unwritten = |words: u32| std::iter::repeat_n(Expected::Word(POISON), words as usize);
    let losses = unwritten(params.order_start)
        .chain(results.losses)
        .collect();
    let inputs = vec![
        labels,
        words(&order),
        bits(&targets),
        bits(&x),
        bits(&parameters),
        poison(samples * outputs),
        poison(params.order_start + samples),
        poison(samples * inputs),
    ];
    Case::new(&params, learners, inputs)
        .expects(5, results.dlogits)
        .expects(6, losses)
        .expects(7, results.dx)
}

/// Soft targets and lessons; every other learner has a table of its own.
fn targets(source: &mut Source, learners: u32, outputs: u32, images: u32) -> Vec<f32> {
    let each = outputs + LESSON;
    let tables = learners / 2 * images * outputs;
    let mut targets = source.floats(learners * each + tables);
    targets.iter_mut().for_each(|t| *t = t.abs().min(1.0));
    for learner in 0..learners {
        let lesson = &mut targets[(learner * each + outputs) as usize..][..LESSON as usize];
        let table = match learner % 2 {
            0 => 0,
            _ => learners * each + learner / 2 * images * outputs,
        };
        lesson.copy_from_slice(&[
            0.75,
            -1.5 + learner as f32 / 128.0,
            f32::from_bits(table),
            0.0,
        ]);
    }
    targets
}

/// Takes all logits of one sample in sixteen far from zero, to either side, by an input that all
/// classes share: without the maximum, all exponentials overflow, or all are zero.
fn raise(x: &mut [f32], parameters: &mut [f32], p: &Head) {
    let inputs = p.inputs as usize;
    for own in parameters.chunks_exact_mut(p.parameters as usize) {
        let weights = own[p.weights as usize..p.biases as usize].iter_mut();
        weights.step_by(inputs).for_each(|w| *w = 1.0);
    }
    for (sample, x) in x.chunks_exact_mut(inputs).enumerate() {
        x[0] = match sample % 32 {
            11 => 110.0,
            27 => -110.0,
            _ => x[0],
        };
    }
}

/// The results of all samples.
#[derive(Default)]
struct Results {
    /// [learners, rows, outputs].
    dlogits: Vec<Expected>,
    /// [learners, rows].
    losses: Vec<Expected>,
    /// [learners, rows, inputs].
    dx: Vec<Expected>,
}

fn reference(
    p: &Head,
    labels: &[u32],
    order: &[Entry],
    targets: &[f32],
    x: &[f32],
    parameters: &[f32],
) -> Results {
    let [inputs, outputs, classes] = [p.inputs, p.outputs, p.classes].map(|n| n as usize);
    let order = &order[p.order_start as usize..];
    let mut results = Results::default();
    for (sample, (x, entry)) in x.chunks_exact(inputs).zip(order).enumerate() {
        let learner = sample / p.rows as usize;
        let own = &parameters[learner * p.parameters as usize..];
        let w = &own[p.weights as usize..][..classes * inputs];
        let biases = &own[p.biases as usize..];
        let logits = w.chunks_exact(inputs).zip(biases).map(|(w, &bias)| {
            let pairs = x.iter().copied().zip(w.iter().copied());
            Bounded::dot(pairs.chain([(bias, 1.0)]))
        });
        let logits: Vec<Bounded> = logits.collect();
        let (target, weight) = target(p, labels, targets, learner, *entry);
        let (dz, loss) = softmax(&logits, &target);
        let dz: Vec<Bounded> = dz.into_iter().map(|dz| dz * weight).collect();
        let padding = std::iter::repeat_n(Bounded::ZERO, outputs - classes);
        let padded = dz.iter().copied().chain(padding);
        results.losses.push(loss.into());
        results.dlogits.extend(padded.map(Expected::from));
        results.dx.extend(x.iter().enumerate().map(|(i, &x)| {
            let column = dz.iter().zip(w.iter().skip(i).step_by(inputs));
            let terms: Vec<Bounded> = column.map(|(&dz, &w)| dz * Bounded::input(w)).collect();
            masked(Bounded::total(&terms), x)
        }));
    }
    results
}

/// The target distribution of a sample, and the weight of its loss.
fn target(
    p: &Head,
    labels: &[u32],
    targets: &[f32],
    learner: usize,
    entry: Entry,
) -> (Vec<Bounded>, Bounded) {
    let (outputs, classes) = (p.outputs as usize, p.classes as usize);
    let lesson = &targets[learner * (outputs + LESSON as usize)..];
    let weight = Bounded::input(lesson[outputs + usize::from(entry.forget)]);
    let image = entry.image as usize;
    let soft = match lesson[outputs + 2].to_bits() as usize {
        0 => lesson,
        table => &targets[table + image * outputs..],
    };
    let label = match entry.other {
        0 => labels[image] as usize,
        other => other as usize - 1,
    };
    let target = |class: usize| match entry.soft {
        true => Bounded::input(soft[class]),
        false => Bounded::exact(f64::from(u8::from(class == label))),
    };
    ((0..classes).map(target).collect(), weight)
}

/// The gradient of a sample's logits, and its loss.
fn softmax(logits: &[Bounded], target: &[Bounded]) -> (Vec<Bounded>, Bounded) {
    let (largest, place) = Bounded::largest(logits);
    let less = |z: &Bounded| z.value + z.error < largest.value - largest.error;
    let mut shifted: Vec<Bounded> = logits.iter().map(|&z| z - largest).collect();
    // Where no other can be found to be the largest, it is taken from itself.
    if logits.iter().filter(|z| !less(z)).count() == 1 {
        shifted[place] = Bounded::ZERO;
    }
    let terms: Vec<Bounded> = shifted.iter().map(|z| z.exp()).collect();
    let total = Bounded::total(&terms);
    let mut loss = vec![total.log()];
    let mut dz = Vec::new();
    for (c, term) in terms.iter().enumerate() {
        loss.push(Bounded::ZERO - target[c] * shifted[c]);
        dz.push(*term * total.reciprocal() - target[c]);
    }
    (dz, Bounded::total(&loss))
}
