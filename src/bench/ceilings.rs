//! What a device can do at the most: arithmetic, memory, and the cost of a dispatch.

use std::time::Duration;

use super::probes::{CHAINS, COPY_WORDS, DEPENDENT_DISPATCH, EMPTY_DISPATCH, FMA_RATE, Probe};
use super::report::Ceilings;
use super::timing::measure;
use crate::device::{Buffer, Device, Recording};
use crate::error::Result;
use crate::kernel::Kernel;

/// Threads of `fma_rate` at the most: several times as many as any GPU holds at a time.
const THREADS: u32 = 1 << 20;
/// Rounds of a thread at the least, beside which its first and its last instructions are nothing.
const ROUNDS: u32 = 256;
/// A run of `fma_rate` should last this long, in seconds.
const LONG: f64 = 5e-3;
/// Words of each buffer that is copied, 128 MiB: two of them are larger than any cache.
const WORDS: usize = 1 << 25;
/// Dispatches in a row, of which the cost of one is taken.
const DISPATCHES: u32 = 64;

/// Measures a device's ceilings; each takes about `budget`.
///
/// # Errors
/// `Device` where the device fails.
pub fn ceilings(device: &dyn Device, budget: Duration) -> Result<Ceilings> {
    Ok(Ceilings {
        gflops: arithmetic(device, budget)?,
        gbs: memory(device, budget)?,
        empty_dispatch_us: launch(device, &EMPTY_DISPATCH, &[], budget)?,
        dependent_dispatch_us: {
            let counts = device.allocate("counts", 64)?;
            let cost = launch(device, &DEPENDENT_DISPATCH, &[counts], budget)?;
            device.free(&[counts], &[]);
            cost
        },
    })
}

/// Seconds of one run of a recording. Of a ceiling the fast samples tell more than the slow ones, in
/// which something else ran: the lower quartile.
fn seconds(device: &dyn Device, recording: &Recording, budget: Duration) -> Result<f64> {
    let program = device.compile(recording)?;
    let times = measure(device, &program, budget)?;
    device.free(&[], &[&program]);
    Ok(times.low)
}

/// 10⁹ f32 operations a second.
fn arithmetic(device: &dyn Device, budget: Duration) -> Result<f64> {
    let sums = device.allocate("sums", THREADS as usize)?;
    let mut probe = Probe {
        threads: THREADS / 64,
        rounds: ROUNDS,
        factor: 0.999,
        term: 0.001,
    };
    let seconds = loop {
        let recording = probe.recording(&FMA_RATE, &[sums], 1);
        if seconds(device, &recording, Duration::ZERO)? > LONG || probe.rounds > 1 << 16 {
            break seconds(device, &recording, budget)?;
        }
        match probe.threads < THREADS {
            true => probe.threads *= 4,
            false => probe.rounds *= 4,
        }
    };
    device.free(&[sums], &[]);
    let operations = 2.0
        * 4.0
        * [probe.threads, CHAINS, probe.rounds]
            .map(f64::from)
            .iter()
            .product::<f64>();
    Ok(1e-9 * operations / seconds)
}

/// 10⁹ bytes a second, read and written, by a kernel or by the device's own copy, whichever is
/// faster.
fn memory(device: &dyn Device, budget: Duration) -> Result<f64> {
    let most = usize::try_from(device.limits().buffer_words).unwrap_or(WORDS);
    let words = WORDS.min(most / 4 * 4);
    let [from, to, counts] = [
        device.allocate("copy source", words)?,
        device.allocate("copy target", words)?,
        device.allocate("counts", 64)?,
    ];
    let contents: Vec<u32> = (1u32..).take(words).collect();
    device.upload(from, 0, &contents)?;
    let threads = u32::try_from(words / 4).unwrap_or(u32::MAX);
    let probe = Probe {
        threads,
        ..Probe::default()
    };
    let kernel = probe.recording(&COPY_WORDS, &[from, to], 1);
    // Timestamps are taken where dispatches begin and end, so the copy stands between two.
    let small = |recording: &mut Recording| {
        let params = Probe {
            threads: 1,
            ..probe
        };
        let params = bytemuck::bytes_of(&params);
        recording.dispatch_bytes(&DEPENDENT_DISPATCH, params, [1, 1, 1], &[counts]);
    };
    let mut own = Recording::default();
    small(&mut own);
    own.copy((from, 0), (to, 0), words);
    small(&mut own);
    let by_kernel = seconds(device, &kernel, budget)?;
    let by_copy = seconds(device, &own, budget)?;
    device.free(&[from, to, counts], &[]);
    Ok(1e-9 * 8.0 * words as f64 / by_kernel.min(by_copy))
}

/// Microseconds of one of many dispatches in a row.
fn launch(
    device: &dyn Device,
    kernel: &'static Kernel,
    buffers: &[Buffer],
    budget: Duration,
) -> Result<f64> {
    let probe = Probe {
        threads: 64,
        ..Probe::default()
    };
    let recording = probe.recording(kernel, buffers, DISPATCHES);
    Ok(1e6 * seconds(device, &recording, budget)? / f64::from(DISPATCHES))
}
