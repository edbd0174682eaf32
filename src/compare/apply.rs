//! Methods at work: all of them on all originals, side by side in one population as far as they step by
//! one rule.

use super::schedule::{Part, Schedule};
use super::{Job, Lab, Watch, Weights};
use crate::error::{Error, Result};
use crate::methods::fisher_forgetting::LEAST_FISHER;
use crate::methods::purge::CLIP;
use crate::methods::{By, Stage, Task, unsir};
use crate::population::{Curriculum, DeviceImages, Importance, Population, Rule};
use crate::random::{Purpose, learner_key};

/// Networks that are trained together at the most: when they are done, they are kept, and an
/// interrupted comparison goes on behind them.
const TOGETHER: usize = 128;

/// The networks that methods are applied to, and what methods may draw on.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) originals: &'a Weights,
    pub(super) task: &'a Task<'a>,
}

/// Steps at which somebody looks at the weights of all jobs.
pub(super) struct Stops<'a> {
    pub(super) steps: &'a [u32],
    pub(super) look: &'a mut dyn FnMut(u32, &[Weights]) -> Result<()>,
}

impl Stops<'_> {
    fn at(&mut self, step: u32, weights: &[Weights]) -> Result<()> {
        match self.steps.contains(&step) {
            true => (self.look)(step, weights),
            false => Ok(()),
        }
    }
}

