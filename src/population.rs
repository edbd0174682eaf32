//! A population: learners of one shape, trained in lockstep, every dispatch covering all of them.
//!
//! Time is counted in steps, not epochs, so learners with sample lists of different lengths stay in
//! lockstep. A step and an evaluation are recorded once; training only runs the recording.

mod buffers;
mod edits;
mod images;
mod passes;
mod recipe;
mod recorder;
mod rule;
mod size;
mod state;

use std::cell::RefCell;
use std::sync::Arc;

use crate::device::{Command, Device, Program, Recording};
use crate::error::Result;
use crate::kernels::{CONFIDENCE_UNIT, Initialise, LESSON, LOSS_UNIT, Learner};
use crate::model::{Layer, Model};
use crate::record::{CLASSES, Score};
use recorder::Recorder;

use buffers::{Buffers, Size};
pub use images::DeviceImages;
pub use passes::{Attributions, Importance};
pub use recipe::{LEARNING_RATE, Recipe};
use recipe::{distinct, tables};
pub use rule::Rule;
use rule::Ruled;
use size::{check, part_size, steps};
pub use size::{largest, most, words};

/// Counts of one learner's score: confusion matrix, confidences, losses.
const COUNTS: usize = (CLASSES + 2) * CLASSES;

/// Learners on a device.
pub struct Population<'d> {
    device: &'d dyn Device,
    model: Model,
    learners: u32,
    /// Samples per learner and step.
    batch: usize,
    buffers: Buffers,
    step: Program,
    /// Batch size of evaluations.
    part: usize,
    /// Several steps recorded as one; `None` if steps run one by one.
    several: Option<(u32, Program)>,
    evaluation: Program,
    /// The last evaluation of other images, which is likely to be asked for again.
    evaluation_on: RefCell<Option<(DeviceImages, Program)>>,
    ruled: Ruled,
}

fn last(model: &Model) -> Layer {
    model.layers()[model.layers().len() - 1]
}

