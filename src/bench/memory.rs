//! How fast a device's memory is: read alone, written alone and copied; of working sets from those that
//! the smallest cache holds to those that none does; within workgroups; and from and to the host.

use std::time::{Duration, Instant};

use super::report::{Ceilings, Rate};
use super::seconds;
use crate::device::probes::{
    COPY_WORDS, DEPENDENT_DISPATCH, PASSERS, Probe, READ_WORDS, READERS, Stream, WORKGROUP_WORDS,
    WRITE_WORDS,
};
use crate::device::timing::{Times, block};
use crate::device::{Buffer, Device, Recording};
use crate::error::Result;
use crate::memory;

/// Words of each buffer that is copied, 128 MiB: two of them are larger than any cache.
const WORDS: usize = 1 << 25;
/// Words that are copied at the least, however little memory there is.
const LEAST_WORDS: usize = 1 << 16;
/// Words of the largest working set, 256 MiB.
const LARGEST: usize = 1 << 26;
/// Bytes of the smallest: workgroups read so much at a time.
const SMALLEST: u64 = 1 << 14;
/// Words that travel between host and device, 64 MiB.
const SENT: usize = 1 << 24;
/// Workgroups of the probes: more than any GPU runs at a time.
const GROUPS: u32 = 1 << 12;
/// Vectors that a thread writes: one for each would be more workgroups than a dispatch may have.
const WRITES: u32 = 4;
const _: () = assert!(LARGEST / 4 / WRITES as usize / 256 <= 65_535);
/// Rounds of a workgroup, beside which its sum is nothing.
const ROUNDS: u32 = 64;
/// A run should last this long, in seconds, where the working set does not make it longer.
const LONG: f64 = 2e-3;

/// Measures all of it; each takes about `budget`, the curve four times as long.
pub(super) fn measure(device: &dyn Device, budget: Duration, found: &mut Ceilings) -> Result<()> {
    found.gbs = copy(device, budget)?;
    streams(device, budget, found)?;
    found.workgroup_gbs = workgroup(device, budget)?;
    transfers(device, budget, found)
}

/// The budget for which the sizes above are meant. A smaller one moves less.
const USUAL: Duration = Duration::from_millis(250);

/// As many words as there is time for, and room in so many buffers; a power of two.
fn room(device: &dyn Device, wanted: usize, budget: Duration, buffers: u64) -> usize {
    let share = budget.as_secs_f64() / USUAL.as_secs_f64();
    let part = (1.0 / share).log2().ceil().clamp(0.0, 12.0);
    let wanted = wanted / power(part) as usize;
    let most = usize::try_from(device.limits().buffer_words).unwrap_or(wanted);
    let mut words = 1 << wanted.min(most).ilog2();
    // Less than the caches hold shows them, which beats no figure.
    while words > LEAST_WORDS && memory::left(4 * buffers * words as u64).is_err() {
        words /= 2;
    }
    words
}

/// As many threads as a number of words has vectors.
fn vectors(words: usize) -> u32 {
    u32::try_from(words / 4).unwrap_or(u32::MAX)
}

