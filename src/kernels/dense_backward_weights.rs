//! `dense_backward_weights`: g = Σ dy ⊗ x / rows, then the SGD step (`sgd.rs`).
//!
//! Bound of g: γ(K)·Σ|dy||x| / rows, K the number of rows, and 2.5u for the division (2.5 units in
//! the last place); likewise the bias, whose terms are dy alone.

use super::Learner;
use super::bounded::Bounded;
use super::case::Case;
use super::cost::{self, Sizes};
use super::cpu::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::reference::{self, at_product_tiles, bits};
use super::sgd::{self, Inputs, SgdLayer, Step};
use super::sgd_reference::{State, after, learners};
use super::shape::{Fill, Shape, Source};
use super::slot::Slot;
use super::variants;
use super::{Params, Spec, kernel, params};

params! {
    /// A dense layer's gradient and SGD step.
    pub(crate) struct DenseBackwardWeights of DENSE_BACKWARD_WEIGHTS over |p| [p.inputs, p.outputs] {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }
}

/// The kernel `dense_backward_weights`.
pub(crate) static DENSE_BACKWARD_WEIGHTS: Spec = Spec {
    kernel: kernel!(
        "dense_backward_weights",
        DenseBackwardWeights,
        &variants::DENSE_BACKWARD_WEIGHTS,
        FORM
    ),
    cost: |s: Sizes| {
        (
            s.samples * s.outputs * (2 * s.inputs + 1) + 5 * s.values,
            s.samples * (s.inputs + s.outputs),
            s.sgd,
        )
    },
    training: cost::dense_layers,
    shapes,
    fit: reference::padded,
    case,
    terms: |shape| shape.rows,
    rounds: true,
};

/// Buffers: learners, dy [learners, rows, outputs], x [learners, rows, inputs], parameters,
/// velocity. Units: outputs.
const FORM: Form = Form {
    learners: depth,
    units: |params| DenseBackwardWeights::read(params).outputs as usize,
    touches,
    library: Some(|params, part, bound| work(params, part, bound, sgd::products)),
    twin: |params, part, bound| work(params, part, bound, sgd::loops),
};

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = DenseBackwardWeights::read(params);
    let each = p.parameters as usize;
    let state = Touch::Ranges(vec![
        part.inner(each, p.weights as usize, p.inputs as usize),
        part.inner(each, p.biases as usize, 1),
    ]);
    vec![
        Touch::Words(part.own(size_of::<Learner>() / 4)),
        Touch::Words(part.own((p.rows * p.outputs) as usize)),
        Touch::Words(part.own((p.rows * p.inputs) as usize)),
        state.clone(),
        state,
    ]
}

fn work(params: &[u8], part: &Part, bound: &mut [Slot<'_>; MOST_BINDINGS], step: Step) {
    let p = DenseBackwardWeights::read(params);
    let each = p.parameters as usize;
    let [learners, dy, x, parameters, velocity, ..] = bound;
    let layer = SgdLayer {
        settings: learners.read::<Learner>(part.own(1))[0],
        inputs: p.inputs as usize,
        outputs: p.outputs as usize,
        units: part.units.clone(),
        weights: part.inner(each, p.weights as usize, p.inputs as usize),
        biases: part.inner(each, p.biases as usize, 1),
        x: Inputs::Numbers(x.read(part.own((p.rows * p.inputs) as usize))),
        dy: dy.read(part.own((p.rows * p.outputs) as usize)),
        unit: 1.0,
        rows: p.rows as f32,
    };
    step(&layer, parameters, velocity);
}

fn shapes() -> Vec<Shape> {
    let more = [
        Shape::new(64, 128, 64, 2),
        Shape::new(64, 64, 10, 9),
        Shape::new(65, 784, 10, 1),
        Shape::new(1, 68, 4, 33_000),
    ];
    at_product_tiles(
        &DENSE_BACKWARD_WEIGHTS.kernel,
        more,
        |[x, y], depth, learners| Shape::new(depth, x, y, learners),
    )
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let [rows, inputs, outputs, count] = shape.sizes();
    let weights = 4;
    let biases = weights + inputs * outputs + 4;
    let params = DenseBackwardWeights {
        rows,
        inputs,
        outputs,
        weights,
        biases,
        parameters: biases + outputs + 4,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let settings = learners(&mut source, count, fill);
    let dy = source.columns(count * rows * outputs, outputs);
    let x = source.floats(count * rows * inputs);
    let parameters = source.floats(count * params.parameters);
    let velocity = source.floats(count * params.parameters);
    let inputs = vec![
        bytemuck::cast_slice(&settings).to_vec(),
        bits(&dy),
        bits(&x),
        bits(&parameters),
        bits(&velocity),
    ];
    let step = |learner: usize, settings: &Learner, state: &mut State<'_>| {
        reference(&params, learner, settings, &dy, &x, state);
    };
    let (parameters, velocity) = after(&settings, &parameters, &velocity, step);
    Case::new(&params, count, inputs)
        .expects(3, parameters)
        .expects(4, velocity)
}

/// One learner's step.
fn reference(
    p: &DenseBackwardWeights,
    learner: usize,
    settings: &Learner,
    dy: &[f32],
    x: &[f32],
    state: &mut State<'_>,
) {
    let [rows, inputs, outputs] = [p.rows, p.inputs, p.outputs].map(|n| n as usize);
    let dy = &dy[learner * rows * outputs..][..rows * outputs];
    let x = &x[learner * rows * inputs..][..rows * inputs];
    for o in 0..outputs {
        let dy = || dy.iter().skip(o).step_by(outputs).copied();
        for i in 0..inputs {
            let x = x.iter().skip(i).step_by(inputs).copied();
            let gradient = Bounded::dot(dy().zip(x)).over(rows as f64);
            let at = p.weights as usize + o * inputs + i;
            state.descend(at, gradient, settings);
        }
        let bias = Bounded::sum(dy()).over(rows as f64);
        state.descend(p.biases as usize + o, bias, settings);
    }
}
