use std::time::Instant;

use super::*;
use crate::device::cpu::Cpu;
use crate::device::gpu::{Gpu, adapters};
use crate::device::{Device, Program};

fn run(device: &dyn Device, recording: &Recording) -> Program {
    let program = device.compile(recording).unwrap();
    device.run(&program, 2, &mut |_| {}).unwrap();
    program
}

/// What a device says that work takes is a part of the wall-clock time, and most of it.
#[test]
fn time_agrees_with_the_wall_clock() {
    for adapter in adapters() {
        let gpu = Gpu::open(&adapter, "test").unwrap();
        let probe = Probe {
            threads: 1 << 14,
            rounds: 256,
            factor: 0.5,
            term: 1.0,
        };
        let sums = gpu.allocate("test", 1 << 14).unwrap();
        let program = run(&gpu, &probe.recording(&FMA_RATE, &[sums], 1));
        let once = gpu.time(&program, 1).unwrap();
        let times = if once > 0.01 { 8 } else { 256 };
        let start = Instant::now();
        let seconds = gpu.time(&program, times).unwrap();
        let passed = start.elapsed().as_secs_f64();
        assert!(
            seconds < passed && seconds > 0.2 * passed,
            "{seconds} of {passed}"
        );
    }
}

#[test]
fn probes_do_their_work_on_every_device() {
    let gpus = adapters();
    let gpus = gpus.iter().map(|a| Gpu::open(a, "test").unwrap());
    let gpus = gpus.map(|gpu| Box::new(gpu) as Box<dyn Device>);
    let cpu: Box<dyn Device> = Box::new(Cpu::new("test"));
    for device in gpus.chain([cpu]) {
        let threads = 1000;
        let probe = Probe {
            threads,
            rounds: 25,
            factor: 0.5,
            term: 1.0,
        };
        let buffer = || device.allocate("test", 4 * threads as usize).unwrap();
        let [a, b] = [buffer(), buffer()];
        // a ← a/2 + 1 comes to 2 from wherever it starts, so the sum of 32 is 64.
        run(&*device, &probe.recording(&FMA_RATE, &[a], 1));
        let sums = device.download(a).unwrap();
        let sums = &sums[..threads as usize];
        assert!(sums.iter().all(|&word| f32::from_bits(word) == 64.0));
        let words: Vec<u32> = (0..4 * threads).collect();
        device.upload(a, 0, &words).unwrap();
        run(&*device, &probe.recording(&COPY_WORDS, &[a, b], 1));
        assert_eq!(device.download(b).unwrap(), words);
        run(&*device, &probe.recording(&EMPTY_DISPATCH, &[], 3));
        let program = run(&*device, &probe.recording(&DEPENDENT_DISPATCH, &[b], 3));
        assert_eq!(device.download(b).unwrap()[999], 999 + 6);
        let seconds = device.time(&program, 4).unwrap();
        assert!(seconds > 0.0 && seconds < 1.0, "{seconds}");
        assert_eq!(device.download(b).unwrap()[999], 999 + 6 + 12);
    }
}
