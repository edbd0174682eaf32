//! Methods at work: all of them on all originals, side by side in one population.

use sha2::{Digest, Sha256};

use super::cache::hex;
use super::{Job, Lab, Watch, Weights};
use crate::error::Result;
use crate::methods::{Stage, Task};
use crate::population::Curriculum;

/// A part of a method's training: the steps at which it begins and ends, and what each network is
/// taught meanwhile.
struct Part {
    steps: std::ops::Range<u32>,
    taught: Vec<Curriculum>,
}

/// A job, laid out in time. What is done to weights is done when the training is over, in order.
struct Schedule {
    parts: Vec<Part>,
    edits: Vec<Stage>,
}

impl Schedule {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the budget"
    )]
    fn new(job: &Job, task: &Task<'_>, budget: u32) -> Self {
        let (mut parts, mut edits) = (Vec::new(), Vec::new());
        let mut share = 0.0;
        for stage in job.method.stages(task, job.setting) {
            match stage {
                Stage::Train(of, taught) => {
                    let at = |share: f64| (share * f64::from(budget)).round() as u32;
                    let steps = at(share)..at(share + of).min(budget);
                    share += of;
                    parts.push(Part { steps, taught });
                }
                edit => edits.push(edit),
            }
        }
        Self { parts, edits }
    }

    fn part(&self, step: u32) -> Option<&Part> {
        self.parts.iter().find(|p| p.steps.contains(&step))
    }
}

/// What comes out depends on all of this: what networks are taught and when, what is done to them, and
/// the weights that they begin with.
fn fingerprint(schedules: &[Schedule], originals: &Weights) -> String {
    let mut hash = Sha256::new();
    hash.update(bytemuck::cast_slice::<f32, u8>(originals));
    for schedule in schedules {
        hash.update(format!("{:?}", schedule.edits));
        for part in &schedule.parts {
            hash.update(format!("{:?}", part.steps));
            for lesson in &part.taught {
                let numbers = (lesson.key, lesson.soft_target, lesson.weights, lesson.rate);
                hash.update(format!("{numbers:?}"));
                hash.update(bytemuck::cast_slice::<u32, u8>(&lesson.samples));
                if let Some(table) = &lesson.table {
                    hash.update(bytemuck::cast_slice::<f32, u8>(table));
                }
            }
        }
    }
    hex(&hash.finalize()[..16])
}

impl Lab<'_> {
    /// Takes `originals` through every job: weights by job, [originals, model.parameters()].
    pub(super) fn apply(
        &self,
        jobs: &[Job],
        originals: &Weights,
        task: &Task<'_>,
        what: &str,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Weights>> {
        let budget = self.settings.budget;
        let schedules: Vec<Schedule> = jobs
            .iter()
            .map(|job| Schedule::new(job, task, budget))
            .collect();
        let recipe = format!(
            "{} {what} {}",
            self.origin(),
            fingerprint(&schedules, originals)
        );
        watch.begin(what, budget.into());
        let all = self.cache.get(&recipe, jobs.len() * originals.len(), || {
            self.applied(&schedules, originals, task, watch)
        })?;
        Ok(all
            .chunks_exact(originals.len())
            .map(<[f32]>::to_vec)
            .collect())
    }

    fn applied(
        &self,
        schedules: &[Schedule],
        originals: &Weights,
        task: &Task<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Weights> {
        let mut weights: Vec<Weights> = schedules.iter().map(|_| originals.clone()).collect();
        let bounds = schedules.iter().flat_map(|s| &s.parts);
        let mut bounds: Vec<u32> = bounds.flat_map(|p| [p.steps.start, p.steps.end]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let room = self.room(task.labels.len())?;
        for pair in bounds.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let busy: Vec<usize> = (0..schedules.len())
                .filter(|&job| schedules[job].part(start).is_some())
                .collect();
            let together = (room / task.keys.len()).max(1);
            let mut chunks = busy.chunks(together).peekable();
            while let Some(chunk) = chunks.next() {
                let last = chunks.peek().is_none();
                let parts = chunk.iter().filter_map(|&job| schedules[job].part(start));
                let taught: Vec<Curriculum> =
                    parts.clone().flat_map(|p| p.taught.clone()).collect();
                // A method's walk through its samples goes on where it was.
                let clocks = parts.flat_map(|p| p.taught.iter().map(|_| start - p.steps.start));
                let population = self.population(&taught)?;
                population.set_clocks(&clocks.collect::<Vec<_>>())?;
                let before = chunk.iter().flat_map(|&job| weights[job].iter().copied());
                population.set_parameters(&before.collect::<Vec<f32>>())?;
                let share = |done: u32| if last { u64::from(done) } else { 0 };
                population.train(end - start, &mut |done| watch.advance(share(done)))?;
                let after = population.parameters()?;
                for (&job, own) in chunk.iter().zip(after.chunks_exact(originals.len())) {
                    weights[job] = own.to_vec();
                }
            }
        }
        for (weights, schedule) in weights.iter_mut().zip(schedules) {
            for edit in &schedule.edits {
                self.edit(weights, originals, edit)?;
            }
        }
        Ok(weights.concat())
    }

    fn edit(&self, weights: &mut Weights, originals: &Weights, edit: &Stage) -> Result<()> {
        match edit {
            Stage::Mix { own, original } => {
                let population = self.holding(weights)?;
                population.mix(*own, originals, *original)?;
                *weights = population.parameters()?;
            }
            Stage::Silence(digits, bias) => {
                let layers = self.model.layers();
                let last = layers[layers.len() - 1];
                let width = last.padded_inputs as usize;
                for network in weights.chunks_exact_mut(self.model.parameters() as usize) {
                    for &digit in digits {
                        let row = last.weights as usize + usize::from(digit) * width;
                        network[row..row + width].fill(0.0);
                        network[last.biases as usize + usize::from(digit)] = *bias;
                    }
                }
            }
            // The networks are trained already.
            Stage::Train(..) => {}
        }
        Ok(())
    }
}
