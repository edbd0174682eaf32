//! What a training step and an evaluation are, as recordings.

use super::{Buffers, DeviceImages, last, word};
use crate::device::{Buffer, Recording};
use crate::kernel::{
    CloseStep, DenseBackwardInput, DenseBackwardWeights, DenseForward, ImageBackwardWeights,
    ImageForward, SampleOrder, ScoreCounts, SoftmaxLoss,
};
use crate::model::Model;
use crate::record::CLASSES;

/// Writes down what a step and an evaluation are.
pub(super) struct Recorder<'a> {
    pub(super) model: &'a Model,
    pub(super) learners: u32,
    pub(super) buffers: &'a Buffers,
}

impl Recorder<'_> {
    /// One training step of all learners.
    pub(super) fn step(&self, train: &DeviceImages, rows: u32) -> Recording {
        let mut recording = Recording::default();
        let b = self.buffers;
        let order = SampleOrder {
            rows,
            ..Default::default()
        };
        recording.dispatch(
            order,
            self.learners,
            &[b.settings, b.progress, b.lists, b.order],
        );
        self.forward(
            &mut recording,
            train.pixels,
            (b.order, 0, rows),
            rows,
            &b.outputs,
        );
        self.loss(&mut recording, train, rows);
        self.backward(&mut recording, train, rows);
        let close = CloseStep {
            rows,
            learners: self.learners,
            ..Default::default()
        };
        recording.dispatch(close, 1, &[b.losses, b.progress]);
        recording
    }

    /// The scores of all test images, part by part.
    pub(super) fn evaluation(&self, test: &DeviceImages, part: usize) -> Recording {
        let mut recording = Recording::default();
        let b = self.buffers;
        recording.clear(b.counts);
        for start in (0..test.count).step_by(part) {
            let rows = word(part.min(test.count - start));
            let order = (test.plain_order, word(start), 0);
            self.forward(&mut recording, test.pixels, order, rows, &b.answers);
            let params = ScoreCounts {
                rows,
                classes: word(CLASSES),
                stride: last(self.model).padded_outputs,
                first: word(start),
            };
            let logits = b.answers[b.answers.len() - 1];
            recording.dispatch(params, self.learners, &[test.labels, logits, b.counts]);
        }
        recording
    }

    /// Images to logits. `order`: the buffer, the first entry, and the entries per learner.
    fn forward(
        &self,
        recording: &mut Recording,
        images: Buffer,
        order: (Buffer, u32, u32),
        rows: u32,
        outputs: &[Buffer],
    ) {
        let layers = self.model.layers();
        let parameters = self.model.parameters();
        let first = ImageForward {
            rows,
            pixels: layers[0].inputs,
            outputs: layers[0].padded_outputs,
            weights: layers[0].weights,
            biases: layers[0].biases,
            parameters,
            order_start: order.1,
            order_stride: order.2,
        };
        let bound = [images, order.0, self.buffers.parameters, outputs[0]];
        recording.dispatch(first, self.learners, &bound);
        for (number, layer) in layers.iter().enumerate().skip(1) {
            let params = DenseForward {
                rows,
                inputs: layer.padded_inputs,
                outputs: layer.padded_outputs,
                weights: layer.weights,
                biases: layer.biases,
                parameters,
                relu: u32::from(number + 1 < layers.len()),
                pad: 0,
            };
            let bound = [
                outputs[number - 1],
                self.buffers.parameters,
                outputs[number],
            ];
            recording.dispatch(params, self.learners, &bound);
        }
    }

    fn loss(&self, recording: &mut Recording, train: &DeviceImages, rows: u32) {
        let b = self.buffers;
        let end = b.outputs.len() - 1;
        let params = SoftmaxLoss {
            rows,
            classes: word(CLASSES),
            stride: last(self.model).padded_outputs,
            pad: 0,
        };
        let bound = [
            train.labels,
            b.order,
            b.targets,
            b.outputs[end],
            b.gradients[end],
            b.losses,
        ];
        recording.dispatch(params, self.learners, &bound);
    }

    /// From the logits' gradient back to the first layer, then all weights: a layer's weights
    /// must not move before the gradient has passed through them.
    fn backward(&self, recording: &mut Recording, train: &DeviceImages, rows: u32) {
        for number in (1..self.model.layers().len()).rev() {
            self.backward_input(recording, number, rows);
        }
        // The first layer first: it is read as it was in the forward pass, of which software
        // adapters have a copy for as long as nothing was written.
        self.backward_images(recording, train, rows);
        for number in (1..self.model.layers().len()).rev() {
            self.backward_weights(recording, number, rows);
        }
    }

    fn backward_input(&self, recording: &mut Recording, number: usize, rows: u32) {
        let (b, layer) = (self.buffers, self.model.layers()[number]);
        let params = DenseBackwardInput {
            rows,
            inputs: layer.padded_inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            parameters: self.model.parameters(),
            ..Default::default()
        };
        let (x, dx) = (b.outputs[number - 1], b.gradients[number - 1]);
        let bound = [b.parameters, b.gradients[number], x, dx];
        recording.dispatch(params, self.learners, &bound);
    }

    fn backward_weights(&self, recording: &mut Recording, number: usize, rows: u32) {
        let (b, layer) = (self.buffers, self.model.layers()[number]);
        let params = DenseBackwardWeights {
            rows,
            inputs: layer.padded_inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            biases: layer.biases,
            parameters: self.model.parameters(),
            ..Default::default()
        };
        let (x, dy) = (b.outputs[number - 1], b.gradients[number]);
        let bound = [b.settings, dy, x, b.parameters, b.velocity];
        recording.dispatch(params, self.learners, &bound);
    }

    fn backward_images(&self, recording: &mut Recording, train: &DeviceImages, rows: u32) {
        let (b, layer) = (self.buffers, self.model.layers()[0]);
        let params = ImageBackwardWeights {
            rows,
            pixels: layer.inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            biases: layer.biases,
            parameters: self.model.parameters(),
            order_start: 0,
            order_stride: rows,
        };
        let (images, dy) = (train.pixels, b.gradients[0]);
        let bound = [b.settings, images, b.order, dy, b.parameters, b.velocity];
        recording.dispatch(params, self.learners, &bound);
    }
}
