//! Reference of `dense_backward_weights`: g = Σ dy ⊗ x / rows, then the SGD step (`sgd.rs`).
//!
//! Bound of g: γ(K)·Σ|dy||x| / rows, K the number of rows, and 2.5u for the division (2.5 units in
//! the last place); likewise the bias, whose terms are dy alone.

use super::sgd::{State, after, learners};
use super::{Family, at_tiles, bits, padded};
use crate::check::bounded::Bounded;
use crate::check::case::Case;
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{DENSE_BACKWARD_WEIGHTS, DenseBackwardWeights, Learner};

pub(super) const FAMILY: Family = Family {
    kernel: &DENSE_BACKWARD_WEIGHTS,
    shapes,
    fit: padded,
    case,
};

fn shapes() -> Vec<Shape> {
    let mut shapes = at_tiles(&DENSE_BACKWARD_WEIGHTS, |[x, y], depth, learners| {
        Shape::new(depth, x, y, learners)
    });
    shapes.extend([
        Shape::new(64, 128, 64, 2),
        Shape::new(64, 64, 10, 9),
        Shape::new(65, 784, 10, 1),
        Shape::new(1, 68, 4, 33_000),
    ]);
    shapes
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        inputs,
        outputs,
        learners: count,
    } = shape;
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
    Case::new((shape, fill, seed), &params, count, inputs)
        .wants(3, parameters)
        .wants(4, velocity)
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
