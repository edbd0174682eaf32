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
mod tests {
    use super::*;
    use crate::record::DeviceKind::{self, Cpu, DiscreteGpu, Software};

    /// Name, backend, kind and driver.
    type Device = (&'static str, &'static str, DeviceKind, &'static str);

    fn device((name, backend, kind, driver): Device) -> DeviceRecord {
        DeviceRecord {
            name: name.to_owned(),
            backend: backend.to_owned(),
            kind,
            driver: driver.to_owned(),
            reason: String::new(),
        }
    }

    fn report(record: Device) -> Report {
        Report {
            version: "0.1.0".to_owned(),
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpu: "One".to_owned(),
            seed: 1,
            spec: String::new(),
            device: device(record),
            timing: "wall clock".to_owned(),
            variants: Default::default(),
            start_up: None,
            ceilings: None,
            kernels: Vec::new(),
            steps: Vec::new(),
            left_out: Vec::new(),
            stopped: None,
        }
    }

    const A: Device = ("A", "Vulkan", DiscreteGpu, "1");
    const A_DX12: Device = ("A", "DX12", DiscreteGpu, "1");
    const A_NEWER: Device = ("A", "Vulkan", DiscreteGpu, "2");
    const SOFT: Device = ("llvmpipe (LLVM 15)", "Vulkan", Software, "22");
    const SOFT_NEWER: Device = ("llvmpipe (LLVM 19)", "Vulkan", Software, "25");
    const CPU: Device = ("CPU", "CPU", Cpu, "2 threads");

    /// Places of the old reports that the new devices get.
    fn places(old: &[Device], new: &[Device]) -> Vec<Option<usize>> {
        let old: Vec<Report> = old.iter().copied().map(report).collect();
        let new: Vec<DeviceRecord> = new.iter().copied().map(device).collect();
        let place = |found: &Report| old.iter().position(|report| std::ptr::eq(report, found));
        let found = counterparts(&old, &new).into_iter();
        found.map(|found| found.and_then(place)).collect()
    }

    #[test]
    fn every_device_is_compared_with_its_own_counterpart() {
        for (old, new, expected) in [
            (
                &[A, A_DX12, SOFT, CPU][..],
                &[CPU, A_DX12, A][..],
                &[Some(3), Some(1), Some(0)][..],
            ),
            // Two alike are taken in turn, and a third has none.
            (&[A, A, CPU], &[A, A, A], &[Some(0), Some(1), None]),
            (&[A_NEWER, A], &[A, A_NEWER], &[Some(1), Some(0)]),
            (&[A, CPU], &[A_NEWER, CPU], &[Some(0), Some(1)]),
            (&[SOFT, CPU], &[CPU, SOFT_NEWER], &[Some(1), Some(0)]),
            (&[SOFT], &[A, SOFT, CPU], &[None, Some(0), None]),
            (&[SOFT, CPU], &[A], &[None]),
            // One with one: that is meant.
            (&[SOFT], &[CPU], &[Some(0)]),
        ] {
            assert_eq!(places(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn what_else_differs_is_said() {
        let old = report(A);
        assert_eq!(differences(&old, &old), [""; 0]);
        let mut new = report(A_NEWER);
        (new.version, new.os, new.arch) = ("0.2.0".into(), "macos".into(), "aarch64".into());
        new.cpu = "Two".into();
        let said = [
            "version differs: 0.1.0 before, 0.2.0 now",
            "system differs: linux before, macos now",
            "architecture differs: x86_64 before, aarch64 now",
            "CPU differs: One before, Two now",
            "driver differs: 1 before, 2 now",
        ];
        assert_eq!(differences(&old, &new), said);
        new = report(A);
        new.cpu = String::new();
        assert_eq!(
            differences(&new, &old),
            ["CPU may differ: the old report does not say"]
        );
    }
}
