//! `dense_backward_weights.wgsl` on the CPU.

use super::form::{Form, MOST_BINDINGS, Part, Touch, depth};
use super::sgd::{self, Layer, Step};
use super::slot::Slot;
use crate::kernel::{DenseBackwardWeights, Learner};

/// Buffers: learners, dy [learners, rows, outputs], x [learners, rows, inputs], parameters,
/// velocity. Units: outputs.
pub static FORM: Form = Form {
    learners: depth,
    units: |params| parameters(params).outputs as usize,
    touches,
    blas: Some(|params, part, bound| work(params, part, bound, sgd::products)),
    twin: |params, part, bound| work(params, part, bound, sgd::loops),
};

fn parameters(bytes: &[u8]) -> DenseBackwardWeights {
    bytemuck::pod_read_unaligned(bytes)
}

fn touches(params: &[u8], part: &Part) -> Vec<Touch> {
    let p = parameters(params);
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
    let p = parameters(params);
    let each = p.parameters as usize;
    let [learners, dy, x, parameters, velocity, ..] = bound;
    let layer = Layer {
        settings: learners.read::<Learner>(part.own(1))[0],
        inputs: p.inputs as usize,
        outputs: p.outputs as usize,
        units: part.units.clone(),
        weights: part.inner(each, p.weights as usize, p.inputs as usize),
        biases: part.inner(each, p.biases as usize, 1),
        x: x.read(part.own((p.rows * p.inputs) as usize)),
        dy: dy.read(part.own((p.rows * p.outputs) as usize)),
        unit: 1.0,
        rows: p.rows as f32,
    };
    step(&layer, parameters, velocity);
}
