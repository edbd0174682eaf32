//! Recordings of a training step and of an evaluation.

use super::{Buffers, DeviceImages, Ruled, last, word};
use crate::device::{Buffer, Recording};
use crate::kernels::{
    CloseStep, DenseBackwardInput, DenseBackwardWeights, DenseForward, Head, ImageBackwardWeights,
    ImageForward, SampleOrder, ScoreCounts,
};
use crate::model::Model;
use crate::record::CLASSES;

/// Records steps and evaluations.
pub(super) struct Recorder<'a> {
    pub(super) model: &'a Model,
    pub(super) learners: u32,
    pub(super) buffers: &'a Buffers,
}

/// The samples of a step.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) train: &'a DeviceImages,
    /// Samples per learner.
    pub(super) rows: u32,
    /// The step's offset in the order and the losses.
    pub(super) start: u32,
}

impl Recorder<'_> {
    /// Records this number of training steps of all learners. Work independent of the weights, the
    /// order before them and the clock after them, is done for all steps at once.
    pub(super) fn steps(
        &self,
        train: &DeviceImages,
        rows: u32,
        steps: u32,
        ruled: &Ruled,
    ) -> Recording {
        let mut recording = Recording::default();
        let (b, learners) = (self.buffers, self.learners);
        let order = SampleOrder {
            rows,
            steps,
            learners,
            pad: 0,
        };
        let bound = [b.settings, b.progress, b.lists, b.order];
        recording.dispatch(order, learners, &bound);
        for step in 0..steps {
            let batch = Batch {
                train,
                rows,
                start: step * learners * rows,
            };
            self.hidden(
                &mut recording,
                train.pixels,
                (b.order, batch.start, rows),
                rows,
                &b.outputs,
            );
            self.head(&mut recording, batch, ruled.classes());
            self.backward(&mut recording, batch);
            ruled.record(&mut recording, self, rows, step);
        }
        let close = CloseStep {
            rows,
            learners,
            steps,
            pad: 0,
        };
        recording.dispatch(close, 1, &[b.losses, b.progress]);
        recording
    }

    /// Scores all test images, part by part.
    pub(super) fn evaluation(&self, test: &DeviceImages, part: usize) -> Recording {
        let mut recording = Recording::default();
        let b = self.buffers;
        recording.clear(b.counts);
        for start in (0..test.count).step_by(part) {
            let rows = word(part.min(test.count - start));
            let order = (test.plain_order, word(start), 0);
            self.hidden(&mut recording, test.pixels, order, rows, &b.answers);
            let end = self.model.layers().len() - 1;
            self.dense(&mut recording, end, rows, &b.answers);
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

    /// Computes the outputs of all learners for the images named by `order`.
    pub(super) fn answers(&self, images: &DeviceImages, order: Buffer, rows: u32) -> Recording {
        let mut recording = Recording::default();
        let answers = &self.buffers.answers;
        self.hidden(&mut recording, images.pixels, (order, 0, 0), rows, answers);
        self.dense(&mut recording, answers.len() - 1, rows, answers);
        recording
    }

    /// All layers but the last. `order`: the buffer, the first entry, and the entries per learner.
    pub(super) fn hidden(
        &self,
        recording: &mut Recording,
        images: Buffer,
        order: (Buffer, u32, u32),
        rows: u32,
        outputs: &[Buffer],
    ) {
        let layers = self.model.layers();
        let first = ImageForward {
            rows,
            pixels: layers[0].inputs,
            outputs: layers[0].padded_outputs,
            weights: layers[0].weights,
            biases: layers[0].biases,
            parameters: self.model.parameters(),
            order_start: order.1,
            order_stride: order.2,
        };
        let bound = [images, order.0, self.buffers.parameters, outputs[0]];
        recording.dispatch(first, self.learners, &bound);
        for number in 1..layers.len() - 1 {
            self.dense(recording, number, rows, outputs);
        }
    }

    pub(super) fn dense(
        &self,
        recording: &mut Recording,
        number: usize,
        rows: u32,
        outputs: &[Buffer],
    ) {
        let layer = self.model.layers()[number];
        let params = DenseForward {
            rows,
            inputs: layer.padded_inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            biases: layer.biases,
            parameters: self.model.parameters(),
            relu: u32::from(number + 1 < self.model.layers().len()),
            pad: 0,
        };
        let (x, y) = (outputs[number - 1], outputs[number]);
        recording.dispatch(params, self.learners, &[x, self.buffers.parameters, y]);
    }

    /// The last layer, forward and backward, with a loss over this number of classes.
    pub(super) fn head(&self, recording: &mut Recording, batch: Batch<'_>, classes: usize) {
        let (b, layer) = (self.buffers, last(self.model));
        let end = b.gradients.len() - 1;
        let params = Head {
            rows: batch.rows,
            inputs: layer.padded_inputs,
            outputs: layer.padded_outputs,
            classes: word(classes),
            weights: layer.weights,
            biases: layer.biases,
            parameters: self.model.parameters(),
            order_start: batch.start,
        };
        let bound = [
            batch.train.labels,
            b.order,
            b.targets,
            b.outputs[end - 1],
            b.parameters,
            b.gradients[end],
            b.losses,
            b.gradients[end - 1],
        ];
        recording.dispatch(params, self.learners, &bound);
    }

    /// From the last hidden layer's gradient back to the first layer, then all weights: a layer's
    /// weights must not move before the gradient has passed through them.
    pub(super) fn backward(&self, recording: &mut Recording, batch: Batch<'_>) {
        for number in (1..self.model.layers().len() - 1).rev() {
            self.backward_input(recording, number, batch.rows);
        }
        // The first layer first: it is read as in the forward pass, and software adapters still
        // have that copy until something is written.
        self.backward_images(recording, batch);
        for number in (1..self.model.layers().len()).rev() {
            self.backward_weights(recording, number, batch.rows);
        }
    }

    pub(super) fn backward_input(&self, recording: &mut Recording, number: usize, rows: u32) {
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

    pub(super) fn backward_weights(&self, recording: &mut Recording, number: usize, rows: u32) {
        let b = self.buffers;
        let between = (b.outputs[number - 1], b.gradients[number]);
        self.dense_weights(recording, number, between, rows);
    }

    /// Updates a layer's weights from its inputs and its outputs' gradients, both floats.
    pub(super) fn dense_weights(
        &self,
        recording: &mut Recording,
        number: usize,
        (x, dy): (Buffer, Buffer),
        rows: u32,
    ) {
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
        let bound = [b.settings, dy, x, b.parameters, b.velocity];
        recording.dispatch(params, self.learners, &bound);
    }

    pub(super) fn backward_images(&self, recording: &mut Recording, batch: Batch<'_>) {
        let (b, layer) = (self.buffers, self.model.layers()[0]);
        let params = ImageBackwardWeights {
            rows: batch.rows,
            pixels: layer.inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            biases: layer.biases,
            parameters: self.model.parameters(),
            order_start: batch.start,
            order_stride: batch.rows,
        };
        let (images, dy) = (batch.train.pixels, b.gradients[0]);
        let bound = [b.settings, images, b.order, dy, b.parameters, b.velocity];
        recording.dispatch(params, self.learners, &bound);
    }
}
