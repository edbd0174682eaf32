//! Methods' edits of weights between training, and the quantities they need.

use super::crew::in_slices;
use super::store::fingerprint;
use super::{Engine, Subject, Training, Weights};
use crate::error::{Error, Result};
use crate::methods::fisher_forgetting::LEAST_FISHER;
use crate::methods::{Stage, Task, unsir};
use crate::population::{DeviceImages, Importance, Population, Recipe, Rule};
use crate::progress::Progress;
use crate::random::{Purpose, learner_key};

/// Passes on whether to stop, and no progress: these steps are counted nowhere.
struct Stopper<'a>(&'a mut dyn Progress);

impl Progress for Stopper<'_> {
    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}

impl Engine<'_> {
    /// Applies a method's edit of weights.
    pub(super) fn edit(
        &self,
        weights: &mut Weights,
        subject: &Subject<'_>,
        edit: &Stage,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        if let Stage::Silence(digits, bias) = edit {
            self.silence(weights, digits, *bias);
            return Ok(());
        }
        let population = self.holding(weights)?;
        match edit {
            Stage::Mix { own, original } => population.mix(*own, &subject.originals, *original)?,
            Stage::Dampen { alpha, lambda } => {
                let of_forget = self.importance(subject, true, Importance::Fisher)?;
                let of_retain = self.importance(subject, false, Importance::Fisher)?;
                let of_all = self.of_all(&of_forget, &of_retain, &subject.task)?;
                population.dampen(&of_forget, &of_all, *alpha, *lambda)?;
            }
            Stage::Noise { alpha } => {
                let fisher = self.importance(subject, false, Importance::Fisher)?;
                let numbers = subject.task.numbers.iter();
                let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Noise);
                let keys: Vec<[u32; 2]> = numbers.map(key).collect();
                population.add_noise(&keys, &fisher, *alpha, LEAST_FISHER)?;
            }
            Stage::Undo => population.mix(1.0, &self.logged(subject, progress)?, -1.0)?,
            Stage::Silence(..) | Stage::Train(..) | Stage::TrainBy(..) => {}
        }
        *weights = population.parameters()?;
        Ok(())
    }

    /// Sets the digits' rows of the last layer to 0, and their biases to this value.
    fn silence(&self, weights: &mut Weights, digits: &[u8], bias: f32) {
        let layers = self.model.layers();
        let last = layers[layers.len() - 1];
        let width = last.padded_inputs as usize;
        for network in weights.chunks_exact_mut(self.size()) {
            for &digit in digits {
                let row = last.weights as usize + usize::from(digit) * width;
                network[row..row + width].fill(0.0);
                network[last.biases as usize + usize::from(digit)] = bias;
            }
        }
    }

    /// The mean over all images, from the means over both kinds.
    fn of_all(&self, of_forget: &Weights, of_retain: &Weights, task: &Task<'_>) -> Result<Weights> {
        let share = task.forget.len() as f32 / task.labels.len() as f32;
        let population = self.holding(of_retain)?;
        population.mix(1.0 - share, of_forget, share)?;
        population.parameters()
    }

    /// How much each weight of the originals matters to the images to forget, or to the others.
    pub(super) fn importance(
        &self,
        subject: &Subject<'_>,
        forget: bool,
        what: Importance,
    ) -> Result<Weights> {
        let task = &subject.task;
        let id = format!(
            "{} {what:?} {forget} {:?} {} {}",
            self.origin,
            self.case,
            fingerprint(&subject.originals),
            task.labels.len()
        );
        self.store.get(&id, subject.originals.len(), || {
            let samples = if forget { &task.forget } else { &task.retain };
            let recipe = |n: &u32| Recipe {
                rate: 0.0,
                momentum: 1.0,
                decay: 0.0,
                ..self.recipe(vec![0].into(), *n, 0)
            };
            let taught: Vec<Recipe> = task.numbers.iter().map(recipe).collect();
            let batch = self.batch(taught.len(), self.training.batch);
            let images = [&self.train, &self.test];
            let rule = Rule::Gradient;
            let population =
                Population::ruled(self.device, &self.model, batch, images, &taught, rule)?;
            population.set_parameters(&subject.originals)?;
            population.importance(&self.train, samples, what)
        })
    }

    /// The change made by steps with images to forget in the training of the originals with these
    /// numbers, which is repeated with identical results.
    fn logged(&self, subject: &Subject<'_>, progress: &mut dyn Progress) -> Result<Weights> {
        let numbers = &subject.task.numbers[..];
        let Training { epochs, lr, .. } = self.training;
        let id = format!(
            "{} log {:?} {numbers:?} {epochs} {lr}",
            self.origin, self.case
        );
        self.store.get(&id, numbers.len() * self.size(), || {
            let list = std::sync::Arc::new(self.marked());
            let recipe = |n: &u32| self.recipe(list.clone(), *n, 0);
            let taught: Vec<Recipe> = numbers.iter().map(recipe).collect();
            let population = self.ruled(&self.train, &taught, Rule::Logged)?;
            let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Weights);
            population.initialise(&numbers.iter().map(key).collect::<Vec<_>>())?;
            let steps = self.training.steps(self.labels().len());
            in_slices(&population, &mut 0, steps, &mut Stopper(progress))?;
            if population.parameters()? != *subject.originals {
                return Err(Error::Device(format!(
                    "{} does not reproduce its own training bit for bit, so amnesiac cannot undo \
                     steps: leave it out, or choose another --device",
                    self.device.record().name
                )));
            }
            population.logged()
        })
    }

    /// The training images followed by every learner's noise images, if recipes refer to those.
    pub(super) fn with_noise(
        &self,
        taught: &[Recipe],
        subject: &Subject<'_>,
    ) -> Result<Option<DeviceImages>> {
        let task = &subject.task;
        let first = task.labels.len();
        let names = |recipe: &Recipe| {
            let mut entries = recipe.samples.iter();
            entries.any(|entry| (entry & crate::kernels::INDEX) as usize >= first)
        };
        if !taught.iter().any(names) {
            return Ok(None);
        }
        let (pixels, labels) = self.noise(subject)?;
        let mut all = self.data.train.clone();
        all.pixels.extend(pixels);
        all.labels.extend(labels);
        Ok(Some(DeviceImages::upload(self.device, &all)?))
    }

    /// Noise images, `unsir::NOISE` per learner, and their labels.
    fn noise(&self, subject: &Subject<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
        let task = &subject.task;
        let labels = unsir::labels(&task.digits);
        let entries: Vec<u32> = unsir::entries(&labels);
        let population = self.asking(&subject.originals, entries.len())?;
        let start: Vec<f32> = task
            .keys
            .iter()
            .flat_map(|key| unsir::start(*key))
            .collect();
        let climb = (unsir::STEPS, unsir::SIZE);
        let (x, _) = population.climb(&self.train, &entries, Some(&start), climb)?;
        let labels = labels.repeat(task.keys.len());
        Ok((unsir::bytes(&x), labels))
    }
}
