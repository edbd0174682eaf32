//! A population: learners of one shape, trained in lockstep, every dispatch covering all of them.
//!
//! The clock is the step, not the epoch: learners with sample lists of different lengths stay
//! together. A step and an evaluation are recorded once; training only runs the recording.

mod buffers;
mod edits;
mod images;
mod passes;
mod recorder;
mod rule;

use std::sync::Arc;

use crate::device::{Command, Device, Limits, Program, Recording};
use crate::error::{Error, Result};
use crate::kernels::{CONFIDENCE_UNIT, Clock, INDEX, Initialise, LESSON, LOSS_UNIT, Learner};
use crate::memory;
use crate::model::{Layer, Model};
use crate::record::{CLASSES, Score};
use recorder::Recorder;

use buffers::{Buffers, Size};
pub use images::DeviceImages;
pub use passes::Importance;
pub use rule::Rule;
use rule::Ruled;

/// Test images that go through the network at a time, memory permitting.
const PART: usize = 1000;
/// The largest buffer that an evaluation may ask for, in words.
const PART_WORDS: u64 = 1 << 25;
/// Steps for which a few learners' order is computed at a time: for them, starting a dispatch takes
/// longer than its work.
const STEPS: usize = 8;
/// With so many learners and more, a step stands alone.
const MANY: usize = 64;
/// Counts of one learner's score: confusion matrix, confidences, losses.
const COUNTS: usize = (CLASSES + 2) * CLASSES;

/// What a learner is taught in a phase.
#[derive(Clone, Debug)]
pub struct Curriculum {
    /// Order entries: an image's index, with [`SOFT`](crate::kernels::SOFT) where its
    /// target is the soft one.
    /// Learners that share a list share the `Arc`.
    pub samples: Arc<Vec<u32>>,
    /// Key of the sample order.
    pub key: [u32; 2],
    /// The soft target, a distribution over the digits.
    pub soft_target: [f32; CLASSES],
    /// A distribution for every training image instead, padded [images, 12]. Learners that share
    /// a table share the `Arc`.
    pub table: Option<Arc<Vec<f32>>>,
    /// Weights of the samples: of those without [`FORGET`](crate::kernels::FORGET) in their entry,
    /// and with it. A negative one climbs the loss.
    pub weights: [f32; 2],
    /// Learning rate.
    pub rate: f32,
    /// Momentum.
    pub momentum: f32,
    /// Weight decay.
    pub decay: f32,
    /// What the population's `Rule` needs of it besides; 0 where it needs nothing.
    pub strength: f32,
}

/// The usual learning rate.
pub const LEARNING_RATE: f64 = 0.1;

impl Curriculum {
    /// Plain training on these images, with their labels, at this rate.
    ///
    /// ```
    /// use unlearn::population::Curriculum;
    ///
    /// let plain = Curriculum::plain(vec![0, 1, 2].into(), [1, 2], 0.1);
    /// let climbing = Curriculum { weights: [-1.0; 2], ..plain };
    /// assert_eq!(climbing.samples.len(), 3);
    /// ```
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub fn plain(samples: Arc<Vec<u32>>, key: [u32; 2], rate: f64) -> Self {
        Self {
            samples,
            key,
            soft_target: [1.0 / CLASSES as f32; CLASSES],
            table: None,
            weights: [1.0; 2],
            rate: rate as f32,
            momentum: 0.0,
            decay: 0.0,
            strength: 0.0,
        }
    }
}

/// Learners on a device.
pub struct Population<'d> {
    device: &'d dyn Device,
    model: Model,
    learners: u32,
    /// Samples per learner and step.
    batch: usize,
    buffers: Buffers,
    step: Program,
    /// Images that go through the network at a time outside of training.
    part: usize,
    /// So many steps at a time; none where a step stands alone.
    several: Option<(u32, Program)>,
    evaluation: Program,
    ruled: Ruled,
}

/// The sample lists of a population, each once.
fn distinct(taught: &[Curriculum]) -> Vec<&Arc<Vec<u32>>> {
    let mut lists: Vec<&Arc<Vec<u32>>> = Vec::new();
    for curriculum in taught {
        if !lists.iter().any(|l| Arc::ptr_eq(l, &curriculum.samples)) {
            lists.push(&curriculum.samples);
        }
    }
    lists
}

/// The tables of targets of a population, each once.
fn tables(taught: &[Curriculum]) -> Vec<&Arc<Vec<f32>>> {
    let mut tables: Vec<&Arc<Vec<f32>>> = Vec::new();
    for table in taught.iter().filter_map(|c| c.table.as_ref()) {
        if !tables.iter().any(|t| Arc::ptr_eq(t, table)) {
            tables.push(table);
        }
    }
    tables
}

