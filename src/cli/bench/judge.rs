//! What a comparison says, and whether the process fails by it.

use std::path::Path;

use unlearn::bench::report::{Comparison, Report, Verdict};
use unlearn::bench::{self, Taken};

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

/// Whether a comparison found what it was asked to fail on.
pub(super) fn fails(on: FailOn, report: &Report) -> bool {
    let rows = report.comparison.iter().flat_map(|c| &c.rows);
    rows.map(|row| row.verdict).any(|verdict| match on {
        FailOn::Slower => verdict == Verdict::Slower,
        FailOn::Unsure => matches!(verdict, Verdict::Slower | Verdict::CannotSay),
        FailOn::Never => false,
    })
}

impl Arguments {
    /// The report beside its counterpart in the old ones.
    pub(super) fn compared(&self, old: Option<&Report>, new: &Report) -> Option<Comparison> {
        let old = old?;
        let file = self.compare.as_deref().unwrap_or(Path::new(""));
        Some(Comparison {
            with: format!("{}, unlearn {}", file.display(), old.version),
            interleaved: false,
            margin: self.margin / 100.0,
            differences: bench::differences(old, new),
            rows: bench::compare(old, new, self.margin / 100.0),
        })
    }

    /// What the turns of two programs say.
    pub(super) fn raced(&self, rival: &Rival, turns: &[[Vec<Taken>; 2]]) -> Comparison {
        Comparison {
            with: rival.name(),
            interleaved: true,
            margin: self.margin / 100.0,
            differences: Vec::new(),
            rows: bench::judged(turns, self.margin / 100.0),
        }
    }
}
