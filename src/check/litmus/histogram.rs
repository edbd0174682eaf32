//! What came of a litmus test, as plain data.

use serde::{Deserialize, Serialize};

use super::model::{Allowed, Outcome};
use super::play::Played;
use super::program::Test;
use crate::kernels::Cause;

/// What came of a litmus test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Its name.
    pub test: String,
    /// How often it was played.
    pub instances: u64,
    /// What came.
    pub outcomes: Vec<Counted>,
}

/// How often an outcome came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// What the loads saw, and what stayed in x and y.
    pub outcome: String,
    /// What WGSL says of it.
    pub standing: Standing,
    /// How often.
    pub times: u64,
}

/// What WGSL says of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The accesses have it in some order, one after the other.
    Sequential,
    /// They do not, but WGSL allows it.
    Weak,
    /// WGSL forbids it.
    Forbidden,
}

impl Histogram {
    /// The histogram of what came, as this test judges it.
    pub(super) fn new(test: &Test, played: &Played) -> Self {
        let allowed = Allowed::of(test);
        let came = played
            .counts
            .iter()
            .enumerate()
            .filter(|(_, times)| **times > 0);
        let outcomes = came.map(|(code, times)| {
            let outcome = Outcome::of(code);
            let within = |set: &std::collections::BTreeSet<Outcome>| {
                outcome.is_some_and(|outcome| set.contains(&outcome))
            };
            Counted {
                standing: match (within(&allowed.sequential), within(&allowed.all)) {
                    (true, _) => Standing::Sequential,
                    (false, true) => Standing::Weak,
                    (false, false) => Standing::Forbidden,
                },
                outcome: outcome.map_or_else(
                    || "a value that nothing stored".to_owned(),
                    |outcome| outcome.text(test),
                ),
                times: (*times).into(),
            }
        });
        let mut outcomes: Vec<Counted> = outcomes.collect();
        let counted: u64 = outcomes.iter().map(|counted| counted.times).sum();
        if counted != played.instances {
            outcomes.push(Counted {
                outcome: "an instance counted twice, or not at all".to_owned(),
                standing: Standing::Forbidden,
                times: counted.abs_diff(played.instances),
            });
        }
        Self {
            test: test.name.clone(),
            instances: played.instances,
            outcomes,
        }
    }

    /// How often outcomes of a standing came.
    pub fn times(&self, standing: Standing) -> u64 {
        let of = self.outcomes.iter().filter(|c| c.standing == standing);
        of.map(|counted| counted.times).sum()
    }

    /// The forbidden outcome that came most often, as a mismatch.
    pub(super) fn violation(&self, test: &Test) -> Option<Cause> {
        let forbidden = self.outcomes.iter();
        let forbidden = forbidden.filter(|c| c.standing == Standing::Forbidden);
        let worst = forbidden.max_by_key(|counted| counted.times)?;
        let allowed = Allowed::of(test).all;
        Some(Cause::Forbidden {
            test: self.test.clone(),
            outcome: worst.outcome.clone(),
            times: worst.times,
            instances: self.instances,
            allowed: allowed.iter().map(|outcome| outcome.text(test)).collect(),
        })
    }
}