/// Steps that a population of this size takes at a time.
fn steps(learners: usize) -> usize {
    (MANY / learners).clamp(1, STEPS)
}

fn last(model: &Model) -> Layer {
    model.layers()[model.layers().len() - 1]
}

/// Sizes as the shaders take them; `Population::new` has checked that they fit.
fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The largest population that the buffers of a device with these limits hold.
pub fn largest(limits: Limits, model: &Model, batch: usize) -> usize {
    let widest = model.layers().iter().map(|l| l.padded_outputs).max();
    let activations = batch as u64 * u64::from(widest.unwrap_or(0));
    let learner = activations.max(u64::from(model.parameters()));
    let by_buffers = limits.buffer_words / learner;
    usize::try_from(by_buffers.min(limits.groups.into())).unwrap_or(usize::MAX)
}

/// The largest number up to `limit` for which something fits, as all smaller ones do.
pub fn most(limit: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut least, mut end) = (0, limit.saturating_add(1));
    while least + 1 < end {
        let middle = least + (end - least) / 2;
        match fits(middle) {
            true => least = middle,
            false => end = middle,
        }
    }
    least
}

/// Words that a population of so many learners has in its buffers, with sample lists and tables of
/// targets of so many entries together.
pub fn words(
    limits: Limits,
    model: &Model,
    batch: usize,
    learners: usize,
    [lists, tables]: [usize; 2],
) -> u64 {
    let part = part_size(limits, model, learners, PART);
    let size = Size {
        learners,
        lists,
        tables,
    };
    Buffers::words(model, batch, part, size)
}

/// Test images in a part, so that no buffer grows beyond bounds.
fn part_size(limits: Limits, model: &Model, learners: usize, count: usize) -> usize {
    let widest = model
        .layers()
        .iter()
        .map(|l| l.padded_outputs)
        .max()
        .unwrap_or(1);
    let words = limits.buffer_words.min(PART_WORDS);
    let fits = words / (learners as u64 * u64::from(widest));
    usize::try_from(fits)
        .unwrap_or(PART)
        .clamp(1, PART.min(count))
}

/// Refuses what would make a kernel leave its buffers.
fn check(
    device: &dyn Device,
    model: &Model,
    batch: usize,
    train: &DeviceImages,
    taught: &[Curriculum],
) -> Result<()> {
    let largest = largest(device.limits(), model, batch);
    if taught.len() > largest {
        return Err(Error::Usage(format!(
            "{} cannot hold {} networks at a time; {largest} is the most that fit",
            device.record().name,
            taught.len()
        )));
    }
    let size = Size::of(taught);
    let limits = device.limits();
    let entries = [size.lists, size.tables];
    let words = words(limits, model, batch, size.learners, entries);
    // Once, whatever the copies: only what cannot be is refused, perhaps after a long phase.
    let bytes = 4 * words * limits.copies.min(1);
    memory::left(bytes).map_err(|why| {
        Error::Device(format!(
            "{} networks on {} need {why}: use fewer --learners, or a smaller --hidden or --batch",
            taught.len(),
            device.record().name
        ))
    })?;
    let there = |entry: &u32| ((entry & INDEX) as usize) < train.count;
    let mut lists = distinct(taught).into_iter();
    if taught.is_empty() || batch == 0 || lists.any(|l| l.is_empty() || !l.iter().all(there)) {
        return Err(Error::Usage(
            "a population needs learners, a batch of one sample at least, and sample lists that \
             name images of the training set"
                .to_owned(),
        ));
    }
    Ok(())
}

impl<'d> Population<'d> {
    /// One learner for each curriculum, with `batch` samples a step. Weights are zero until
    /// `initialise` or `inherit`.
    ///
    /// # Errors
    /// `Usage` where the device cannot hold so many learners; `Device` where it fails.
    pub fn new(
        device: &'d dyn Device,
        model: &Model,
        batch: usize,
        train: &DeviceImages,
        test: &DeviceImages,
        taught: &[Curriculum],
    ) -> Result<Self> {
        Self::ruled(device, model, batch, [train, test], taught, Rule::Gradient)
    }

