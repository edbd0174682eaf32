//! Passes over samples that do not train: activations of layers, importance of weights, and input
//! gradients.

use super::recorder::{Batch, Recorder};
use super::{DeviceImages, Population, last, word};
use crate::data::PIXELS;
use crate::device::{Buffer, Recording};
use crate::error::{Error, Result};
use crate::kernels::{DenseBackwardInput, DenseForward, LESSON, Square, StepImages, UnpackImages};
use crate::model::Layer;
use crate::record::CLASSES;

/// The per-weight quantity that `Population::importance` sums over samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// The loss's gradient.
    Gradient,
    /// Its square: the diagonal of the empirical Fisher information. It is exact per sample because
    /// the gradient of a dense layer's weight is a product δ · a, and so is its square: F =
    /// (δ²)ᵀ(a²).
    Fisher,
    /// Its absolute value. It is exact per sample as well: activations are none below zero, so |δ · a|
    /// = |δ| · a.
    Absolute,
}

impl Population<'_> {
    fn recorder(&self) -> Recorder<'_> {
        Recorder {
            model: &self.model,
            learners: self.learners,
            buffers: &self.buffers,
        }
    }

    /// Outputs of the layers from number `first` on for these images, by layer [learners, images,
    /// padded width]: of hidden layers after their ReLU, and finally the logits.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn activations(
        &self,
        images: &DeviceImages,
        samples: &[u32],
        first: usize,
    ) -> Result<Vec<Vec<f32>>> {
        let order = self.device.allocate("samples", self.part)?;
        let layers = &self.model.layers()[first..];
        let mut parts: Vec<Vec<Vec<f32>>> = vec![Vec::new(); layers.len()];
        for chunk in samples.chunks(self.part) {
            self.device.upload(order, 0, chunk)?;
            self.once(&self.recorder().answers(images, order, word(chunk.len())))?;
            for (layer, parts) in self.buffers.answers[first..].iter().zip(&mut parts) {
                let words = self.device.download(*layer)?;
                parts.push(words.into_iter().map(f32::from_bits).collect());
            }
        }
        self.device.free(&[order], &[]);
        let rows = samples.chunks(self.part).map(<[u32]>::len);
        let join = |(layer, parts): (&Layer, &Vec<Vec<f32>>)| {
            let width = layer.padded_outputs as usize;
            let mut joined = Vec::with_capacity(self.learners as usize * samples.len() * width);
            for learner in 0..self.learners as usize {
                for (part, rows) in parts.iter().zip(rows.clone()) {
                    joined.extend(&part[learner * rows * width..][..rows * width]);
                }
            }
            joined
        };
        Ok(layers.iter().zip(&parts).map(join).collect())
    }

    /// The mean over `samples` of each weight's importance, [learners, model.parameters()], for the
    /// images' own labels or the soft targets that order entries ask for. Learners must have rate 0 and momentum 1, so that a step adds its
    /// gradient to their velocities and changes no weights. Their samples' weights are overwritten.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn importance(
        &self,
        images: &DeviceImages,
        samples: &[u32],
        what: Importance,
    ) -> Result<Vec<f32>> {
        let pixels = match what {
            Importance::Gradient | Importance::Absolute => None,
            Importance::Fisher => {
                let words = self.learners as usize * self.batch * PIXELS;
                Some(self.device.allocate("pixels", words)?)
            }
        };
        let mut clear = Recording::default();
        clear.clear(self.buffers.velocity);
        self.once(&clear)?;
        let whole = samples.chunks_exact(self.batch);
        let rest = whole.remainder();
        self.accumulate(images, whole, samples.len(), (what, pixels))?;
        if !rest.is_empty() {
            self.accumulate(
                images,
                rest.chunks(rest.len()),
                samples.len(),
                (what, pixels),
            )?;
        }
        self.device.free(pixels.as_slice(), &[]);
        self.velocity()
    }

    /// Adds the importances of batches of one size, as fractions of those of `all` samples.
    fn accumulate<'a>(
        &self,
        images: &DeviceImages,
        batches: impl Iterator<Item = &'a [u32]>,
        all: usize,
        (what, pixels): (Importance, Option<Buffer>),
    ) -> Result<()> {
        let mut batches = batches.peekable();
        let Some(rows) = batches.peek().map(|batch| batch.len()) else {
            return Ok(());
        };
        // A batch counts by its fraction; in squares, by the root of it.
        let share = rows as f32 / all as f32;
        self.weigh(if pixels.is_some() {
            share.sqrt()
        } else {
            share
        })?;
        let recording = self
            .recorder()
            .importance(images, word(rows), (what, pixels));
        let program = self.device.compile(&recording)?;
        for batch in batches {
            self.see(batch)?;
            self.device.run(&program, 1, &mut |_| {})?;
        }
        self.device.free(&[], &[&program]);
        Ok(())
    }

    /// Sets the weight of all samples.
    fn weigh(&self, weight: f32) -> Result<()> {
        let classes = last(&self.model).padded_outputs as usize;
        let each = classes + LESSON as usize;
        for learner in 0..self.learners as usize {
            let words = [weight.to_bits(); 2];
            let at = learner * each + classes;
            self.device.upload(self.buffers.targets, at, &words)?;
        }
        Ok(())
    }

    /// Sets the samples of every learner's batch.
    fn see(&self, samples: &[u32]) -> Result<()> {
        let order = samples.repeat(self.learners as usize);
        self.device.upload(self.buffers.order, 0, &order)
    }

    /// Moves images of every learner along the sign of the gradient of their loss, `times` times by
    /// `size`, within [0, 1]. Returns the final pixels, [learners, samples, PIXELS], and their
    /// logits, [learners, samples, padded classes]. The images are those of `samples`, at most a
    /// batch, or start as `start`, [learners, samples, PIXELS]; labels are theirs, or those that
    /// override them in the entries.
    ///
    /// # Errors
    /// `Usage` for more samples than a batch has; `Device` if the device fails.
    pub fn climb(
        &self,
        images: &DeviceImages,
        samples: &[u32],
        start: Option<&[f32]>,
        (times, size): (u32, f32),
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let count = self.learners as usize * samples.len() * PIXELS;
        if samples.is_empty()
            || samples.len() > self.batch
            || start.is_some_and(|s| s.len() != count)
        {
            return Err(Error::Usage(format!(
                "{} samples do not fit a batch of {}",
                samples.len(),
                self.batch
            )));
        }
        let [x, ones, dx] = self.three("pixels", count)?;
        let one = vec![1f32.to_bits(); count];
        self.device.upload(ones, 0, &one)?;
        self.see(samples)?;
        let rows = word(samples.len());
        let recorder = self.recorder();
        match start {
            Some(start) => self.device.upload(x, 0, bytemuck::cast_slice(start))?,
            None => self.once(&recorder.pixels(images, rows, x))?,
        }
        let step = self
            .device
            .compile(&recorder.climb(images, rows, size, [x, ones, dx]))?;
        self.device.run(&step, times, &mut |_| {})?;
        let mut answer = Recording::default();
        recorder.seen(&mut answer, x, rows);
        let last = self.model.layers().len() - 1;
        recorder.dense(&mut answer, last, rows, &self.buffers.outputs);
        self.once(&answer)?;
        let floats = |buffer| -> Result<Vec<f32>> {
            let words = self.device.download(buffer)?;
            Ok(words.into_iter().map(f32::from_bits).collect())
        };
        let moved = floats(x)?;
        let mut logits = floats(self.buffers.outputs[last])?;
        let width = self.model.layers()[last].padded_outputs as usize;
        logits.truncate(self.learners as usize * samples.len() * width);
        self.device.free(&[x, ones, dx], &[&step]);
        Ok((moved, logits))
    }

    fn three(&self, label: &str, words: usize) -> Result<[Buffer; 3]> {
        let one = || self.device.allocate(label, words);
        Ok([one()?, one()?, one()?])
    }
}

