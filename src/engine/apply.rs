//! Applies methods: all of them to all originals, side by side if they share an update rule.

use std::rc::Rc;

use super::crew::{Crew, Subject, Track};
use super::schedule::Schedule;
use super::{Engine, Job, Keep, TOGETHER, Weights};
use crate::error::Result;
use crate::methods::By;
use crate::population::Recipe;
use crate::progress::Progress;

impl Engine<'_> {
    /// Takes `originals` through every job with a budget of `budget` steps: weights by job,
    /// [originals, model.parameters()]. Earlier results come from the store, whatever they were computed
    /// alongside.
    pub(crate) fn apply(
        &self,
        jobs: &[Job],
        subject: &Subject<'_>,
        budget: u32,
        what: &str,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Weights>> {
        let Subject { originals, task } = subject;
        let schedule = |job| Ok(Rc::new(Schedule::new(job, task, budget)?));
        let schedules: Vec<Rc<Schedule>> = jobs.iter().map(schedule).collect::<Result<_>>()?;
        let origin = format!("{} {:?}", self.origin, self.case);
        let id = |s: &Rc<Schedule>| format!("{origin} {}", s.fingerprint(originals));
        let all: Vec<_> = schedules.iter().map(|s| (id(s), originals.len())).collect();
        let networks = task.keys.len();
        let together = (self.room(task.labels.len())?.min(TOGETHER) / networks).max(1);
        let lots = self.lots(networks, usize::MAX);
        let make = &mut |taken: &[usize], keep: &mut Keep<'_>, progress: &mut dyn Progress| {
            let crews = crews(taken, &schedules, together);
            let length = |crew: &Vec<usize>| {
                let lengths = crew.iter().map(|&job| schedules[job].length());
                lengths.max().unwrap_or(0)
            };
            let what = match jobs.len() - taken.len() {
                0 => what.to_owned(),
                kept => format!("{what}, {kept} of {} from the cache", jobs.len()),
            };
            progress.begin(
                &what,
                crews.iter().map(|crew| u64::from(length(crew))).sum(),
            );
            for crew in crews {
                let own = crew.iter().map(|&job| schedules[job].clone()).collect();
                let trained = self.led(own, subject, length(&crew), progress)?;
                for (job, weights) in crew.into_iter().zip(trained) {
                    keep(job, weights)?;
                }
            }
            Ok(())
        };
        self.store.get_all(&all, lots, progress, make)
    }

    /// Takes the originals through schedules, side by side: weights by schedule.
    fn led(
        &self,
        schedules: Vec<Rc<Schedule>>,
        subject: &Subject<'_>,
        steps: u32,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Weights>> {
        let track = |schedule| Track {
            schedule,
            weights: subject.originals.to_vec(),
        };
        let tracks = schedules.into_iter().map(track).collect();
        let mut crew = Crew::new(self, tracks, Some(subject.clone()), steps);
        crew.advance(steps, progress)?;
        crew.weights()
    }

    /// Trains networks side by side for `steps` steps, and returns their weights.
    pub(crate) fn trained(
        &self,
        taught: Vec<Recipe>,
        weights: Weights,
        steps: u32,
        progress: &mut dyn Progress,
    ) -> Result<Weights> {
        let schedule = Rc::new(Schedule::plain(taught, steps));
        let mut crew = Crew::new(self, vec![Track { schedule, weights }], None, steps);
        crew.advance(steps, progress)?;
        Ok(crew.weights()?.concat())
    }
}

/// Jobs that are done together: those with the same kind of update rule, the longest ones first, up
/// to a limit.
fn crews(jobs: &[usize], schedules: &[Rc<Schedule>], together: usize) -> Vec<Vec<usize>> {
    let kind = |by: Option<By>| match by {
        None => 0,
        Some(By::Sparse) => 1,
        // Weights of which some take less than a step may train beside some that take all of it.
        Some(By::Scaled(_)) => 2,
        Some(By::Projected) => 3,
        Some(By::Widened) => 4,
    };
    let of = |job: usize| kind(schedules[job].parts.iter().find_map(|part| part.by));
    let mut crews = Vec::new();
    for kind in 0..=4 {
        let mut own: Vec<usize> = jobs.iter().copied().filter(|&j| of(j) == kind).collect();
        own.sort_by_key(|&job| std::cmp::Reverse(schedules[job].length()));
        crews.extend(own.chunks(together).map(<[usize]>::to_vec));
    }
    crews
}

#[cfg(test)]
mod tests;
