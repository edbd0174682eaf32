//! Reference of `dense_forward`: y = act(x Wᵀ + b).
//!
//! Bound: γ(K + 1)·(Σ|x||w| + |b|), K the padded width of x: the bias is one more term, which a
//! compiler may add first. act, which is max(·, 0) or nothing, adds none.

use rayon::prelude::*;

use super::{Family, at_tiles, bits, padded};
use crate::check::bounded::Bounded;
use crate::check::case::{Case, Want, poison};
use crate::check::shape::{Fill, Shape, Source};
use crate::kernel::{DENSE_FORWARD, DenseForward};

pub(super) const FAMILY: Family = Family {
    kernel: &DENSE_FORWARD,
    shapes,
    fit: padded,
    case,
};

fn shapes() -> Vec<Shape> {
    let mut shapes = at_tiles(&DENSE_FORWARD, |[x, y], depth, learners| {
        Shape::new(y, depth, x, learners)
    });
    // The layers of the default network, one learner and many; then more workgroups in all than
    // one axis of a dispatch may have.
    shapes.extend([
        Shape::new(64, 128, 64, 1),
        Shape::new(64, 64, 10, 9),
        Shape::new(64, 784, 10, 2),
        Shape::new(1, 4, 68, 33_000),
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
    // Less than a thread's columns, so that it cannot pass for the number of outputs.
    let weights = 4;
    let biases = weights + inputs * outputs + 4;
    let params = DenseForward {
        rows,
        inputs,
        outputs,
        weights,
        biases,
        parameters: biases + outputs + 4,
        relu: (rows + outputs / 4) % 2,
        pad: 0,
    };
    let mut source = Source::new(seed, fill);
    let x = source.rows(learners * rows * inputs, inputs);
    let parameters = source.floats(learners * params.parameters);
    let y = reference(&params, &x, &parameters);
    let inputs = vec![
        bits(&x),
        bits(&parameters),
        poison(learners * rows * outputs),
    ];
    Case::new((shape, fill, seed), &params, learners, inputs).wants(2, y)
}

/// y [learners, rows, outputs].
fn reference(p: &DenseForward, x: &[f32], parameters: &[f32]) -> Vec<Want> {
    let (inputs, outputs) = (p.inputs as usize, p.outputs as usize);
    let rows = x.par_chunks_exact(inputs).enumerate();
    rows.flat_map_iter(|(row, x)| {
        let learner = row / p.rows as usize;
        let own = &parameters[learner * p.parameters as usize..];
        (0..outputs).map(move |o| {
            let w = &own[p.weights as usize + o * inputs..][..inputs];
            let bias = own[p.biases as usize + o];
            let pairs = x.iter().copied().zip(w.iter().copied());
            let y = Bounded::dot(pairs.chain([(bias, 1.0)]));
            Want::from(if p.relu == 1 { y.relu() } else { y })
        })
    })
    .collect()
}
