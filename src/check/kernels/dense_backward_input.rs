//! Reference of `dense_backward_input`: dx = (dy W) ⊙ [x > 0].
//!
//! Bound: γ(K)·Σ|dy||w|, K the padded width of dy. The mask adds none; a positive subnormal x may
//! count as zero, so there the gradient and zero are right, and nothing between them.

use rayon::prelude::*;

use super::{Family, at_tiles, bits, padded};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{DENSE_BACKWARD_INPUT, DenseBackwardInput};

pub(super) const FAMILY: Family = Family {
    kernel: &DENSE_BACKWARD_INPUT,
    shapes,
    fit: padded,
    case,
};

fn shapes() -> Vec<Shape> {
    let mut shapes = at_tiles(&DENSE_BACKWARD_INPUT, |[x, y], depth, learners| {
        Shape::new(y, x, depth, learners)
    });
    shapes.extend([
        Shape::new(64, 128, 64, 1),
        Shape::new(64, 64, 10, 9),
        Shape::new(1, 68, 4, 33_000),
    ]);
    shapes
}

fn case(shape: Shape, fill: Fill, seed: u32) -> Case {
    let Shape {
        rows,
        inputs,
        outputs,
        learners,
    } = shape;
    let weights = 4;
    let params = DenseBackwardInput {
        rows,
        inputs,
        outputs,
        weights,
        parameters: weights + inputs * outputs + 8,
        ..Default::default()
    };
    let mut source = Source::new(seed, fill);
    let parameters = source.floats(learners * params.parameters);
    let dy = source.rows(learners * rows * outputs, outputs);
    let x = source.floats(learners * rows * inputs);
    let dx = reference(&params, &parameters, &dy, &x);
    let inputs = vec![
        bits(&parameters),
        bits(&dy),
        bits(&x),
        poison(learners * rows * inputs),
    ];
    Case::new((shape, fill, seed), &params, learners, inputs).wants(3, dx)
}

/// dx [learners, rows, inputs].
fn reference(p: &DenseBackwardInput, parameters: &[f32], dy: &[f32], x: &[f32]) -> Vec<Want> {
    let (inputs, outputs) = (p.inputs as usize, p.outputs as usize);
    let rows = dy.par_chunks_exact(outputs).zip(x.par_chunks_exact(inputs));
    rows.enumerate()
        .flat_map_iter(|(row, (dy, x))| {
            let learner = row / p.rows as usize;
            let own = &parameters[learner * p.parameters as usize..];
            let w = &own[p.weights as usize..][..inputs * outputs];
            x.iter().enumerate().map(move |(i, &x)| {
                let column = w.iter().skip(i).step_by(inputs).copied();
                masked(Bounded::dot(dy.iter().copied().zip(column)), x)
            })
        })
        .collect()
}

/// A gradient that passes only where x > 0.
pub(super) fn masked(gradient: Bounded, x: f32) -> Want {
    match (x > 0.0, x.is_subnormal(), Want::from(gradient)) {
        (false, _, _) => Want::from(Bounded::ZERO),
        (true, true, Want::Near { value, bound }) => Want::NearOrZero { value, bound },
        (true, _, near) => near,
    }
}
