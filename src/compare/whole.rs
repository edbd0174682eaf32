//! How much work comparisons are, so that their progress and the time left are those of all of it.

use std::collections::VecDeque;

use super::Lab;
use super::base::{self, TRIED};
use super::judge::UNTRAINED;
use super::tune::TRIALS;
use crate::engine::{Pick, SCORERS, TRAINED};
use crate::methods::{Method, Passed};
use crate::metrics::Scope;
use crate::progress::Progress;

/// Steps after which most retrained networks know again what was forgotten.
const RELEARNED: u64 = 256;
/// Passes that measuring a network costs, and looking into one: about, by default comparisons' seconds
/// on the CPU.
const MEASURED: u64 = 30_000;
const LOOKED: u64 = 60_000;

/// A task by the name under which it begins, with its work. A unit is the pass of an image forwards
/// through a network.
#[derive(Clone, Debug)]
pub(super) struct Task {
    name: String,
    work: u64,
}

impl Task {
    /// Whether it is what begins: some of it may be in the cache.
    fn is(&self, what: &str) -> bool {
        let rest = what.strip_prefix(&self.name);
        // "settings, refined 1" is another task than "settings, 3 of 8 from the cache".
        let number = |c: char| c.is_ascii_digit();
        rest.is_some_and(|rest| {
            let part = rest
                .strip_prefix(", ")
                .map(|part| part.trim_start_matches(number));
            rest.is_empty()
                || part.is_some_and(|part| {
                    part.starts_with(" of ") && part.ends_with(" from the cache")
                })
        })
    }
}

/// Progress of one task after another.
pub(super) struct Whole<'a> {
    progress: &'a mut dyn Progress,
    /// Tasks to come, in order.
    rest: VecDeque<Task>,
    /// Work of all tasks, and of those before the current one.
    total: u64,
    before: u64,
    /// The current task's work, its units, and those done.
    work: u64,
    units: u64,
    done: u64,
}

impl<'a> Whole<'a> {
    /// Of tasks in this order.
    pub(super) fn new(tasks: Vec<Task>, progress: &'a mut dyn Progress) -> Self {
        let total = tasks.iter().map(|task| task.work).sum();
        progress.whole(0, total);
        Self {
            progress,
            rest: tasks.into(),
            total,
            before: 0,
            work: 0,
            units: 0,
            done: 0,
        }
    }

    fn tell(&mut self) {
        let done = self.done.min(self.units);
        let part = self.work.saturating_mul(done) / self.units.max(1);
        self.progress.whole(self.before + part, self.total);
    }
}

impl Progress for Whole<'_> {
    /// Tasks before this one did not begin: what they make was there.
    fn begin(&mut self, what: &str, units: u64) {
        self.before += std::mem::take(&mut self.work);
        if let Some(place) = self.rest.iter().position(|task| task.is(what)) {
            let skipped: u64 = self.rest.drain(..place).map(|task| task.work).sum();
            self.total -= skipped;
            self.work = self.rest.pop_front().map_or(0, |task| task.work);
        }
        (self.units, self.done) = (units, 0);
        self.progress.begin(what, units);
        self.tell();
    }

    fn advance(&mut self, units: u64) {
        self.done += units;
        self.progress.advance(units);
        self.tell();
    }

    fn note(&mut self, text: &str) {
        self.progress.note(text);
    }

    fn stopped(&self) -> bool {
        self.progress.stopped()
    }
}

