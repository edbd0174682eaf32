//! Known miscomputations in the table of a whole check: a row for each that shows, and one for all others.

use std::collections::BTreeMap;

use unlearn::check::report::Row;

/// By device: the probes that found nothing.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<String, Right>);

#[derive(Debug, Default)]
struct Right {
    probes: u32,
    cases: u32,
    seconds: f64,
}

impl Tally {
    /// Counts a row, if it is that of a probe which found nothing.
    pub(super) fn takes(&mut self, device: &str, row: &Row) -> bool {
        let counts = row.kernel == "probes" && row.failure.is_none() && row.cases > 0;
        if counts {
            let right = self.0.entry(device.to_owned()).or_default();
            right.probes += 1;
            right.cases += row.cases;
            right.seconds += row.seconds;
        }
        counts
    }

    /// A line of the table for each device.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(device, right)| {
            let (probes, cases) = (format!("{} known", right.probes), right.cases);
            let (device, seconds) = (super::short(device), right.seconds);
            let name = "probes";
            format!(
                "{name:<22} {probes:<8} {device:>6} {cases:>6} {:>11} {seconds:>6.1} s  ok",
                "-"
            )
        })
    }
}
