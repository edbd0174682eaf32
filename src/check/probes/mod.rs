//! Known miscomputations of GPU stacks: small shaders, each made from the description of a public issue,
//! with contracts that say what must come out. A wrong one names the issue.

mod list;
#[cfg(test)]
mod tests;

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::report::{Failure, Row};
use super::subject::Subject;
use crate::device::trial::{NoResult, Verdict, judge};
use crate::error::Result;
use crate::kernels::case::Case;
use crate::kernels::{Kernel, Mismatch, Variant};
use list::{PROBES, Probe};

/// What probes are called where kernels have their names.
pub(crate) const PROBE_ROWS: &str = "probes";
/// Runs of every case: a race need not show in the first.
const TIMES: u32 = 3;

/// A public issue whose fault a device shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its project and number.
    pub issue: String,
    /// What goes wrong.
    pub fault: String,
    /// Where it was seen.
    pub seen: String,
    /// Where it is described.
    pub link: String,
}

impl Known {
    fn of(probe: &Probe) -> Self {
        let [issue, fault, seen, link] =
            [probe.issue, probe.fault, probe.seen, probe.link].map(str::to_owned);
        Self {
            issue,
            fault,
            seen,
            link,
        }
    }
}

/// The names of all probes.
pub(super) fn names() -> Vec<String> {
    PROBES.iter().map(|probe| probe.name.to_owned()).collect()
}

/// The probes that are asked for.
pub(super) struct Wanted<'a> {
    /// Only the one with this name.
    pub(super) name: Option<&'a str>,
    /// The seed of their numbers.
    pub(super) seed: u32,
}

impl Wanted<'_> {
    /// Each of them, with its cases.
    ///
    /// # Errors
    /// None in practice: a test builds all cases.
    pub(super) fn ready(&self) -> Result<Vec<Ready>> {
        let wanted = |probe: &&Probe| self.name.is_none_or(|name| name == probe.name);
        let wanted = PROBES.iter().filter(wanted);
        wanted.map(|probe| Ready::new(probe, self.seed)).collect()
    }
}

/// A probe with its cases.
pub(super) struct Ready {
    probe: &'static Probe,
    kernel: &'static Kernel,
    cases: Vec<Case>,
    seed: u32,
}

impl Ready {
    fn new(probe: &'static Probe, seed: u32) -> Result<Self> {
        Ok(Self {
            probe,
            kernel: Kernel::foreign(probe.wgsl, probe.name)?,
            cases: probe.cases(seed)?,
            seed,
        })
    }

    /// What comes of it on a device.
    pub(super) fn row(&self, subject: &Subject, stopped: &mut Option<String>) -> Row {
        let mut row = Row {
            kernel: PROBE_ROWS.to_owned(),
            variant: self.probe.name.to_owned(),
            ..Row::default()
        };
        let start = Instant::now();
        for case in &self.cases {
            if stopped.is_some() || row.failure.is_some() {
                break;
            }
            self.check(case, subject, &mut row, stopped);
        }
        row.seconds = start.elapsed().as_secs_f64();
        row
    }

    fn check(&self, case: &Case, subject: &Subject, row: &mut Row, stopped: &mut Option<String>) {
        let verdict = judge(case, self.kernel, &Variant::PLAIN, &*subject.device, TIMES);
        row.cases += 1;
        row.exact = matches!(verdict, Verdict::Right(None)) && (row.exact || row.cases == 1);
        let mismatch = match verdict {
            Verdict::Right(share) => {
                row.worst = share.into_iter().chain(row.worst).reduce(f64::max);
                return;
            }
            Verdict::None(NoResult::NoRoom) => {
                row.cases -= 1;
                row.skipped += 1;
                return;
            }
            Verdict::Wrong(mismatch) => mismatch,
            Verdict::None(NoResult::Refused(e)) => Mismatch::from(&e),
            Verdict::None(NoResult::Lost(e)) => {
                *stopped = Some(e.to_string());
                Mismatch::from(&e)
            }
        };
        row.known = Some(Known::of(self.probe));
        row.failure = Some(self.failure(mismatch, subject));
    }

    fn failure(&self, mismatch: Mismatch, subject: &Subject) -> Failure {
        let (device, name, seed) = (&subject.spec, self.probe.name, self.seed);
        Failure {
            shape: None,
            fill: None,
            seed,
            mismatch,
            command: format!(
                "unlearn check --device {device} --kernel {PROBE_ROWS} --variant {name} --seed {seed}"
            ),
        }
    }
}

impl Probe {
    fn cases(&self, _seed: u32) -> Result<Vec<Case>> {
        Ok(Vec::new())
    }
}
