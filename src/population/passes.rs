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
        let moved = self.floats(x)?;
        let mut logits = self.floats(self.buffers.outputs[last])?;
        let width = self.model.layers()[last].padded_outputs as usize;
        logits.truncate(self.learners as usize * samples.len() * width);
        self.device.free(&[x, ones, dx], &[&step]);
        Ok((moved, logits))
    }

    /// Integrated gradients (Sundararajan et al. 2017) of a logit from a black image, in `steps` steps
    /// by the midpoint rule: aᵢ = xᵢ · 1/steps · Σₛ ∂z/∂xᵢ((s − ½)/steps · x). They sum to z(x) − z(0), up
    /// to the error of the rule.
    ///
    /// `images` are pixels from 0 to 1, [images, PIXELS], and `classes` the logit of each. An image takes
    /// `steps` + 2 rows of a batch.
    ///
    /// # Errors
    /// `Usage` for more images than a batch has room for; `Device` if the device fails.
    pub fn integrated_gradients(
        &self,
        images: &[f32],
        classes: &[u8],
        steps: usize,
    ) -> Result<Attributions> {
        let rows = classes.len() * (steps + 2);
        if rows == 0 || rows > self.batch || images.len() != classes.len() * PIXELS {
            return Err(Error::Usage(format!(
                "{} images in {steps} steps do not fit a batch of {}",
                classes.len(),
                self.batch
            )));
        }
        let learners = self.learners as usize;
        let [x, ones, dx] = self.three("pixels", learners * rows * PIXELS)?;
        let one = vec![1f32.to_bits(); learners * rows * PIXELS];
        self.device.upload(ones, 0, &one)?;
        let path = path(images, steps);
        let end = self.model.layers().len() - 1;
        let asked = one_hot(classes, steps, last(&self.model).padded_outputs as usize);
        for learner in 0..learners {
            let words = bytemuck::cast_slice(&path);
            self.device.upload(x, learner * path.len(), words)?;
            let words = bytemuck::cast_slice(&asked);
            let at = learner * asked.len();
            self.device.upload(self.buffers.gradients[end], at, words)?;
        }
        self.once(&self.recorder().slopes(word(rows), [x, ones, dx]))?;
        let (slopes, logits) = (self.floats(dx)?, self.floats(self.buffers.outputs[end])?);
        self.device.free(&[x, ones, dx], &[]);
        let logits = &logits[..learners * asked.len()];
        Ok(Attributions::of(images, classes, steps, &slopes, logits))
    }

    fn floats(&self, buffer: Buffer) -> Result<Vec<f32>> {
        let words = self.device.download(buffer)?;
        Ok(words.into_iter().map(f32::from_bits).collect())
    }

    fn three(&self, label: &str, words: usize) -> Result<[Buffer; 3]> {
        let one = || self.device.allocate(label, words);
        Ok([one()?, one()?, one()?])
    }
}

/// Integrated gradients of some images in each learner.
#[derive(Clone, Debug, Default)]
pub struct Attributions {
    /// [learners, images, PIXELS].
    pub maps: Vec<f32>,
    /// The logit of the image and that of a black one, [learners, images].
    pub ends: Vec<[f32; 2]>,
}

impl Attributions {
    /// From the gradients, [learners, images, steps + 2, PIXELS], and the logits, [learners, images,
    /// steps + 2, padded classes], along the paths of the images.
    fn of(images: &[f32], classes: &[u8], steps: usize, slopes: &[f32], logits: &[f32]) -> Self {
        let paths = slopes.chunks_exact((steps + 2) * PIXELS);
        let pixels = images.chunks_exact(PIXELS).cycle();
        let maps = paths.zip(pixels).flat_map(|(path, x)| map(x, path));
        let width = logits.len() * PIXELS / slopes.len().max(1);
        let answers = logits.chunks_exact((steps + 2) * width);
        let ends = answers.zip(classes.iter().cycle()).map(|(path, &class)| {
            let z = |row: usize| path[row * width + usize::from(class)];
            [z(steps + 1), z(0)]
        });
        Self {
            maps: maps.collect(),
            ends: ends.collect(),
        }
    }
}

/// x ⊙ the mean of the gradients in the middles of the steps, between the first and the last row.
#[expect(clippy::cast_possible_truncation, reason = "gradients are f32")]
fn map(x: &[f32], path: &[f32]) -> Vec<f32> {
    let rows = path.len() / PIXELS;
    let mut sums = vec![0f64; PIXELS];
    for row in path.chunks_exact(PIXELS).skip(1).take(rows - 2) {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, slope)| *sum += f64::from(*slope));
    }
    let steps = (rows - 2) as f64;
    let product = |(x, sum): (&f32, f64)| (f64::from(*x) * sum / steps) as f32;
    x.iter().zip(sums).map(product).collect()
}

/// The rows of images on the way from black: black, the middles of the steps, and the image.
fn path(images: &[f32], steps: usize) -> Vec<f32> {
    let middle = |step: usize| (step as f32 + 0.5) / steps as f32;
    let scales: Vec<f32> = std::iter::once(0.0)
        .chain((0..steps).map(middle))
        .chain([1.0])
        .collect();
    let rows = images
        .chunks_exact(PIXELS)
        .flat_map(|image| scales.iter().map(move |scale| (image, scale)));
    rows.flat_map(|(image, scale)| image.iter().map(move |x| scale * x))
        .collect()
}

/// The gradient of each image's logit by all logits, in every row of its path.
fn one_hot(classes: &[u8], steps: usize, width: usize) -> Vec<f32> {
    let row =
        |class: u8| (0..width).map(move |place| f32::from(u8::from(place == usize::from(class))));
    let rows = classes.iter().flat_map(|class| vec![*class; steps + 2]);
    rows.flat_map(row).collect()
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

    /// One step of the images along the sign of their gradient.
    fn climb(
        &self,
        images: &DeviceImages,
        rows: u32,
        size: f32,
        [x, ones, dx]: [Buffer; 3],
    ) -> Recording {
        let mut recording = Recording::default();
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
        self.backward_pixels(&mut recording, rows, [ones, dx]);
        let step = StepImages {
            vectors: rows * word(PIXELS / 4),
            size,
            ..Default::default()
        };
        recording.dispatch(step, self.learners, &[dx, x]);
        recording
    }

    /// The logits of images given as floats, and back from the logits' gradients to those of the
    /// pixels.
    fn slopes(&self, rows: u32, [x, ones, dx]: [Buffer; 3]) -> Recording {
        let mut recording = Recording::default();
        let last = self.model.layers().len() - 1;
        self.seen(&mut recording, x, rows);
        self.dense(&mut recording, last, rows, &self.buffers.outputs);
        for number in (1..=last).rev() {
            self.backward_input(&mut recording, number, rows);
        }
        self.backward_pixels(&mut recording, rows, [ones, dx]);
        recording
    }

    /// The gradient of the pixels. That of a layer's input passes only where the input is positive, as
    /// for ReLUs; with ones as input, it passes everywhere.
    fn backward_pixels(&self, recording: &mut Recording, rows: u32, [ones, dx]: [Buffer; 2]) {
        let (b, layer) = (self.buffers, self.model.layers()[0]);
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
    }
}
