//! Two benchmarks beside each other.

use super::report::Report;
use crate::record::DeviceRecord;

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

/// Whether two devices, an old one and a new one, are taken for the same.
type Same<'a> = dyn Fn(&DeviceRecord, &DeviceRecord) -> bool + 'a;

/// The old report that belongs to each of the new devices: of the same device, or, where there is none,
/// of the only one of its kind, whose name came with another driver. One device is compared with one
/// other, whatever they are. An old report belongs to one device at the most.
pub fn counterparts<'a>(old: &'a [Report], new: &[DeviceRecord]) -> Vec<Option<&'a Report>> {
    if let ([old], [_]) = (old, new) {
        return vec![Some(old)];
    }
    let kind = |a: &DeviceRecord, b: &DeviceRecord| a.backend == b.backend && a.kind == b.kind;
    let mut left: Vec<&Report> = old.iter().collect();
    let mut found = vec![None; new.len()];
    let rules: [&Same<'_>; 3] = [
        &|a, b| kind(a, b) && a.name == b.name && a.driver == b.driver,
        &|a, b| kind(a, b) && a.name == b.name,
        &|a, b| {
            let only = |all: &mut dyn Iterator<Item = &DeviceRecord>| {
                all.filter(|device| kind(device, b)).count() == 1
            };
            kind(a, b)
                && only(&mut old.iter().map(|report| &report.device))
                && only(&mut new.iter())
        },
    ];
    for same in rules {
        for (found, device) in found.iter_mut().zip(new) {
            if found.is_none() {
                let place = left.iter().position(|report| same(&report.device, device));
                *found = place.map(|place| left.remove(place));
            }
        }
    }
    found
}

/// What else differs between two reports than the times, and makes these hard to compare, in words.
pub fn differences(old: &Report, new: &Report) -> Vec<String> {
    let all = [
        ("version", &old.version, &new.version),
        ("system", &old.os, &new.os),
        ("architecture", &old.arch, &new.arch),
        ("CPU", &old.cpu, &new.cpu),
        ("device", &old.device.name, &new.device.name),
        ("backend", &old.device.backend, &new.device.backend),
        ("driver", &old.device.driver, &new.device.driver),
        ("timing", &old.timing, &new.timing),
    ];
    let differ = all.into_iter().filter(|(_, old, new)| old != new);
    differ
        .map(|(what, old, new)| match (old.as_str(), new.as_str()) {
            ("", _) => format!("{what} may differ: the old report does not say"),
            (_, "") => format!("{what} may differ: the new report does not say"),
            _ => format!("{what} differs: {old} before, {new} now"),
        })
        .collect()
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

#[cfg(test)]
mod tests;
