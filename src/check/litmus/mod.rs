//! Litmus tests of the memory model: many instances of a few accesses by two sides, and how often
//! each outcome came. What WGSL forbids must never come; what it allows is counted.
//!
//! The way through: `program` lists the tests; `model` derives from WGSL's memory model what may come of
//! them; `shaders` builds them, `play` runs them on a device, `histogram` judges what came; `mutants`
//! shows that forbidden outcomes would be seen. After Levine et al., "MC Mutants: Evaluating and Improving
//! Testing for Memory Consistency Specifications", ASPLOS 2023, and "GPUHarbor: Testing GPU Memory
//! Consistency at Large", ISSTA 2023.

mod histogram;
mod model;
mod mutants;
mod play;
mod program;
mod shaders;
#[cfg(test)]
mod tests;

use std::time::Instant;

use super::plan::LITMUS;
use super::report::{Failure, Row};
use super::subject::Subject;
use crate::error::Error;
use crate::kernels::Mismatch;
use play::Effort;
use program::{Group, Test};

pub use histogram::{Counted, Histogram, Standing};
pub use mutants::{Power, power};
pub use shaders::SHADERS;

/// Which litmus tests, and how thoroughly.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Only this row, or this test.
    pub(super) name: Option<&'a str>,
    pub(super) seed: u32,
    /// Whether there is nothing else to do.
    pub(super) alone: bool,
}

/// The names of rows and tests.
pub(super) fn names() -> Vec<String> {
    let groups = Group::ALL.map(|group| group.name().to_owned());
    let tests = Test::all().into_iter().map(|test| test.name);
    groups.into_iter().chain(tests).collect()
}

impl Wanted<'_> {
    fn tests(&self) -> Vec<Test> {
        let mut tests = Test::all();
        tests.retain(|test| {
            let names = [test.name.as_str(), test.group().name()];
            self.name.is_none_or(|name| names.contains(&name))
        });
        tests
    }

    /// How many tests there are.
    pub(super) fn count(&self) -> u64 {
        self.tests().len() as u64
    }

    /// A row for each group; `done` is called after each test. A device that fails is left alone from then on.
    pub(super) fn rows(
        &self,
        subject: &Subject,
        stopped: &mut Option<String>,
        done: &mut dyn FnMut(),
    ) -> Vec<Row> {
        let tests = self.tests();
        let mut rows = Vec::new();
        for group in Group::ALL {
            let mut own = tests.iter().filter(|test| test.group() == group).peekable();
            if own.peek().is_none() {
                continue;
            }
            let mut row = Row {
                kernel: LITMUS.to_owned(),
                variant: group.name().to_owned(),
                ..Row::default()
            };
            for test in own {
                self.play(subject, test, &mut row, stopped);
                done();
            }
            rows.push(row);
        }
        rows
    }

    fn play(&self, subject: &Subject, test: &Test, row: &mut Row, stopped: &mut Option<String>) {
        if stopped.is_some() {
            return;
        }
        let start = Instant::now();
        let effort = if self.alone {
            Effort::LONG
        } else {
            Effort::BRIEF
        };
        let played = play::play(&*subject.device, test, self.seed, effort);
        row.seconds += start.elapsed().as_secs_f64();
        row.cases += 1;
        let mismatch = match played {
            Ok(played) => {
                let histogram = Histogram::new(test, &played);
                let violation = histogram.violation(test);
                row.litmus.push(histogram);
                violation.map(Mismatch::from)
            }
            Err(e) => {
                if !matches!(e, Error::Shader(_)) {
                    *stopped = Some(e.to_string());
                }
                Some(Mismatch::from(&e))
            }
        };
        if let (Some(mismatch), None) = (mismatch, &row.failure) {
            row.failure = Some(self.failure(&subject.spec, test, mismatch));
        }
    }

    fn failure(&self, device: &str, test: &Test, mismatch: Mismatch) -> Failure {
        let (name, seed) = (&test.name, self.seed);
        Failure {
            shape: None,
            sizes: None,
            element: None,
            folder: None,
            fill: None,
            seed,
            known: None,
            mismatch,
            command: format!(
                "unlearn check --device {device} --kernel {LITMUS} --variant {name} --seed {seed}"
            ),
        }
    }
}