/// 10⁹ bytes a second, read and written, by a kernel or by the device's own copy, whichever is
/// faster.
fn copy(device: &dyn Device, budget: Duration) -> Result<f64> {
    // Source, target and contents.
    let words = room(device, WORDS, budget, 3);
    let [from, to, counts] = [
        device.allocate("copy source", words)?,
        device.allocate("copy target", words)?,
        device.allocate("counts", 64)?,
    ];
    let contents: Vec<u32> = (1u32..).take(words).collect();
    device.upload(from, 0, &contents)?;
    let probe = Probe {
        threads: vectors(words),
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
    let by_kernel = seconds(device, &kernel, budget)?.low;
    let by_copy = seconds(device, &own, budget)?.low;
    device.free(&[from, to, counts], &[]);
    Ok(1e-9 * 8.0 * words as f64 / by_kernel.min(by_copy))
}

/// What is written alone, and read alone, of working sets of all sizes.
fn streams(device: &dyn Device, budget: Duration, found: &mut Ceilings) -> Result<()> {
    let words = room(device, LARGEST, budget, 1);
    let set = device.allocate("working set", words)?;
    let sums = device.allocate("sums", GROUPS as usize)?;
    let write = Stream {
        threads: vectors(words) / WRITES,
        rounds: WRITES,
        value: 1,
        ..Stream::default()
    };
    // Beside the measurement this fills the set: pages that nobody wrote may all be the same one.
    let times = seconds(device, &write.recording(&WRITE_WORDS, &[set]), budget)?;
    found.write_gbs = 1e-9 * 4.0 * words as f64 / times.low;
    let sizes = (SMALLEST.ilog2()..).map(|power| 1u64 << power);
    for bytes in sizes.take_while(|bytes| *bytes <= 4 * words as u64) {
        let gbs = reading(device, [set, sums], bytes, budget / 4)?;
        if gbs.is_finite() {
            found.curve.push(Rate { bytes, gbs });
        }
    }
    found.read_gbs = found.curve.last().map_or(f64::NAN, |rate| rate.gbs);
    device.free(&[set, sums], &[]);
    Ok(())
}

/// 10⁹ bytes of a working set of so many `bytes` that are read a second.
fn reading(device: &dyn Device, buffers: [Buffer; 2], bytes: u64, budget: Duration) -> Result<f64> {
    let pass = u64::from(64 * READERS * ROUNDS);
    let least = u32::try_from(bytes.div_ceil(pass)).unwrap_or(GROUPS);
    let stream = |groups: u32| Stream {
        threads: groups.min(GROUPS) * READERS,
        rounds: ROUNDS,
        mask: u32::try_from(bytes / 16 - 1).unwrap_or(u32::MAX),
        value: 0,
    };
    // The whole working set at least, and on a slow device hardly more.
    let mut chosen = stream(least.max(GROUPS / 64));
    let first = fastest(device, &chosen.recording(&READ_WORDS, &buffers), budget / 2)?;
    let more = (LONG / first).log2().ceil().clamp(0.0, 6.0);
    if more > 0.0 {
        chosen = stream(chosen.threads / READERS * power(more));
    }
    let again = fastest(device, &chosen.recording(&READ_WORDS, &buffers), budget)?;
    Ok(1e-9 * chosen.read() / again)
}

/// Two to the power of a small whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 12"
)]
fn power(exponent: f64) -> u32 {
    1 << exponent as u32
}

/// The fastest of a few runs: a curve has many points, and little time for each.
fn fastest(device: &dyn Device, recording: &Recording, budget: Duration) -> Result<f64> {
    let program = device.compile(recording)?;
    let samples = block(1, budget, 3, &mut |times| device.time(&program, times))?;
    device.free(&[], &[&program]);
    Ok(samples.into_iter().fold(f64::NAN, f64::min))
}

/// 10⁹ bytes a second, loaded and stored in workgroup memory.
fn workgroup(device: &dyn Device, budget: Duration) -> Result<f64> {
    let passed = device.allocate("passed", (GROUPS * PASSERS) as usize)?;
    let stream = |groups: u32| Stream {
        threads: groups * PASSERS,
        rounds: ROUNDS,
        mask: 0,
        value: 1,
    };
    let mut chosen = stream(GROUPS / 16);
    let record = |stream: Stream| stream.recording(&WORKGROUP_WORDS, &[passed]);
    let first = fastest(device, &record(chosen), budget / 4)?;
    let more = (LONG / first).log2().ceil().clamp(0.0, 4.0);
    if more > 0.0 {
        chosen = stream(GROUPS / 16 * power(more));
    }
    let times = seconds(device, &record(chosen), budget)?;
    device.free(&[passed], &[]);
    Ok(1e-9 * chosen.passed() / times.low)
}

/// What goes to the device and comes back, by the wall clock.
fn transfers(device: &dyn Device, budget: Duration, found: &mut Ceilings) -> Result<()> {
    // The host holds it twice, and the driver's way there once more.
    let words = room(device, SENT, budget, 4);
    let buffer = device.allocate("sent", words)?;
    let counts = device.allocate("counts", 64)?;
    let wait = Probe {
        threads: 1,
        ..Probe::default()
    };
    let wait = device.compile(&wait.recording(&DEPENDENT_DISPATCH, &[counts], 1))?;
    let contents: Vec<u32> = (1u32..).take(words).collect();
    let rate = |run: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        let mut once = |_| {
            let start = Instant::now();
            run()?;
            Ok(start.elapsed().as_secs_f64())
        };
        once(1)?;
        let samples = block(1, budget, 3, &mut once)?;
        Ok(1e-9 * 4.0 * words as f64 / Times::of(samples).low)
    };
    found.upload_gbs = rate(&mut || {
        device.upload(buffer, 0, &contents)?;
        // An upload may return before it is done; a run waits for it.
        device.time(&wait, 1).map(|_| ())
    })?;
    found.download_gbs = rate(&mut || device.download(buffer).map(|_| ()))?;
    device.free(&[buffer, counts], &[&wait]);
    Ok(())
}
