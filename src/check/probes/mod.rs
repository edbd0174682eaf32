//! Known miscomputations of GPU stacks: small shaders, each made from the description of a public issue,
//! with contracts that say what must come out. A wrong one names the issue.

mod list;
#[cfg(test)]
mod tests;

use super::known::Known;
use super::report::Failure;
use super::subject::Subject;
use super::suite::Planned;
use super::variant::{Family, VariantCheck};
use crate::contract::{Contract, Promise, Sizes};
use crate::error::Result;
use crate::kernels::Fill;
use crate::kernels::case::Case;
use list::{PROBES, Probe};

/// What probes are called where kernels have their names.
pub(crate) const PROBE_ROWS: &str = "probes";

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
pub(super) struct Asked<'a> {
    /// Only the one with this name.
    pub(super) name: Option<&'a str>,
    /// Only this fill.
    pub(super) fill: Option<Fill>,
    /// The seed of their numbers.
    pub(super) seed: u32,
}

/// A probe, its cases, and a check of each device that runs shaders.
type Ready<'a> = (Promised, Planned<Sizes>, Vec<VariantCheck<'a>>);

impl Asked<'_> {
    /// Those that are asked for.
    pub(super) fn probes(&self) -> impl Iterator<Item = &'static Probe> {
        let wanted = |probe: &&Probe| self.name.is_none_or(|name| name == probe.name);
        PROBES.iter().filter(wanted)
    }

    /// A probe, ready to run; none where no device runs shaders.
    ///
    /// # Errors
    /// None in practice: a test makes all of them.
    pub(super) fn ready<'a>(
        &self,
        probe: &'static Probe,
        subjects: &[&'a Subject],
    ) -> Result<Option<Ready<'a>>> {
        let promise = probe.promise(self.seed)?;
        let mut checks = Vec::new();
        for (number, &subject) in subjects.iter().enumerate() {
            for variant in subject.device.variants(promise.kernel) {
                let mut check =
                    VariantCheck::new((number, subject), (promise.kernel, None), variant);
                check.row.kernel = PROBE_ROWS.to_owned();
                check.row.variant = probe.name.to_owned();
                checks.push(check);
            }
        }
        let plan = promise.plan(self.fill);
        let planned = Planned {
            name: PROBE_ROWS,
            repeated: plan.len().saturating_sub(1),
            plan,
            seed: self.seed,
            patience: None,
        };
        let ready = (Promised { probe, promise }, planned, checks);
        Ok((!ready.2.is_empty()).then_some(ready))
    }
}

/// A probe with its contract.
pub(super) struct Promised {
    probe: &'static Probe,
    promise: Promise,
}

impl Family for Promised {
    type Sizes = Sizes;

    fn build(&self, sizes: &Sizes, fill: Fill, seed: u32) -> Result<Case> {
        let case = self.promise.build(sizes, fill, seed)?;
        // Some faults are seen only there.
        self.promise.with_padding(case, sizes)
    }

    fn smaller(&self, sizes: &Sizes) -> Vec<Sizes> {
        self.promise.smaller(sizes)
    }

    fn work(&self, _: &Sizes) -> u64 {
        1
    }

    fn arguments(&self, _: &str, _: &Sizes) -> String {
        format!("--kernel {PROBE_ROWS} --variant {}", self.probe.name)
    }

    fn enter(&self, sizes: &Sizes, failure: &mut Failure) {
        failure.sizes = Some(sizes.clone());
        failure.known = Some(Known::of(self.probe));
    }
}

impl Probe {
    fn promise(&self, seed: u32) -> Result<Promise> {
        let contract = Contract::parse(self.contract, self.name, "".as_ref())?;
        contract
            .with_reference(self.plain)
            .bind(self.wgsl, self.name, seed)
    }
}
