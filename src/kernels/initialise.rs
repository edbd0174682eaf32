//! `initialise`: w = (a·2⁻²³ − 1)·bound with a 24-bit random integer a; zero in the
//! padding and for biases.
//!
//! The bits of a are exact. The formula has one rounding as it stands, and three where a compiler
//! multiplies it out: of a·2⁻²³, which is less than 2, of the difference from 1, and of the product.
//! The magnitude of all is (a·2⁻²³ + 1)·bound, at most 3·bound, so the bound is u·(a·2⁻²³ +
//! 2·(a·2⁻²³ + 1))·bound, at most 8u·bound. Where `bound` is 2²³ every way of computing it is exact. The random bits are `random::threefry2x32`, held against published numbers by its tests.

use super::bounded::Bounded;
use super::case::Case;
use super::cost::{self, Sizes};
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, one};
use super::expected::Expected;
use super::reference::bits;
use super::shape::{Fill, Shape, Source, at_tiles};
use super::slot::Slot;
use super::{Params, Spec, Variant, kernel, params};
use crate::random::threefry2x32;

params! {
    /// Fresh weights of one layer.
    pub(crate) struct Initialise of INITIALISE over |p| [p.padded_inputs, p.padded_outputs] {
        /// Inputs of the layer.
        inputs: u32,
        /// Outputs of the layer.
        outputs: u32,
        /// Inputs, padded.
        padded_inputs: u32,
        /// Outputs, padded.
        padded_outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// The layer's number.
        layer: u32,
        /// Weights lie in [−bound, bound).
        bound: f32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }
}

/// The kernel `initialise`.
pub(crate) static INITIALISE: Spec = Spec {
    kernel: kernel!("initialise", Initialise, &[Variant::PLAIN], FORM),
    cost: |s: Sizes| {
        (
            3 * s.weights,
            2 * s.learners + s.learners * (s.inputs.next_multiple_of(4) + 1) * s.stride,
            0,
        )
    },
    training: cost::layers,
    shapes,
    fit,
    case,
    terms: |_| 3,
    rounds: true,
};

/// Buffers: keys [learners, 2], parameters [learners, parameters].
const FORM: Form = Form::loops(one, touches, twin);

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let own = part.own(Initialise::read(params).parameters as usize);
    vec![Touch::Words(part.own(2)), Touch::Words(own)]
}

fn twin(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS]) {
    let p = Initialise::read(params);
    let [keys, parameters, ..] = bound;
    let key = keys.read::<[u32; 2]>(part.own(1))[0];
    layer(&p, key, parameters.write(part.own(p.parameters as usize)));
}

fn layer(p: &Initialise, key: [u32; 2], parameters: &mut [f32]) {
    let (width, height) = (p.padded_inputs as usize, p.padded_outputs as usize);
    let weights = &mut parameters[p.weights as usize..][..width * height];
    for (row, weights) in (0..).zip(weights.chunks_exact_mut(width)) {
        for (column, w) in (0..).zip(weights) {
            let inside = column < p.inputs && row < p.outputs;
            *w = if inside {
                let bits = threefry2x32(key, [row * p.inputs + column, p.layer])[0];
                ((bits >> 8) as f32 * (1.0 / 8_388_608.0) - 1.0) * p.bound
            } else {
                0.0
            };
        }
    }
    parameters[p.biases as usize..][..height].fill(0.0);
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(1, 784, 128, 2),
        Shape::new(1, 64, 10, 9),
        Shape::new(1, 65, 1, 8500),
    ];
    at_tiles(&INITIALISE.kernel, more, |place, [x, _]| {
        Shape::new(1, x, [1, 3, 10, 30][place % 4], [1, 3, 2][place % 3])
    })
}

fn fit(shape: Shape) -> Shape {
    Shape { rows: 1, ..shape }
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let (inputs, outputs, learners) = (shape.inputs, shape.outputs, shape.learners);
    let (padded_inputs, padded_outputs) = (inputs.next_multiple_of(4), outputs.next_multiple_of(4));
    let weights = 4;
    let biases = weights + padded_inputs * padded_outputs + 4;
    let params = Initialise {
        inputs,
        outputs,
        padded_inputs,
        padded_outputs,
        weights,
        biases,
        parameters: biases + padded_outputs + 4,
        layer: inputs % 3,
        bound: if fill == Fill::Exact {
            8_388_608.0
        } else {
            (6.0 / inputs as f32).sqrt()
        },
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let keys = source.below(2 * learners, u32::MAX);
    let before = bits(&source.floats(learners * params.parameters));
    let expected = keys
        .chunks_exact(2)
        .zip(before.chunks_exact(params.parameters as usize))
        .flat_map(|(key, before)| reference(&params, [key[0], key[1]], before, fill))
        .collect();
    Case::new(&params, learners, vec![keys, before]).expects(1, expected)
}

/// One learner's parameters.
fn reference(p: &Initialise, key: [u32; 2], before: &[u32], fill: Fill) -> Vec<Expected> {
    let mut expected: Vec<Expected> = before.iter().map(|word| Expected::Word(*word)).collect();
    for row in 0..p.padded_outputs {
        for column in 0..p.padded_inputs {
            let at = p.weights + row * p.padded_inputs + column;
            let real = row < p.outputs && column < p.inputs;
            let counter = [row.wrapping_mul(p.inputs) + column, p.layer];
            expected[at as usize] = match real {
                true => weight(threefry2x32(key, counter)[0] >> 8, p.bound, fill),
                false => Expected::Word(0),
            };
        }
        expected[(p.biases + row) as usize] = Expected::Word(0);
    }
    expected
}

fn weight(a: u32, bound: f32, fill: Fill) -> Expected {
    let unit = 1.0 / 8_388_608.0;
    let w = (Bounded::exact(a.into()) * Bounded::exact(unit) - Bounded::exact(1.0))
        * Bounded::exact(bound.into());
    match fill {
        Fill::Exact => Expected::Near {
            value: w.value,
            bound: 0.0,
        },
        _ => w.into(),
    }
}