/// A size as the shaders take it; `Population::new` has checked that it fits.
fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<'d> Population<'d> {
    /// One learner per recipe, with `batch` samples a step. Weights are zero until `initialise`
    /// or `inherit`.
    ///
    /// # Errors
    /// `Usage` if the device cannot hold so many learners; `Device` if it fails.
    pub fn new(
        device: &'d dyn Device,
        model: &Model,
        batch: usize,
        train: &DeviceImages,
        test: &DeviceImages,
        taught: &[Recipe],
    ) -> Result<Self> {
        Self::ruled(device, model, batch, [train, test], taught, Rule::Gradient)
    }

    /// The same for learners with an update rule beyond the loss's gradient.
    ///
    /// # Errors
    /// As `new`; `Usage` if the rule does not fit the learners.
    pub fn ruled(
        device: &'d dyn Device,
        model: &Model,
        batch: usize,
        [train, test]: [&DeviceImages; 2],
        taught: &[Recipe],
        rule: Rule<'_>,
    ) -> Result<Self> {
        check(device, model, batch, train, taught)?;
        let part = part_size(device.limits(), model, taught.len(), test.count);
        let allocate = &mut |label: &str, words| device.allocate(label, words);
        let buffers = Buffers::allocate(allocate, model, batch, part, Size::of(taught))?;
        let recorder = Recorder {
            model,
            learners: word(taught.len()),
            buffers: &buffers,
        };
        let ruled = Ruled::new(device, model, taught.len(), rule)?;
        let recorded = |n| device.compile(&recorder.steps(train, word(batch), n, &ruled));
        let step = recorded(1)?;
        let several = match word(steps(taught.len())) {
            1 => None,
            n => Some((n, recorded(n)?)),
        };
        let evaluation = device.compile(&recorder.evaluation(test, part))?;
        let population = Self {
            device,
            model: model.clone(),
            learners: word(taught.len()),
            batch,
            buffers,
            step,
            part,
            several,
            evaluation,
            evaluation_on: RefCell::default(),
            ruled,
        };
        population.teach(taught)?;
        population.prepare(rule)?;
        Ok(population)
    }

    /// Uploads lists, targets and settings for the first learners. The lists and tables must be
    /// those the population was created with.
    fn teach(&self, taught: &[Recipe]) -> Result<()> {
        let lists = distinct(taught);
        let mut starts = Vec::new();
        let mut start = 0;
        for list in &lists {
            self.device.upload(self.buffers.lists, start, list)?;
            starts.push(start);
            start += list.len();
        }
        let classes = last(&self.model).padded_outputs as usize;
        let each = classes + LESSON as usize;
        let mut targets = vec![0f32; taught.len() * each];
        let tables = tables(taught);
        let mut table_starts = Vec::new();
        let mut start = targets.len();
        for table in &tables {
            let words = bytemuck::cast_slice(table);
            self.device.upload(self.buffers.targets, start, words)?;
            table_starts.push(start);
            start += table.len();
        }
        let mut settings = Vec::new();
        for (recipe, target) in taught.iter().zip(targets.chunks_exact_mut(each)) {
            target[..CLASSES].copy_from_slice(&recipe.soft_target);
            let own = |table: &Arc<Vec<f32>>| tables.iter().position(|t| Arc::ptr_eq(t, table));
            let table = recipe.table.as_ref().and_then(own);
            let place = table.map_or(0, |t| word(table_starts[t]));
            let [retain, forget] = recipe.weights;
            target[classes..].copy_from_slice(&[retain, forget, f32::from_bits(place), 0.0]);
            let list = lists
                .iter()
                .position(|l| Arc::ptr_eq(l, &recipe.samples))
                .unwrap_or_default();
            settings.push(Learner {
                key: recipe.key,
                list_start: word(starts[list]),
                list_length: word(recipe.samples.len()),
                rate: recipe.rate,
                momentum: recipe.momentum,
                decay: recipe.decay,
                strength: recipe.strength,
            });
        }
        let (device, buffers) = (self.device, &self.buffers);
        device.upload(buffers.targets, 0, bytemuck::cast_slice(&targets))?;
        device.upload(buffers.settings, 0, bytemuck::cast_slice(&settings))
    }

    /// Gives every learner fresh weights from its key.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn initialise(&self, keys: &[[u32; 2]]) -> Result<()> {
        let buffer = self.device.allocate("keys", 2 * keys.len())?;
        self.device.upload(buffer, 0, bytemuck::cast_slice(keys))?;
        let mut recording = Recording::default();
        for (number, layer) in (0..).zip(self.model.layers()) {
            let params = Initialise {
                inputs: layer.inputs,
                outputs: layer.outputs,
                padded_inputs: layer.padded_inputs,
                padded_outputs: layer.padded_outputs,
                weights: layer.weights,
                biases: layer.biases,
                parameters: self.model.parameters(),
                layer: number,
                bound: (6.0 / layer.inputs as f32).sqrt(),
                ..Default::default()
            };
            recording.dispatch(params, self.learners, &[buffer, self.buffers.parameters]);
        }
        self.once(&recording)?;
        self.device.free(&[buffer], &[]);
        Ok(())
    }

    /// Copies weights on the device: learner i takes those of learner `from[i]` of `parent`.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn inherit(&self, parent: &Population, from: &[usize]) -> Result<()> {
        let size = self.model.parameters() as usize;
        let mut recording = Recording::default();
        for (to, from) in from.iter().enumerate() {
            let source = (parent.buffers.parameters, from * size);
            recording.copy(source, (self.buffers.parameters, to * size), size);
        }
        self.once(&recording)
    }

    fn once(&self, recording: &Recording) -> Result<()> {
        let program = self.device.compile(recording)?;
        self.device.run(&program, 1, &mut |_| {})?;
        self.device.free(&[], &[&program]);
        Ok(())
    }

    /// Trains for `steps` steps; `done` receives progress.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn train(&self, steps: u32, done: &mut dyn FnMut(u32)) -> Result<()> {
        self.begin()?;
        let mut single = steps;
        if let Some((n, several)) = &self.several {
            single = steps % n;
            let done = &mut |times: u32| done(times * n);
            self.device.run(several, steps / n, done)?;
        }
        self.device.run(&self.step, single, done)
    }

    /// A program of some training steps and their number, for timing.
    pub(crate) fn steps(&self) -> (u32, &Program) {
        match &self.several {
            Some((n, program)) => (*n, program),
            None => (1, &self.step),
        }
    }

    /// Each dispatch of a step as a separate program, for timing. Running one changes weights or
    /// clocks as in a step, but without the other dispatches.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub(crate) fn dispatches(
        &self,
        train: &DeviceImages,
        batch: u32,
    ) -> Result<Vec<(&'static str, Program)>> {
        let recorder = Recorder {
            model: &self.model,
            learners: self.learners,
            buffers: &self.buffers,
        };
        let commands = recorder.steps(train, batch, 1, &self.ruled).commands;
        let commands = commands.into_iter();
        let alone = commands.filter_map(|command| match &command {
            Command::Dispatch(dispatch) => {
                let (name, commands) = (dispatch.kernel.name, vec![command]);
                let program = self.device.compile(&Recording { commands });
                Some(program.map(|program| (name, program)))
            }
            _ => None,
        });
        alone.collect()
    }

    /// Every learner's score on all test images.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn evaluate(&self) -> Result<Vec<Score>> {
        self.scores(&self.evaluation)
    }

    /// Every learner's score on these images, not more than all test images.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn evaluate_on(&self, images: &DeviceImages) -> Result<Vec<Score>> {
        let mut known = self.evaluation_on.borrow_mut();
        if let Some((_, other)) = known.take_if(|(of, _)| of != images) {
            self.device.free(&[], &[&other]);
        }
        let (_, program) = match &mut *known {
            Some(known) => known,
            none => {
                let recorder = Recorder {
                    model: &self.model,
                    learners: self.learners,
                    buffers: &self.buffers,
                };
                let recording = recorder.evaluation(images, self.part);
                none.insert((*images, self.device.compile(&recording)?))
            }
        };
        self.scores(program)
    }

    fn scores(&self, evaluation: &Program) -> Result<Vec<Score>> {
        self.device.run(evaluation, 1, &mut |_| {})?;
        let counts = self.device.download(self.buffers.counts)?;
        Ok(counts.chunks_exact(COUNTS).map(score).collect())
    }
}

