//! Methods at work: all of them on all originals, side by side in one population.

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
        let s = self.settings;
        let named = jobs
            .iter()
            .map(|j| format!("{} {:?}", j.method.name(), j.setting));
        let recipe = format!(
            "{what} {} {:?} {:?} {:?} {} {} {} {} {} {} {:?} {} {}",
            s.budget,
            s.data,
            s.hidden,
            s.forget,
            s.learners,
            s.retrained,
            s.epochs,
            s.lr,
            s.batch,
            s.seed,
            s.variants,
            s.device,
            named.collect::<Vec<_>>().join(" ")
        );
        watch.begin(what, s.budget.into());
        let all = self.cache.get(&recipe, jobs.len() * originals.len(), || {
            self.applied(jobs, originals, task, watch)
        })?;
        Ok(all
            .chunks_exact(originals.len())
            .map(<[f32]>::to_vec)
            .collect())
    }

    fn applied(
        &self,
        jobs: &[Job],
        originals: &Weights,
        task: &Task<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Weights> {
        let budget = self.settings.budget;
        let schedules: Vec<Schedule> = jobs
            .iter()
            .map(|j| Schedule::new(j, task, budget))
            .collect();
        let mut weights: Vec<Weights> = jobs.iter().map(|_| originals.clone()).collect();
        let bounds = schedules.iter().flat_map(|s| &s.parts);
        let mut bounds: Vec<u32> = bounds.flat_map(|p| [p.steps.start, p.steps.end]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        for pair in bounds.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let busy: Vec<usize> = (0..jobs.len())
                .filter(|&job| schedules[job].part(start).is_some())
                .collect();
            let parts = busy.iter().filter_map(|&job| schedules[job].part(start));
            let taught: Vec<Curriculum> = parts.flat_map(|p| p.taught.clone()).collect();
            let population = self.population(&taught)?;
            let before: Vec<f32> = busy.iter().flat_map(|&job| weights[job].clone()).collect();
            population.set_parameters(&before)?;
            population.train(end - start, &mut |done| watch.advance(done.into()))?;
            let after = population.parameters()?;
            for (&job, own) in busy.iter().zip(after.chunks_exact(originals.len())) {
                weights[job] = own.to_vec();
            }
        }
        for (weights, schedule) in weights.iter_mut().zip(&schedules) {
            schedule
                .edits
                .iter()
                .for_each(|edit| self.edit(weights, originals, edit));
        }
        Ok(weights.concat())
    }

    fn edit(&self, weights: &mut Weights, originals: &Weights, edit: &Stage) {
        match edit {
            Stage::Mix { own, original } => {
                for (w, o) in weights.iter_mut().zip(originals) {
                    *w = own * *w + original * o;
                }
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
            // `judge` puts the retrained population itself here.
            Stage::Retrained | Stage::Train(..) => {}
        }
    }
}