/// The tasks of all cases, whose tasks' names begin with these.
pub(super) fn tasks(labs: &[Lab<'_>], names: &[String]) -> Vec<Task> {
    let mut tasks: Vec<Task> = labs.iter().flat_map(Lab::scores).collect();
    let batch = labs.first().map_or(0, |lab| lab.settings.batch);
    tasks.extend(base::tasks(labs).into_iter().map(|(name, steps)| Task {
        name: name.to_owned(),
        work: TRAINED * steps * batch as u64,
    }));
    for (lab, name) in labs.iter().zip(names) {
        let mut own = lab.tasks();
        if labs.len() == 1 {
            own.extend(lab.looks());
        }
        for task in &mut own {
            task.name.insert_str(0, name);
        }
        tasks.extend(own);
    }
    tasks
}

impl Lab<'_> {
    /// The tasks of `pick`.
    fn scores(&self) -> Vec<Task> {
        let engine = &self.engine;
        let steps = engine.training.steps(engine.labels().len());
        let task = Task {
            name: "scores of images".to_owned(),
            work: self.training(u64::from(steps) * SCORERS as u64 * 7 / 10),
        };
        match (engine.case.pick, self.tunes()) {
            (Pick::Random, _) => Vec::new(),
            (_, false) => vec![task],
            (_, true) => vec![task.clone(), task],
        }
    }

    /// The tasks of `run`.
    fn tasks(&self) -> Vec<Task> {
        let task = |name: String, work| Task { name, work };
        let mut tasks = Vec::new();
        let grids = || self.methods.iter().map(|m| (*m, m.settings().len()));
        let tuned = || grids().filter(|(_, settings)| *settings > 1);
        let trials = |trials: &dyn Fn(usize) -> usize| {
            let work = |(m, grid)| self.applied(m, 1.0, TRIED * trials(grid));
            tuned().map(work).sum()
        };
        tasks.push(task("settings".to_owned(), trials(&|grid| grid)));
        for trial in 1..TRIALS {
            let name = format!("settings, refined {trial}");
            let more = |grid| usize::from(grid + trial <= TRIALS);
            tasks.push(task(name, trials(&more)));
        }
        let learners = self.settings.learners;
        let methods = |of: &dyn Fn(&&&dyn Method) -> bool, budget| {
            let own = self.methods.iter().filter(|m| of(&&**m));
            own.map(|&m| self.applied(m, budget, learners)).sum()
        };
        tasks.push(task("methods".to_owned(), methods(&|_| true, 1.0)));
        for &budget in self.settings.budgets.iter().filter(|b| **b != 1.0) {
            let name = format!("methods, {budget} of the budget");
            tasks.push(task(name, methods(&|m| !m.is_control(), budget)));
        }
        let entries = self.methods.iter().map(|&m| self.budgets(m).len());
        let entries = learners * entries.sum::<usize>();
        let retrained = self.settings.retrained + learners.min(self.settings.retrained);
        for group in [retrained, learners, entries] {
            let parts = self.engine.relearning(group).into_iter();
            let work = |networks: usize| self.training(networks as u64 * RELEARNED);
            tasks.extend(parts.map(|networks| task("relearning".to_owned(), work(networks))));
        }
        let measured = retrained + learners + entries + UNTRAINED;
        tasks.push(task("metrics".to_owned(), MEASURED * measured as u64));
        tasks
    }

    /// The tasks of `look`.
    fn looks(&self) -> Vec<Task> {
        if !matches!(self.engine.case.scope, Scope::Digits(_)) {
            return Vec::new();
        }
        let networks = (self.some() * self.methods.len()) as u64;
        let taught = networks + self.some() as u64;
        let task = |name: &str, work| Task {
            name: name.to_owned(),
            work,
        };
        vec![
            task(
                "learning again",
                self.training(taught * u64::from(self.settings.budget)),
            ),
            task("inside", LOOKED * networks),
        ]
    }

    /// The work of so many steps of a network.
    fn training(&self, steps: u64) -> u64 {
        TRAINED * steps * self.settings.batch as u64
    }

    /// The work of a method in a multiple of its budget, on so many networks.
    fn applied(&self, method: &'static dyn Method, budget: f64, networks: usize) -> u64 {
        let engine = &self.engine;
        let forget = engine.forgotten.iter().filter(|f| **f).count();
        let trained = self.steps(method, budget) as usize * self.settings.batch;
        let passed = method.passed(Passed {
            forget,
            retain: engine.labels().len() - forget,
            trained,
        });
        TRAINED * (networks * (trained + passed)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes how much of how much is done.
    #[derive(Default)]
    struct Notes(Vec<(u64, u64)>);

    impl Progress for Notes {
        fn whole(&mut self, done: u64, of: u64) {
            self.0.push((done, of));
        }
    }

    #[test]
    fn what_is_there_already_is_no_work_and_tasks_that_nobody_planned_are_none() {
        let task = |(name, work): (&str, u64)| Task {
            name: name.to_owned(),
            work,
        };
        let planned = [
            ("base", 100),
            ("settings", 40),
            ("methods", 60),
            ("relearning", 10),
            ("relearning", 30),
        ];
        let mut notes = Notes::default();
        let mut whole = Whole::new(planned.map(task).to_vec(), &mut notes);
        whole.begin("base", 4);
        whole.advance(1);
        whole.advance(3);
        whole.begin("waiting for other parts", 0);
        whole.begin("methods, 3 of 8 from the cache", 2);
        whole.advance(1);
        for _ in 0..2 {
            whole.begin("relearning", 192);
            // More steps than were meant.
            whole.advance(256);
        }
        assert_eq!(notes.0[..4], [(0, 240), (0, 240), (25, 240), (100, 240)]);
        assert_eq!(notes.0[4..7], [(100, 240), (100, 200), (130, 200)]);
        assert_eq!(
            notes.0[7..],
            [(160, 200), (170, 200), (170, 200), (200, 200)]
        );
    }
}
