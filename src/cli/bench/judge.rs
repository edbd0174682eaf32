//! What a comparison says, and whether the process fails by it.

use std::path::Path;

use unlearn::bench::report::{Comparison, Report, Verdict};
use unlearn::bench::{self, Taken};

use super::super::text::note;
use super::Arguments;
use super::against::Rival;

/// What makes a comparison fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FailOn {
    #[value(help = "a time that is slower")]
    Slower,
    #[value(help = "a time that is slower, or of which nothing can be said")]
    Unsure,
    #[value(help = "nothing")]
    Never,
}

/// Percent, as `--margin` takes them.
pub(super) fn margin(text: &str) -> Result<f64, String> {
    let percent: f64 = text.parse().map_err(|e| format!("{e}"))?;
    match (0.0..=100.0).contains(&percent) {
        true => Ok(percent),
        false => Err("a margin is from 0 to 100 percent".to_owned()),
    }
}

/// Whether comparisons found what they were asked to fail on, of all rows together: no rows at all are
/// a comparison of which nothing can be said.
fn fails(on: FailOn, verdicts: &[Verdict]) -> bool {
    let slower = verdicts.contains(&Verdict::Slower);
    match on {
        FailOn::Slower => slower,
        FailOn::Unsure => slower || verdicts.is_empty() || verdicts.contains(&Verdict::CannotSay),
        FailOn::Never => false,
    }
}

impl Arguments {
    /// Whether every kernel is right, and no comparison fails.
    pub(super) fn right(&self, reports: &[Report]) -> bool {
        let mut kernels = reports.iter().flat_map(|report| &report.kernels);
        let right = kernels.all(|row| row.failure.is_none());
        if self.compare.is_none() && self.against.is_none() {
            return right;
        }
        let found = reports
            .iter()
            .filter_map(|report| report.comparison.as_ref());
        let rows = found.flat_map(|found| &found.rows);
        let verdicts: Vec<Verdict> = rows.map(|row| row.verdict).collect();
        if verdicts.is_empty() {
            note("nothing was compared: both have no time in common");
        }
        right && !fails(self.fail_on, &verdicts)
    }

    /// The report beside its counterpart in the old ones.
    pub(super) fn compared(&self, old: Option<&Report>, new: &Report) -> Option<Comparison> {
        let old = old?;
        let file = self.compare.as_deref().unwrap_or(Path::new(""));
        let [only_old, only_new] = bench::only(old, new);
        Some(Comparison {
            with: format!("{}, unlearn {}", file.display(), old.version),
            interleaved: false,
            margin: self.margin / 100.0,
            only_old,
            only_new,
            differences: bench::differences(old, new),
            rows: bench::compare(old, new, self.margin / 100.0),
        })
    }

    /// What the turns of two programs say.
    pub(super) fn raced(&self, rival: &Rival, turns: &[[Vec<Taken>; 2]]) -> Comparison {
        let [only_old, only_new] = bench::unpaired(turns);
        Comparison {
            only_old,
            only_new,
            with: rival.name(),
            interleaved: true,
            margin: self.margin / 100.0,
            differences: Vec::new(),
            rows: bench::judged(turns, self.margin / 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_compared_fails_where_the_unsure_does() {
        assert!(fails(FailOn::Unsure, &[]));
        assert!(!fails(FailOn::Slower, &[]) && !fails(FailOn::Never, &[]));
        assert!(!fails(FailOn::Unsure, &[Verdict::Same, Verdict::Faster]));
        assert!(fails(FailOn::Unsure, &[Verdict::CannotSay]));
        assert!(fails(FailOn::Slower, &[Verdict::Same, Verdict::Slower]));
    }
}