    /// The same for learners whose steps are more than the loss's gradient.
    ///
    /// # Errors
    /// As `new`; `Usage` where the rule does not fit the learners.
    pub fn ruled(
        device: &'d dyn Device,
        model: &Model,
        batch: usize,
        [train, test]: [&DeviceImages; 2],
        taught: &[Curriculum],
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
            ruled,
        };
        population.teach(taught)?;
        population.prepare(rule)?;
        Ok(population)
    }

    /// Uploads lists, targets and settings: afterwards the learners, as many as there are, are taught
    /// this. The lists and tables must be those that the population was made with.
    fn teach(&self, taught: &[Curriculum]) -> Result<()> {
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
        for (curriculum, target) in taught.iter().zip(targets.chunks_exact_mut(each)) {
            target[..CLASSES].copy_from_slice(&curriculum.soft_target);
            let own = |table: &Arc<Vec<f32>>| tables.iter().position(|t| Arc::ptr_eq(t, table));
            let table = curriculum.table.as_ref().and_then(own);
            let place = table.map_or(0, |t| word(table_starts[t]));
            let [retain, forget] = curriculum.weights;
            target[classes..].copy_from_slice(&[retain, forget, f32::from_bits(place), 0.0]);
            let list = lists
                .iter()
                .position(|l| Arc::ptr_eq(l, &curriculum.samples))
                .unwrap_or_default();
            settings.push(Learner {
                key: curriculum.key,
                list_start: word(starts[list]),
                list_length: word(curriculum.samples.len()),
                rate: curriculum.rate,
                momentum: curriculum.momentum,
                decay: curriculum.decay,
                strength: curriculum.strength,
            });
        }
        let (device, buffers) = (self.device, &self.buffers);
        device.upload(buffers.targets, 0, bytemuck::cast_slice(&targets))?;
        device.upload(buffers.settings, 0, bytemuck::cast_slice(&settings))
    }

    /// Gives every learner fresh weights from its key.
    ///
    /// # Errors
    /// `Device` where the device fails.
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
    /// `Device` where the device fails.
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

    /// Trains for `steps` steps; `done` hears of progress.
    ///
    /// # Errors
    /// `Device` where the device fails.
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

    /// Some training steps and their number, for timing them.
    pub(crate) fn steps(&self) -> (u32, &Program) {
        match &self.several {
            Some((n, program)) => (*n, program),
            None => (1, &self.step),
        }
    }

    /// Each dispatch of a step as a program of its own, for timing it. Running one moves weights or
    /// clocks as in a step, out of step with the others.
    ///
    /// # Errors
    /// `Device` where the device fails.
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

    /// Sets the learners' clocks. A learner's walk through its samples goes on after the steps that its
    /// clock says are done.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn set_clocks(&self, clocks: &[Clock]) -> Result<()> {
        let words = bytemuck::cast_slice(clocks);
        self.device.upload(self.buffers.progress, 0, words)
    }

    /// Each learner's clock: its steps, the sum of its losses, and whether it diverged.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn clocks(&self) -> Result<Vec<Clock>> {
        let words = self.device.download(self.buffers.progress)?;
        Ok(bytemuck::pod_collect_to_vec(&words))
    }

    /// As `clocks`; afterwards the sums of losses begin again at 0.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn take_clocks(&self) -> Result<Vec<Clock>> {
        let clocks = self.clocks()?;
        let emptied: Vec<Clock> = clocks
            .iter()
            .map(|&clock| Clock {
                loss_sum: 0.0,
                ..clock
            })
            .collect();
        self.set_clocks(&emptied)?;
        Ok(clocks)
    }

    /// Every learner's score on all test images.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn evaluate(&self) -> Result<Vec<Score>> {
        self.device.run(&self.evaluation, 1, &mut |_| {})?;
        let counts = self.device.download(self.buffers.counts)?;
        Ok(counts.chunks_exact(COUNTS).map(score).collect())
    }

    /// All parameters, [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn parameters(&self) -> Result<Vec<f32>> {
        let words = self.device.download(self.buffers.parameters)?;
        Ok(words.into_iter().map(f32::from_bits).collect())
    }

    /// The velocities of all parameters, which momentum keeps from step to step.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn velocity(&self) -> Result<Vec<f32>> {
        let words = self.device.download(self.buffers.velocity)?;
        Ok(words.into_iter().map(f32::from_bits).collect())
    }

    /// Replaces the velocities.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn set_velocity(&self, velocity: &[f32]) -> Result<()> {
        self.device
            .upload(self.buffers.velocity, 0, bytemuck::cast_slice(velocity))
    }

    /// Replaces the parameters of the first learners, or of all, [learners, model.parameters()].
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub fn set_parameters(&self, parameters: &[f32]) -> Result<()> {
        self.device
            .upload(self.buffers.parameters, 0, bytemuck::cast_slice(parameters))
    }
}

impl Drop for Population<'_> {
    fn drop(&mut self) {
        let several = self.several.iter().map(|(_, program)| program);
        let programs: Vec<&Program> = [&self.step, &self.evaluation]
            .into_iter()
            .chain(several)
            .collect();
        self.device.free(&self.buffers.all(), &programs);
        self.device.free(&self.ruled.buffers(), &[]);
    }
}

/// A score from a learner's counts; the layout is `score.wgsl`'s.
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
