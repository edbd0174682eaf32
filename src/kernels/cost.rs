//! What a kernel has to compute and to move at a shape: the work of the algorithm, whatever a
//! variant does beyond it.
//!
//! An operation is an addition, a product, a division, a comparison of floats, an exponential or a
//! logarithm; integers are not counted. A byte counts once for each buffer that has to be read or
//! written from memory, however often threads load it. The numbers are those of the check's case:
//! a few images for all samples, and momentum for every second learner.

use super::reference::images_of;
use super::shape::Shape;
use crate::model::{Layer, Model};

/// The work of a dispatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Floating-point operations.
    pub(crate) flops: u64,
    /// Bytes.
    pub(crate) bytes: u64,
}

/// A shape's sizes, and what costs are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(super) rows: u64,
    pub(super) inputs: u64,
    pub(super) outputs: u64,
    pub(super) learners: u64,
    /// Samples of all learners.
    pub(super) samples: u64,
    /// Weights of all learners.
    pub(super) weights: u64,
    /// Weights and biases of all learners.
    pub(super) values: u64,
    /// Numbers of all learners, where inputs are a learner's numbers.
    pub(super) numbers: u64,
    /// Outputs, padded.
    pub(super) stride: u64,
    /// Distinct images, or labels: no more than there are, whoever reads them.
    pub(super) images: u64,
    /// Bytes of an SGD step: settings of 32 bytes; each value read and written, and its velocity
    /// where there is momentum.
    pub(super) sgd: u64,
}

impl Sizes {
    pub(super) fn of(shape: Shape) -> Self {
        let [rows, inputs, outputs, learners] = shape.sizes().map(u64::from);
        let (samples, each) = (learners * rows, inputs * outputs + outputs);
        Self {
            rows,
            inputs,
            outputs,
            learners,
            samples,
            weights: learners * inputs * outputs,
            values: learners * each,
            numbers: learners * inputs,
            stride: outputs.next_multiple_of(4),
            images: samples.min(images_of(shape).into()),
            sgd: 32 * learners + 8 * learners * each + 8 * each * learners.div_ceil(2),
        }
    }
}

fn of_layers(layers: &[Layer], learners: u32) -> Vec<Shape> {
    let shape = |l: &Layer| Shape::new(64, l.inputs, l.outputs, learners);
    layers.iter().map(shape).collect()
}

/// Training shapes of a kernel that works on every layer.
pub(super) fn layers(model: &Model, learners: u32) -> Vec<Shape> {
    of_layers(model.layers(), learners)
}

/// Of one that works on the layer that reads images.
pub(super) fn first_layer(model: &Model, learners: u32) -> Vec<Shape> {
    of_layers(&model.layers()[..1], learners)
}

/// Of one that works on all layers behind the first.
pub(super) fn dense_layers(model: &Model, learners: u32) -> Vec<Shape> {
    of_layers(&model.layers()[1..], learners)
}

/// Of one that works on hidden layers behind the first.
pub(super) fn middle_layers(model: &Model, learners: u32) -> Vec<Shape> {
    let layers = model.layers();
    of_layers(
        layers[1..].split_last().map_or(&[], |(_, rest)| rest),
        learners,
    )
}

/// Of one that works on the last layer.
pub(super) fn last_layer(model: &Model, learners: u32) -> Vec<Shape> {
    let layers = model.layers();
    of_layers(&layers[layers.len() - 1..], learners)
}

#[cfg(test)]
mod tests;
