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
        streams_do_their_work(&*device, a, b);
        device.upload(b, 0, &words).unwrap();
        run(&*device, &probe.recording(&EMPTY_DISPATCH, &[], 3));
        let program = run(&*device, &probe.recording(&DEPENDENT_DISPATCH, &[b], 3));
        assert_eq!(device.download(b).unwrap()[999], 999 + 6);
        let seconds = device.time(&program, 4).unwrap();
        assert!(seconds > 0.0 && seconds < 1.0, "{seconds}");
        assert_eq!(device.download(b).unwrap()[999], 999 + 6 + 12);
    }
}

/// What the probes of memory leave, as their shaders say it.
fn streams_do_their_work(device: &dyn Device, a: Buffer, b: Buffer) {
    let words: Vec<u32> = (0..4000).map(|i| i * i).collect();
    device.upload(a, 0, &words).unwrap();
    let (rounds, groups) = (3, 5);
    let read = Stream {
        threads: groups * READERS,
        rounds,
        mask: 511,
        value: 0,
    };
    run(device, &read.recording(&READ_WORDS, &[a, b]));
    let sums = device.download(b).unwrap();
    let each = 4 * READERS * rounds;
    for group in 0..groups {
        let vectors = (group * each..(group + 1) * each).map(|at| 4 * (at & 511) as usize);
        let all = vectors.flat_map(|at| &words[at..at + 4]);
        let sum = all.fold(0u32, |sum, word| sum.wrapping_add(*word));
        assert_eq!(sums[group as usize], sum, "workgroup {group}");
    }
    assert_eq!(read.read(), 16.0 * f64::from(groups * each));
    let write = Stream {
        threads: 333,
        rounds: 3,
        value: 77,
        ..read
    };
    run(device, &write.recording(&WRITE_WORDS, &[a]));
    let filled = device.download(a).unwrap();
    assert!(filled[..4 * 999].iter().all(|word| *word == 77));
    assert_eq!(filled[4 * 999..4000], words[4 * 999..]);
    for value in [1, 37, 512] {
        let pass = Stream {
            threads: 3 * PASSERS,
            rounds: 5,
            mask: 0,
            value,
        };
        run(device, &pass.recording(&WORKGROUP_WORDS, &[b]));
        let passed = device.download(b).unwrap();
        for lane in 0..3 * PASSERS {
            let from = (lane % PASSERS + 5 * value) % 512;
            assert_eq!(passed[lane as usize], from + 5, "{value}: {lane}");
        }
    }
}
