//! Two benchmarks beside each other.

use super::interval::{Interval, of_groups};
use super::report::{Compared, Report, Samples, Verdict};
use crate::record::DeviceRecord;

/// How far two runs of the same program may lie apart for reasons that no round of either shows, such
/// as where its memory lies: a factor at either end of an interval. It is an allowance, not a
/// measurement.
const BETWEEN_RUNS: f64 = 1.02;

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

/// All that both reports have times of, in the order of the new one. Changes up to the share `margin`
/// count as none.
pub fn compare(old: &Report, new: &Report, margin: f64) -> Vec<Compared> {
    let old = times(old);
    let row = |new: Time<'_>| {
        let old = old.iter().find(|old| old.what == new.what)?;
        Some(new.beside(old, margin))
    };
    times(new).into_iter().filter_map(row).collect()
}

/// What only the old report has a time of, and what only the new one.
pub fn only(old: &Report, new: &Report) -> [Vec<String>; 2] {
    let names = |report| times(report).into_iter().map(|time| time.what).collect();
    apart([names(old), names(new)])
}

/// The names that only the first list has, and those that only the second has.
pub(super) fn apart([old, new]: [Vec<String>; 2]) -> [Vec<String>; 2] {
    let without = |all: &[String], others: &[String]| {
        let rest = all.iter().filter(|name| !others.contains(name));
        rest.cloned().collect()
    };
    [without(&old, &new), without(&new, &old)]
}

/// Something that was timed.
struct Time<'a> {
    what: String,
    us: f64,
    /// None of what was measured once.
    samples: Option<&'a Samples>,
}

/// Everything that was timed.
fn times(report: &Report) -> Vec<Time<'_>> {
    let start_up = report.start_up.iter().map(|s| Time {
        what: "start-up".to_owned(),
        us: 1e3 * s.total_ms,
        samples: None,
    });
    let kernels = report.kernels.iter().filter_map(|row| {
        let measured = row.measured.as_ref()?;
        Some(Time {
            what: format!("{} {} {}", row.kernel, row.variant, row.shape),
            us: measured.time.us,
            samples: Some(&measured.samples),
        })
    });
    let steps = report.steps.iter().map(|row| Time {
        what: step(row.learners.into(), row.batch.into()),
        us: row.us_per_step,
        samples: Some(&row.samples),
    });
    start_up.chain(kernels).chain(steps).collect()
}

/// What a step is called.
pub(super) fn step(learners: u64, batch: u64) -> String {
    format!("step of {learners} learners, batch {batch}")
}

impl Time<'_> {
    fn beside(&self, old: &Self, margin: f64) -> Compared {
        let times = [old.us, self.us];
        let (Some(before), Some(now)) = (old.samples, self.samples) else {
            return unknown(&self.what, times, "it is measured once");
        };
        if !times.iter().all(|us| us.is_finite()) {
            return unknown(&self.what, times, "a time is missing");
        }
        for (when, samples) in [("before", before), ("now", now)] {
            if let Some(remark) = samples.remark() {
                return unknown(&self.what, times, &format!("{remark} {when}"));
            }
        }
        match of_groups(&before.medians(), &now.medians()) {
            Some(interval) => judge(&self.what, times, interval.widened(BETWEEN_RUNS), margin),
            None if before.rounds.is_empty() => {
                unknown(&self.what, times, "the old report has no samples")
            }
            None => unknown(&self.what, times, "too few samples"),
        }
    }
}

/// A row of which nothing can be said.
pub(super) fn unknown(what: &str, [old_us, new_us]: [f64; 2], why: &str) -> Compared {
    Compared {
        what: what.to_owned(),
        old_us,
        new_us,
        ratio: old_us / new_us,
        low: f64::NAN,
        high: f64::NAN,
        verdict: Verdict::CannotSay,
        why: why.to_owned(),
    }
}

/// A row with its verdict: a change counts where the whole interval is beyond the margin.
pub(super) fn judge(what: &str, times: [f64; 2], i: Interval, margin: f64) -> Compared {
    let most = 1.0 + margin;
    let verdict = match (i.low, i.high) {
        (low, _) if low > most => Verdict::Faster,
        (_, high) if high < 1.0 / most => Verdict::Slower,
        (low, high) if low >= 1.0 / most && high <= most => Verdict::Same,
        _ => Verdict::CannotSay,
    };
    let why = match verdict {
        Verdict::CannotSay => "the interval crosses the margin",
        _ => "",
    };
    Compared {
        ratio: i.ratio,
        low: i.low,
        high: i.high,
        verdict,
        ..unknown(what, times, why)
    }
}

#[cfg(test)]
mod tests;
