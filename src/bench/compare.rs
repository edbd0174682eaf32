//! Two benchmarks beside each other.

use super::report::Report;

/// A time in both, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// What was timed.
    pub what: String,
    /// Its time in the old report.
    pub old_us: f64,
    /// Its time in the new one.
    pub new_us: f64,
    /// Old by new: over 1, it has become faster.
    pub ratio: f64,
}

/// All that both reports have times of, in the order of the new one.
pub fn compare(old: &Report, new: &Report) -> Vec<Ratio> {
    let old = times(old);
    let ratio = |(what, new_us): (String, f64)| {
        let (_, old_us) = *old.iter().find(|(name, _)| *name == what)?;
        Some(Ratio {
            what,
            old_us,
            new_us,
            ratio: old_us / new_us,
        })
    };
    times(new).into_iter().filter_map(ratio).collect()
}

/// Everything that was timed, by name.
fn times(report: &Report) -> Vec<(String, f64)> {
    let start_up = report.start_up.iter();
    let start_up = start_up.map(|s| ("start-up".to_owned(), 1e3 * s.total_ms));
    let kernels = report.kernels.iter().filter_map(|row| {
        let us = row.measured.as_ref()?.time.us;
        Some((format!("{} {} {}", row.kernel, row.variant, row.shape), us))
    });
    let steps = report.steps.iter().map(|row| {
        let name = format!("step of {} learners, batch {}", row.learners, row.batch);
        (name, row.us_per_step)
    });
    start_up.chain(kernels).chain(steps).collect()
}
