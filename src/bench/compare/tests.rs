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
        started: String::new(),
        command: String::new(),
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