impl Drop for Population<'_> {
    fn drop(&mut self) {
        let several = self.several.iter().map(|(_, program)| program);
        let other = self.evaluation_on.get_mut();
        let other = other.iter().map(|(_, program)| program);
        let programs: Vec<&Program> = [&self.step, &self.evaluation]
            .into_iter()
            .chain(several)
            .chain(other)
            .collect();
        self.device.free(&self.buffers.all(), &programs);
        self.device.free(&self.ruled.buffers(), &[]);
    }
}

/// Decodes a learner's counts; the layout is that of `score.wgsl`.
fn score(counts: &[u32]) -> Score {
    let mut score = Score {
        confusion: [[0; CLASSES]; CLASSES],
        confidence: [0.0; CLASSES],
        loss: [0.0; CLASSES],
    };
    for digit in 0..CLASSES {
        score.confusion[digit].copy_from_slice(&counts[digit * CLASSES..][..CLASSES]);
        let images = f64::from(score.confusion[digit].iter().sum::<u32>().max(1));
        let confidence = f64::from(counts[CLASSES * CLASSES + digit]);
        let loss = f64::from(counts[CLASSES * (CLASSES + 1) + digit]);
        score.confidence[digit] = confidence / f64::from(CONFIDENCE_UNIT) / images;
        score.loss[digit] = loss / f64::from(LOSS_UNIT) / images;
    }
    score
}