impl Lab<'_> {
    /// Takes `originals` through every job: weights by job, [originals, model.parameters()]. What was
    /// done once is taken from the cache, whatever it was done beside.
    pub(super) fn apply(
        &self,
        jobs: &[Job],
        originals: &Weights,
        task: &Task<'_>,
        what: &str,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Weights>> {
        let schedule = |job| Schedule::new(job, task, self.settings.budget);
        let schedules: Vec<Schedule> = jobs.iter().map(schedule).collect();
        let origin = format!("{} {:?}", self.origin(), self.case);
        let recipe = |s: &Schedule| format!("{origin} {}", s.fingerprint(originals));
        let recipes: Vec<String> = schedules.iter().map(recipe).collect();
        let kept = |recipe: &String| self.cache.find(recipe, originals.len());
        let mut results: Vec<Option<Weights>> = recipes.iter().map(kept).collect();

        let missing: Vec<usize> = (0..jobs.len()).filter(|&j| results[j].is_none()).collect();
        let together = self.room(task.labels.len())?.min(TOGETHER) / task.keys.len();
        let crews = crews(&missing, &schedules, together.max(1));
        let budget = u64::from(self.settings.budget);
        let what = match jobs.len() - missing.len() {
            0 => what.to_owned(),
            kept => format!("{what}, {kept} of {} kept from before", jobs.len()),
        };
        watch.begin(&what, budget * crews.len() as u64);
        let subject = Subject { originals, task };
        for crew in crews {
            let own: Vec<&Schedule> = crew.iter().map(|&job| &schedules[job]).collect();
            let nowhere = Stops {
                steps: &[],
                look: &mut |_, _| Ok(()),
            };
            let weights = self.applied(&own, subject, nowhere, watch)?;
            for (job, weights) in crew.into_iter().zip(weights) {
                self.cache.keep(&recipes[job], &weights)?;
                results[job] = Some(weights);
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Weights after each of these schedules.
    pub(super) fn applied(
        &self,
        schedules: &[&Schedule],
        subject: Subject<'_>,
        mut stops: Stops<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Weights>> {
        let budget = self.settings.budget;
        let mut weights = vec![subject.originals.clone(); schedules.len()];
        let mut bounds: Vec<u32> = schedules.iter().flat_map(|s| s.bounds()).collect();
        bounds.extend([0, budget]);
        bounds.extend(stops.steps);
        bounds.sort_unstable();
        bounds.dedup();
        for (place, &start) in bounds.iter().enumerate() {
            // At the very start networks are shown as they are, later with all that was done.
            let untouched = start == 0 && budget > 0;
            if untouched {
                stops.at(start, &weights)?;
            }
            for (schedule, weights) in schedules.iter().zip(&mut weights) {
                for (_, edit) in schedule.edits.iter().filter(|(step, _)| *step == start) {
                    self.edit(weights, subject, edit)?;
                }
            }
            if !untouched {
                stops.at(start, &weights)?;
            }
            let Some(&end) = bounds.get(place + 1) else {
                break;
            };
            let parts = schedules.iter().map(|schedule| schedule.part(start));
            let busy: Vec<(usize, &Part)> = parts
                .enumerate()
                .filter_map(|(job, part)| Some((job, part?)))
                .collect();
            match busy.is_empty() {
                true => watch.advance(u64::from(end - start)),
                false => self.segment(&busy, (start, end), &mut weights, subject, watch)?,
            }
        }
        Ok(weights)
    }

    /// Trains the networks of some jobs from one step to another.
    fn segment(
        &self,
        busy: &[(usize, &Part)],
        (start, end): (u32, u32),
        weights: &mut [Weights],
        subject: Subject<'_>,
        watch: &mut dyn Watch,
    ) -> Result<()> {
        let by = busy[0].1.by;
        let taught: Vec<Curriculum> = busy.iter().flat_map(|(_, p)| p.taught.clone()).collect();
        let (mut salience, mut originals) = (Weights::new(), Weights::new());
        if by == Some(By::Masked) {
            salience = self.importance(subject, true, Importance::Gradient)?;
            salience = salience.repeat(busy.len());
            originals = subject.originals.repeat(busy.len());
        }
        let rule = match by {
            None => Rule::Gradient,
            Some(By::Sparse) => Rule::Sparse(busy[0].1.length()),
            Some(By::Masked) => Rule::Masked {
                salience: &salience,
                originals: &originals,
            },
            Some(By::Projected) => Rule::Projected(CLIP),
        };
        let noisy = self.with_noise(&taught, subject)?;
        let images = noisy.unwrap_or(self.train);
        let population = self.ruled(&images, &taught, rule)?;
        // A method's walk through its samples goes on where it was.
        let clocks = busy.iter().flat_map(|(_, part)| {
            let done = start - part.steps.start;
            part.taught.iter().map(move |_| done)
        });
        population.set_clocks(&clocks.collect::<Vec<_>>())?;
        let twice = if by == Some(By::Projected) { 2 } else { 1 };
        let before = busy.iter().map(|(job, _)| &weights[*job]);
        let before: Vec<f32> = before.flat_map(|w| self.each(w, twice)).collect();
        population.set_parameters(&before)?;
        population.train(end - start, &mut |done| watch.advance(done.into()))?;
        let after = population.parameters()?;
        let size = self.model.parameters() as usize;
        let mut networks = after.chunks_exact(size).step_by(twice);
        for (job, _) in busy {
            let own = networks.by_ref().take(weights[*job].len() / size);
            weights[*job] = own.flatten().copied().collect();
        }
        drop(population);
        if let Some(noisy) = noisy {
            noisy.free(self.device);
        }
        Ok(())
    }

    /// Every network's weights so many times.
    fn each(&self, weights: &Weights, times: usize) -> Vec<f32> {
        let networks = weights.chunks_exact(self.model.parameters() as usize);
        networks.flat_map(|w| w.repeat(times)).collect()
    }

    fn edit(&self, weights: &mut Weights, subject: Subject<'_>, edit: &Stage) -> Result<()> {
        if let Stage::Silence(digits, bias) = edit {
            self.silence(weights, digits, *bias);
            return Ok(());
        }
        let population = self.holding(weights)?;
        match edit {
            Stage::Mix { own, original } => population.mix(*own, subject.originals, *original)?,
            Stage::Dampen { alpha, lambda } => {
                let of_forget = self.importance(subject, true, Importance::Fisher)?;
                let of_retain = self.importance(subject, false, Importance::Fisher)?;
                let of_all = self.of_all(&of_forget, &of_retain, subject.task)?;
                population.dampen(&of_forget, &of_all, *alpha, *lambda)?;
            }
            Stage::Noise { alpha } => {
                let fisher = self.importance(subject, false, Importance::Fisher)?;
                let numbers = subject.task.numbers.iter();
                let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Noise);
                let keys: Vec<[u32; 2]> = numbers.map(key).collect();
                population.add_noise(&keys, &fisher, *alpha, LEAST_FISHER)?;
            }
            Stage::Undo => population.mix(1.0, &self.logged(subject)?, -1.0)?,
            Stage::Silence(..) | Stage::Train(..) | Stage::TrainBy(..) => {}
        }
        *weights = population.parameters()?;
        Ok(())
    }

    /// The digits' rows of the last layer become 0, and their biases this. No arithmetic.
    fn silence(&self, weights: &mut Weights, digits: &[u8], bias: f32) {
        let layers = self.model.layers();
        let last = layers[layers.len() - 1];
        let width = last.padded_inputs as usize;
        for network in weights.chunks_exact_mut(self.model.parameters() as usize) {
            for &digit in digits {
                let row = last.weights as usize + usize::from(digit) * width;
                network[row..row + width].fill(0.0);
                network[last.biases as usize + usize::from(digit)] = bias;
            }
        }
    }

    /// The mean over all images, of what is known as the means over both kinds.
    fn of_all(&self, of_forget: &Weights, of_retain: &Weights, task: &Task<'_>) -> Result<Weights> {
        let share = task.forget.len() as f32 / task.labels.len() as f32;
        let population = self.holding(of_retain)?;
        population.mix(1.0 - share, of_forget, share)?;
        population.parameters()
    }

    /// How much each weight of the originals matters to the images to forget, or to the others.
    fn importance(&self, subject: Subject<'_>, forget: bool, what: Importance) -> Result<Weights> {
        let task = subject.task;
        let recipe = format!(
            "{} {what:?} {forget} {:?} {} {}",
            self.origin(),
            self.case,
            super::cache::fingerprint(subject.originals),
            task.labels.len()
        );
        self.cache.get(&recipe, subject.originals.len(), || {
            let samples = if forget { &task.forget } else { &task.retain };
            let lesson = |n: &u32| Curriculum {
                rate: 0.0,
                momentum: 1.0,
                ..self.lesson(vec![0].into(), *n, 0)
            };
            let taught: Vec<Curriculum> = task.numbers.iter().map(lesson).collect();
            let batch = self.batch(taught.len(), self.settings.batch);
            let images = [&self.train, &self.test];
            let rule = Rule::Gradient;
            let population =
                Population::ruled(self.device, &self.model, batch, images, &taught, rule)?;
            population.set_parameters(subject.originals)?;
            population.importance(&self.train, samples, what)
        })
    }

    /// What steps with images to forget changed in the training of the originals with these numbers:
    /// they are trained once more, and come out the same.
    fn logged(&self, subject: Subject<'_>) -> Result<Weights> {
        let numbers = &subject.task.numbers[..];
        let recipe = format!(
            "{} log {:?} {numbers:?}",
            self.originals_recipe(),
            self.case
        );
        let size = self.model.parameters() as usize;
        self.cache.get(&recipe, numbers.len() * size, || {
            let list = std::sync::Arc::new(self.marked());
            let lesson = |n: &u32| self.lesson(list.clone(), *n, 0);
            let taught: Vec<Curriculum> = numbers.iter().map(lesson).collect();
            let population = self.ruled(&self.train, &taught, Rule::Logged)?;
            let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Weights);
            population.initialise(&numbers.iter().map(key).collect::<Vec<_>>())?;
            population.train(self.steps(), &mut |_| {})?;
            if population.parameters()? != *subject.originals {
                return Err(Error::Device(format!(
                    "{} trains the same networks to other weights a second time, so amnesiac cannot \
                     take steps back: leave it out, or choose another --device",
                    self.device.record().name
                )));
            }
            population.logged()
        })
    }

    /// The training images and every learner's images of noise, where lessons name those.
    fn with_noise(
        &self,
        taught: &[Curriculum],
        subject: Subject<'_>,
    ) -> Result<Option<DeviceImages>> {
        let task = subject.task;
        let first = task.labels.len();
        let names = |lesson: &Curriculum| {
            let mut entries = lesson.samples.iter();
            entries.any(|entry| (entry & crate::kernels::INDEX) as usize >= first)
        };
        if !taught.iter().any(names) {
            return Ok(None);
        }
        let (pixels, labels) = self.noise(subject)?;
        Ok(Some(self.train.and(self.device, &pixels, &labels)?))
    }

    /// Images of noise, for each learner `unsir::NOISE`, and their labels.
    fn noise(&self, subject: Subject<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
        let task = subject.task;
        let labels = unsir::labels(&task.digits);
        let entries: Vec<u32> = unsir::entries(&labels);
        let population = self.asking(subject.originals, entries.len())?;
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

    /// A population with these weights and batches of so many samples, which is not trained.
    pub(super) fn asking(&self, weights: &Weights, batch: usize) -> Result<Population<'_>> {
        let networks = (0u32..).take(weights.len() / self.model.parameters() as usize);
        let lesson = |n| self.lesson(vec![0].into(), n, 0);
        let population = Population::new(
            self.device,
            &self.model,
            batch,
            &self.train,
            &self.test,
            &networks.map(lesson).collect::<Vec<_>>(),
        )?;
        population.set_parameters(weights)?;
        Ok(population)
    }
}

/// Jobs that are done together: those that step by the same rules, so many at a time.
fn crews(jobs: &[usize], schedules: &[Schedule], together: usize) -> Vec<Vec<usize>> {
    let rules = |job: usize| schedules[job].parts.iter().find_map(|part| part.by);
    let mut crews = Vec::new();
    for by in [
        None,
        Some(By::Sparse),
        Some(By::Masked),
        Some(By::Projected),
    ] {
        let own: Vec<usize> = jobs.iter().copied().filter(|&j| rules(j) == by).collect();
        crews.extend(own.chunks(together).map(<[usize]>::to_vec));
    }
    crews
}
