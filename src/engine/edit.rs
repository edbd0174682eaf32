//! Methods' edits of weights between training, and the quantities they need.

use std::ops::RangeBounds;

use super::crew::in_slices;
use super::store::fingerprint;
use super::{Engine, Subject, Training, Weights};
use crate::error::{Error, Result};
use crate::kernels::SOFT;
use crate::methods::{Stage, Task, unsir};
use crate::population::{DeviceImages, Importance, Recipe, Rule};
use crate::progress::Progress;
use crate::random::{Purpose, learner_key};
use crate::record::CLASSES;

/// Passes on whether to stop, and no progress: these steps, and waits for them, are counted nowhere.
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
        match edit {
            Stage::Reinitialise(layers) => self.reinitialise(weights, subject, *layers)?,
            Stage::Renew(share) => self.renew(weights, subject, *share)?,
            Stage::Noise { alpha } => self.add_noise(weights, subject, *alpha)?,
            Stage::Influence { alpha } => self.influence(weights, subject, *alpha)?,
            Stage::Newton { damping } => self.newton(weights, subject, *damping)?,
            Stage::Widen => self.widen(weights, subject)?,
            Stage::Narrow => self.fill_rows(weights, CLASSES.., 0.0),
            Stage::Silence(digits, bias) => {
                for digit in digits.iter().map(|d| usize::from(*d)) {
                    self.fill_rows(weights, digit..=digit, *bias);
                }
            }
            Stage::Mix { own, original } => {
                let population = self.holding(weights)?;
                population.mix(*own, &subject.originals, *original)?;
                *weights = population.parameters()?;
            }
            Stage::Undo => {
                let population = self.holding(weights)?;
                population.mix(1.0, &self.logged(subject, progress)?, -1.0)?;
                *weights = population.parameters()?;
            }
            Stage::Dampen {
                what,
                alpha,
                lambda,
            } => {
                let of_forget = self.importance(subject, true, *what)?;
                let of_retain = self.importance(subject, false, *what)?;
                let of_all = self.of_all(&of_forget, &of_retain, &subject.task)?;
                let population = self.holding(weights)?;
                population.dampen(&of_forget, &of_all, *alpha, *lambda)?;
                *weights = population.parameters()?;
            }
            Stage::Train(..) | Stage::TrainBy(..) | Stage::TrainAnew(..) => {}
        }
        Ok(())
    }

    /// Gives the last `count` layers the weights that the originals started from.
    fn reinitialise(
        &self,
        weights: &mut Weights,
        subject: &Subject<'_>,
        count: usize,
    ) -> Result<()> {
        let fresh = self.fresh(&subject.task.numbers)?;
        let layers = self.model.layers();
        let first = layers.len().saturating_sub(count);
        let start = layers
            .get(first)
            .map_or(self.size(), |l| l.weights as usize);
        let networks = weights.chunks_exact_mut(self.size());
        for (network, fresh) in networks.zip(fresh.chunks_exact(self.size())) {
            network[start..].copy_from_slice(&fresh[start..]);
        }
        Ok(())
    }

    /// Gives the last layer one row more: the first one of a fresh network.
    fn widen(&self, weights: &mut Weights, subject: &Subject<'_>) -> Result<()> {
        let fresh = self.strangers(subject)?;
        let layers = self.model.layers();
        let last = layers[layers.len() - 1];
        let width = last.padded_inputs as usize;
        let from = last.weights as usize;
        let networks = weights.chunks_exact_mut(self.size());
        for (network, fresh) in networks.zip(fresh.chunks_exact(self.size())) {
            network[from + CLASSES * width..][..width].copy_from_slice(&fresh[from..][..width]);
        }
        Ok(())
    }

    /// Sets these rows of the last layer to 0, and their biases to this value.
    fn fill_rows(&self, weights: &mut Weights, rows: impl RangeBounds<usize>, bias: f32) {
        let layers = self.model.layers();
        let last = layers[layers.len() - 1];
        let width = last.padded_inputs as usize;
        for network in weights.chunks_exact_mut(self.size()) {
            for row in (0..last.padded_outputs as usize).filter(|row| rows.contains(row)) {
                let start = last.weights as usize + row * width;
                network[start..start + width].fill(0.0);
                network[last.biases as usize + row] = bias;
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
            let mut samples = if forget { &task.forget } else { &task.retain }.clone();
            let recipe = |n: &u32| self.gathering(*n);
            let mut taught: Vec<Recipe> = task.numbers.iter().map(recipe).collect();
            if what == Importance::Absolute {
                samples.iter_mut().for_each(|entry| *entry |= SOFT);
                let networks = subject.originals.chunks_exact(self.size());
                for (recipe, network) in taught.iter_mut().zip(networks) {
                    recipe.table = Some(self.targets_of_norm(network)?.into());
                }
            }
            let population = self.gatherer(&taught)?;
            population.set_parameters(&subject.originals)?;
            population.importance(&self.train, &samples, what)
        })
    }

    /// Targets for which a loss has the gradient of ‖z‖², z a network's logits, padded [images, 12]:
    /// softmax(z) − t = 2 z.
    fn targets_of_norm(&self, network: &[f32]) -> Result<Vec<f32>> {
        let mut targets = self.outputs_of(network)?;
        for (z, p) in targets.0.iter().zip(&mut targets.1) {
            *p -= 2.0 * z;
        }
        Ok(targets.1)
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
        let length = numbers.len() * self.size();
        let uncounted = &mut Stopper(progress);
        self.store.get_once((&id, length), uncounted, |progress| {
            let list = std::sync::Arc::new(self.marked());
            let recipe = |n: &u32| self.recipe(list.clone(), *n, 0);
            let taught: Vec<Recipe> = numbers.iter().map(recipe).collect();
            let population = self.ruled(&self.train, &taught, Rule::Logged)?;
            let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Weights);
            population.initialise(&numbers.iter().map(key).collect::<Vec<_>>())?;
            let steps = self.training.steps(self.labels().len());
            in_slices(&population, &mut 0, steps, progress)?;
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