impl Recorder<'_> {
    /// The pixels of the batch as floats.
    fn pixels(&self, images: &DeviceImages, rows: u32, to: Buffer) -> Recording {
        let mut recording = Recording::default();
        self.unpack(&mut recording, images, rows, to);
        recording
    }

    fn unpack(&self, recording: &mut Recording, images: &DeviceImages, rows: u32, to: Buffer) {
        let params = UnpackImages {
            rows,
            pixels: word(PIXELS),
            order_start: 0,
            order_stride: rows,
        };
        let bound = [images.pixels, self.buffers.order, to];
        recording.dispatch(params, self.learners, &bound);
    }

    /// Adds the mean of a batch's importances to the velocities; those of squares need room for
    /// pixels.
    fn importance(
        &self,
        images: &DeviceImages,
        rows: u32,
        (what, pixels): (Importance, Option<Buffer>),
    ) -> Recording {
        let mut recording = Recording::default();
        let b = self.buffers;
        let batch = Batch {
            train: images,
            rows,
            start: 0,
        };
        self.hidden(
            &mut recording,
            images.pixels,
            (b.order, 0, rows),
            rows,
            &b.outputs,
        );
        self.head(&mut recording, batch, CLASSES);
        let layers = self.model.layers().len();
        for number in (1..layers - 1).rev() {
            self.backward_input(&mut recording, number, rows);
        }
        match pixels {
            None => {
                if what == Importance::Absolute {
                    for (gradients, layer) in b.gradients.iter().zip(self.model.layers()) {
                        let count = rows * layer.padded_outputs;
                        self.square(&mut recording, *gradients, count, true);
                    }
                }
                self.backward_images(&mut recording, batch);
            }
            Some(pixels) => {
                self.unpack(&mut recording, images, rows, pixels);
                self.square(&mut recording, pixels, rows * word(PIXELS), false);
                for (number, layer) in self.model.layers().iter().enumerate() {
                    self.square(
                        &mut recording,
                        b.gradients[number],
                        rows * layer.padded_outputs,
                        false,
                    );
                    // The logits are not an input of any layer.
                    if number + 1 < layers {
                        self.square(
                            &mut recording,
                            b.outputs[number],
                            rows * layer.padded_outputs,
                            false,
                        );
                    }
                }
                self.dense_weights(&mut recording, 0, (pixels, b.gradients[0]), rows);
            }
        }
        for number in 1..layers {
            self.backward_weights(&mut recording, number, rows);
        }
        recording
    }

    fn square(&self, recording: &mut Recording, values: Buffer, count: u32, absolute: bool) {
        let params = Square {
            vectors: count / 4,
            absolute: u32::from(absolute),
            ..Default::default()
        };
        recording.dispatch(params, self.learners, &[values]);
    }

    /// The hidden layers' outputs for images given as floats.
    fn seen(&self, recording: &mut Recording, x: Buffer, rows: u32) {
        let (b, layer) = (self.buffers, self.model.layers()[0]);
        let params = DenseForward {
            rows,
            inputs: layer.inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            biases: layer.biases,
            parameters: self.model.parameters(),
            relu: 1,
            pad: 0,
        };
        recording.dispatch(params, self.learners, &[x, b.parameters, b.outputs[0]]);
        for number in 1..self.model.layers().len() - 1 {
            self.dense(recording, number, rows, &b.outputs);
        }
    }

    /// One step of the images along the sign of their gradient. The gradient of a layer's input
    /// passes only where that input is positive, as for ReLUs; with ones as input, it passes
    /// everywhere.
    fn climb(
        &self,
        images: &DeviceImages,
        rows: u32,
        size: f32,
        [x, ones, dx]: [Buffer; 3],
    ) -> Recording {
        let mut recording = Recording::default();
        let (b, layer) = (self.buffers, self.model.layers()[0]);
        let batch = Batch {
            train: images,
            rows,
            start: 0,
        };
        self.seen(&mut recording, x, rows);
        self.head(&mut recording, batch, CLASSES);
        for number in (1..self.model.layers().len() - 1).rev() {
            self.backward_input(&mut recording, number, rows);
        }
        let back = DenseBackwardInput {
            rows,
            inputs: layer.inputs,
            outputs: layer.padded_outputs,
            weights: layer.weights,
            parameters: self.model.parameters(),
            ..Default::default()
        };
        let bound = [b.parameters, b.gradients[0], ones, dx];
        recording.dispatch(back, self.learners, &bound);
        let step = StepImages {
            vectors: rows * word(PIXELS / 4),
            size,
            ..Default::default()
        };
        recording.dispatch(step, self.learners, &[dx, x]);
        recording
    }
}
