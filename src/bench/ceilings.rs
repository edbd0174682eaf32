//! What a device can do at the most: arithmetic, memory, and the cost of a dispatch.

use std::time::{Duration, Instant};

use super::report::Ceilings;
use crate::device::probes::{
    CHAINS, COPY_WORDS, DEPENDENT_DISPATCH, EMPTY_DISPATCH, FMA_RATE, Probe,
};
use crate::device::timing::measure;
use crate::device::{Buffer, Device, Recording};
use crate::error::Result;
use crate::kernels::Kernel;
use crate::memory;

/// Threads of `fma_rate` at the most: several times as many as any GPU holds at a time.
const THREADS: u32 = 1 << 20;
/// Rounds of a thread at the least, beside which its first and its last instructions are nothing.
const ROUNDS: u32 = 256;
/// A run of `fma_rate` should last this long, in seconds.
const LONG: f64 = 5e-3;
/// The first few runs of a size should last no longer.
const LONGEST: Duration = Duration::from_millis(300);
/// Words of each buffer that is copied, 128 MiB: two of them are larger than any cache.
const WORDS: usize = 1 << 25;
/// Words that are copied at the least, however little memory there is.
const LEAST_WORDS: usize = 1 << 16;
/// Dispatches in a row, of which the cost of one is taken.
const DISPATCHES: u32 = 64;

/// Measures a device's ceilings; each takes about `budget`.
///
/// # Errors
/// `Device` where the device fails.
pub fn ceilings(device: &dyn Device, budget: Duration) -> Result<Ceilings> {
    Ok(Ceilings {
        gflops: arithmetic(device, budget)?,
        gbs: bandwidth(device, budget)?,
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
    let probe = long_enough(&mut |probe| {
        let program = device.compile(&probe.recording(&FMA_RATE, &[sums], 1))?;
        let start = Instant::now();
        let times = measure(device, &program, Duration::ZERO)?;
        let passed = start.elapsed();
        device.free(&[], &[&program]);
        Ok((times.low, passed))
    })?;
    let seconds = seconds(device, &probe.recording(&FMA_RATE, &[sums], 1), budget)?;
    device.free(&[sums], &[]);
    Ok(1e-9 * operations(probe) / seconds)
}

/// The first of larger and larger probes that lasts. `run` says what a run of one takes by the
/// device's clock, and what a few of them took by the wall clock: else, of a clock that is slow or
/// stands still, the next runs might take seconds.
fn long_enough(run: &mut dyn FnMut(Probe) -> Result<(f64, Duration)>) -> Result<Probe> {
    let mut probe = Probe {
        threads: THREADS / 64,
        rounds: ROUNDS,
        factor: 0.999,
        term: 0.001,
    };
    loop {
        let (once, passed) = run(probe)?;
        if once > LONG || passed > LONGEST || probe.rounds > 1 << 16 {
            return Ok(probe);
        }
        match probe.threads < THREADS {
            true => probe.threads *= 4,
            false => probe.rounds *= 4,
        }
    }
}

/// Floating-point operations of a run of `fma_rate`.
fn operations(probe: Probe) -> f64 {
    let factors = [2, 4, probe.threads, CHAINS, probe.rounds];
    factors.map(f64::from).iter().product()
}

/// 10⁹ bytes a second, read and written, by a kernel or by the device's own copy, whichever is
/// faster.
fn bandwidth(device: &dyn Device, budget: Duration) -> Result<f64> {
    let most = usize::try_from(device.limits().buffer_words).unwrap_or(WORDS);
    let mut words = WORDS.min(most / 4 * 4);
    // Source, target and contents; less than the caches hold shows them, which beats no figure.
    while words > LEAST_WORDS && memory::left(12 * words as u64).is_err() {
        words /= 2;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The probe for a device of so many operations a second, whose clock says this of seconds; and the
    /// longest run on the way there.
    fn grown(speed: f64, clock: fn(f64) -> f64) -> (Probe, f64) {
        let mut longest: f64 = 0.0;
        let probe = long_enough(&mut |probe| {
            let once = operations(probe) / speed;
            longest = longest.max(once);
            Ok((clock(once), Duration::from_secs_f64(6.0 * once + 1e-3)))
        });
        (probe.unwrap(), longest)
    }

    #[test]
    fn the_probe_lasts_and_a_wrong_clock_does_not_make_it_last_for_seconds() {
        for speed in [1e11, 1e12, 1e13, 1e14] {
            let (right, longest) = grown(speed, |seconds| seconds);
            assert!(operations(right) / speed > LONG && longest < 5.0 * LONG);
            let wrong: [fn(f64) -> f64; 5] = [
                |_| 0.0,
                |_| f64::NAN,
                |seconds| -seconds,
                |seconds| 1e-3 * seconds,
                |seconds| 1e-9 * seconds,
            ];
            for clock in wrong {
                let (probe, longest) = grown(speed, clock);
                assert!(operations(probe) >= operations(right));
                assert!(longest < 0.25, "{speed}: {longest}");
            }
        }
    }
}
