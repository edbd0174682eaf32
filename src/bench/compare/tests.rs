use super::*;
use crate::bench::report::{KernelRow, Measured, Micros};
use crate::device::timing::Times;
use crate::random::threefry2x32;
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
        started: String::new(),
        command: String::new(),
        os: "linux".to_owned(),
        arch: "x86_64".to_owned(),
        cpu: "One".to_owned(),
        seed: 1,
        spec: String::new(),
        device: device(record),
        timing: "wall clock".to_owned(),
        start_up: None,
        ceilings: None,
        kernels: Vec::new(),
        steps: Vec::new(),
        left_out: Vec::new(),
        stopped: None,
        comparison: None,
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

/// Reproducible times.
struct Noise(u32);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 += 1;
        let [word, _] = threefry2x32([self.0, 2], [5, 6]);
        (f64::from(word) + 0.5) / 2f64.powi(32)
    }

    /// The samples of a run: a time for the whole run, within 1 % of `us`; a drift through its rounds;
    /// noise that makes samples longer, and one of ten disturbed.
    fn samples(&mut self, us: f64) -> Samples {
        let run = us * (0.99 + 0.02 * self.uniform());
        let drift = 0.01 * self.uniform();
        let rounds = (0..5).map(|round| {
            let mut sample = || {
                let disturbed = if self.uniform() < 0.1 { 1.4 } else { 1.0 };
                let drift = 1.0 + drift * f64::from(round);
                run * drift * disturbed * (1.0 - 0.01 * self.uniform().ln())
            };
            (0..3).map(|_| sample()).collect()
        });
        Samples {
            rounds: rounds.collect(),
            clock: vec![1.0; 6],
        }
    }
}

/// A report with one kernel.
fn timed(samples: Samples) -> Report {
    let us = Times::of(samples.rounds.concat()).median;
    let mut report = report(A);
    report.kernels.push(KernelRow {
        kernel: "square".to_owned(),
        variant: "plain".to_owned(),
        shape: "1x4x1x1".to_owned(),
        flops: 1,
        bytes: 1,
        working_set: 1,
        measured: Some(Measured {
            time: Micros {
                us,
                ..Micros::default()
            },
            gflops: 1.0,
            gbs: 1.0,
            bound_us: 1.0,
            bound_by: "memory".to_owned(),
            roof_gbs: 1.0,
            share: 1.0,
            samples,
        }),
        failure: None,
    });
    report
}

/// The verdicts of a thousand comparisons: faster, slower, same, cannot say.
fn verdicts(slower: f64) -> [usize; 4] {
    let mut noise = Noise(0);
    let mut counts = [0; 4];
    for _ in 0..1000 {
        let [old, new] = [100.0, 100.0 * slower].map(|us| timed(noise.samples(us)));
        counts[compare(&old, &new, 0.05)[0].verdict as usize] += 1;
    }
    counts
}

#[test]
fn a_second_run_is_hardly_ever_faster_or_slower_and_a_fifth_is_found() {
    let [faster, slower, same, _] = verdicts(1.0);
    assert!(faster + slower <= 2, "{faster} {slower}");
    assert!(same > 300, "{same}");
    let [faster, slower, same, _] = verdicts(1.2);
    assert!(faster == 0 && same == 0 && slower > 800, "{slower}");
    let [faster, slower, ..] = verdicts(1.0 / 1.2);
    assert!(slower == 0 && faster > 800, "{faster}");
}

fn samples(report: &mut Report) -> &mut Samples {
    &mut report.kernels[0].measured.as_mut().unwrap().samples
}

#[test]
fn of_a_clock_that_fell_or_a_report_without_samples_nothing_is_said() {
    let steady = timed(Noise(0).samples(100.0));
    let mut fallen = steady.clone();
    samples(&mut fallen).clock = vec![1.0, 1.0, 0.88, 0.88, 0.88, 0.88];
    for (old, new, why) in [
        (&steady, &fallen, "clock fell 12 % now"),
        (&fallen, &steady, "clock fell 12 % before"),
    ] {
        let row = compare(old, new, 0.05).remove(0);
        assert_eq!((row.verdict, row.why.as_str()), (Verdict::CannotSay, why));
    }
    let mut older = steady.clone();
    *samples(&mut older) = Samples::default();
    let row = compare(&older, &steady, 0.05).remove(0);
    assert_eq!(row.why, "the old report has no samples");
    assert!(row.ratio > 0.9 && row.low.is_nan());
}
