//! How much work a run is, so that its progress and the time left are those of all of it.

use super::clock::PhaseClock;
use super::{members, part};
use crate::config::Config;
use crate::data::Dataset;
use crate::engine::TRAINED;
use crate::inside::MOST;
use crate::record::Phase;

/// Passes that looking into a network of each arm costs: about, by default runs' seconds on the CPU.
const LOOKED: u64 = 200_000;

/// The work of a run. A unit is the pass of an image forwards through a network.
#[derive(Clone, Debug)]
pub struct Work {
    stages: Vec<Stage>,
    look: u64,
}

/// The work of a phase.
#[derive(Clone, Debug)]
struct Stage {
    phase: Phase,
    /// Of a step.
    step: u64,
    /// Steps at which networks are evaluated, each with the work of that.
    stops: Vec<(u32, u64)>,
}

impl Work {
    /// The work of a run with these settings and images.
    pub fn new(config: &Config, data: &Dataset) -> Self {
        let test = data.test.len();
        let part = part::part(&data.test.labels, config.seed).map_or(test, |part| part.len());
        let stage = |phase| {
            let clock = PhaseClock::of(config, phase, data.train.len());
            let arms = members(phase, config.from.is_some()).len();
            let networks = (arms * config.learners) as u64;
            let evaluation = |step| {
                let images = match step {
                    _ if step == clock.steps => test,
                    // A phase begins with what the one before it ended with.
                    0 if phase != Phase::Learn => 0,
                    _ => part,
                };
                (step, networks * images as u64)
            };
            let stops = clock.evaluations(config.evaluations).into_iter();
            Stage {
                phase,
                step: TRAINED * networks * config.batch as u64,
                stops: stops.map(evaluation).collect(),
            }
        };
        Self {
            stages: Phase::ALL.map(stage).into(),
            look: LOOKED * config.learners.min(MOST) as u64,
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.phases() + self.look
    }

    /// That of all phases: all but looking inside.
    pub fn phases(&self) -> u64 {
        self.stages.iter().map(|stage| stage.until(u32::MAX)).sum()
    }

    /// What is done after a step, and after the evaluation there if there is one.
    pub fn evaluated(&self, phase: Phase, step: u32) -> u64 {
        self.before(phase) + self.stage(phase).map_or(0, |stage| stage.until(step))
    }

    /// What is done after a step, before an evaluation there. Training never passes by the first
    /// evaluation after `last`: where methods train networks in groups, each reports the same steps.
    pub fn trained(&self, phase: Phase, last: Option<u32>, step: u32) -> u64 {
        let Some(stage) = self.stage(phase) else {
            return 0;
        };
        let mut stops = stage.stops.iter();
        let next = stops.find(|(stop, _)| last.is_none_or(|last| *stop > last));
        match next {
            Some(&(stop, work)) if step >= stop => self.evaluated(phase, stop) - work,
            _ => self.evaluated(phase, step),
        }
    }

    fn before(&self, phase: Phase) -> u64 {
        let before = self.stages.iter().take_while(|stage| stage.phase != phase);
        before.map(|stage| stage.until(u32::MAX)).sum()
    }

    fn stage(&self, phase: Phase) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.phase == phase)
    }
}

impl Stage {
    /// What is done once networks were evaluated after a step, or the last before it.
    fn until(&self, step: u32) -> u64 {
        let done = self.stops.iter().filter(|(stop, _)| *stop <= step);
        let evaluated: u64 = done.map(|(_, work)| work).sum();
        let steps = self.stops.last().map_or(0, |(last, _)| step.min(*last));
        u64::from(steps) * self.step + evaluated
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::data::small;
    use crate::progress::Left;

    /// Walks through all steps and evaluations of a run: its work before and after each.
    fn walk(work: &Work) -> Vec<u64> {
        let mut places = Vec::new();
        for stage in &work.stages {
            let mut last = None;
            for &(stop, _) in &stage.stops {
                for step in (last.unwrap_or(0)..=stop).step_by(4).chain([stop]) {
                    places.push(work.trained(stage.phase, last, step));
                }
                places.push(work.evaluated(stage.phase, stop));
                last = Some(stop);
            }
        }
        places.push(work.phases());
        places.extend((1..=4).map(|part| work.phases() + part * work.look / 4));
        places
    }

    #[test]
    fn work_grows_to_its_total_and_steps_reported_twice_count_once() {
        let work = Work::new(&Config::default(), &small(6000, 500));
        let places = walk(&work);
        assert!(places.is_sorted());
        assert_eq!((places[0], places.last()), (0, Some(&work.total())));
        // Two arms of four networks, 94 steps an epoch.
        let (first, step) = (work.evaluated(Phase::Learn, 0), 3 * 8 * 64);
        assert_eq!(first, 8 * 500);
        assert_eq!(work.trained(Phase::Learn, Some(0), 1), first + step);
        let next = work.stages[0].stops[1].0;
        let most = work.trained(Phase::Learn, Some(0), 1000);
        assert_eq!(most, first + u64::from(next) * step);
        assert_eq!(work.evaluated(Phase::Learn, next), most + 8 * 500);
    }

    /// Kernels are compiled for three seconds first, and the machine's speed wavers by a quarter.
    #[test]
    fn the_time_left_of_a_run_is_steady_from_the_first_seconds() {
        let work = Work::new(&Config::default(), &small(6000, 500));
        let (mut left, start) = (Left::new(work.total()), Instant::now());
        let (mut at, mut before, mut said) = (3.0, 0, Vec::new());
        for (number, done) in (0u32..).zip(walk(&work)) {
            let wavers = 1.0 + 0.25 * (f64::from(number) / 9.0).sin();
            at += (done - before) as f64 * 1e-5 * wavers;
            before = done;
            let now = start + Duration::from_secs_f64(at);
            if number > 0 {
                left.begin(done, now);
            }
            let left = left.at(done, now).map(|left| left.as_secs_f64());
            said.extend(left.map(|left| (at, left)));
        }
        assert!(at > 20.0 && said[0].0 < 5.0, "{at}: {said:?}");
        for (now, left) in &said {
            let off = (now + left - at).abs() / at;
            assert!(off < 0.25, "{left} s left at {now} s of {at}");
        }
    }
}
