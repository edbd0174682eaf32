//! What a device can do at the most: arithmetic, memory, and the cost of a dispatch.

use std::time::{Duration, Instant};

use super::report::Ceilings;
use super::{memory, seconds};
use crate::device::probes::{CHAINS, DEPENDENT_DISPATCH, EMPTY_DISPATCH, FMA_RATE, Probe};
use crate::device::timing::measure;
use crate::device::{Buffer, Device};
use crate::error::Result;
use crate::kernels::Kernel;

/// Threads of `fma_rate` at the most: several times as many as any GPU holds at a time.
const THREADS: u32 = 1 << 20;
/// Rounds of a thread at the least, beside which its first and its last instructions are nothing.
const ROUNDS: u32 = 256;
/// A run of `fma_rate` should last this long, in seconds.
const LONG: f64 = 5e-3;
/// The first few runs of a size should last no longer.
const LONGEST: Duration = Duration::from_millis(300);
/// Dispatches in a row, of which the cost of one is taken.
const DISPATCHES: u32 = 64;

/// Measures a device's ceilings; each takes about `budget`.
///
/// # Errors
/// `Device` where the device fails.
pub fn ceilings(device: &dyn Device, budget: Duration) -> Result<Ceilings> {
    let mut found = Ceilings {
        gflops: arithmetic(device, budget)?,
        empty_dispatch_us: launch(device, &EMPTY_DISPATCH, &[], budget)?,
        dependent_dispatch_us: {
            let counts = device.allocate("counts", 64)?;
            let cost = launch(device, &DEPENDENT_DISPATCH, &[counts], budget)?;
            device.free(&[counts], &[]);
            cost
        },
        ..Ceilings::default()
    };
    memory::measure(device, budget, &mut found)?;
    Ok(found)
}

/// 10⁹ f32 operations a second.
fn arithmetic(device: &dyn Device, budget: Duration) -> Result<f64> {
    let (sums, probe) = long_enough(device, THREADS / 64, ROUNDS, LONG)?;
    let times = seconds(device, &probe.recording(&FMA_RATE, &[sums], 1), budget)?;
    device.free(&[sums], &[]);
    Ok(1e-9 * operations(probe) / times.low)
}

/// A probe of `fma_rate` that takes `long` seconds or more, of so many threads and rounds or more; and
/// the buffer for its sums.
pub(super) fn long_enough(
    device: &dyn Device,
    threads: u32,
    rounds: u32,
    long: f64,
) -> Result<(Buffer, Probe)> {
    let sums = device.allocate("sums", THREADS as usize)?;
    let least = Probe {
        threads,
        rounds,
        factor: 0.999,
        term: 0.001,
    };
    let probe = grown(least, long, &mut |probe| {
        let program = device.compile(&probe.recording(&FMA_RATE, &[sums], 1))?;
        let start = Instant::now();
        let times = measure(device, &program, Duration::ZERO)?;
        let passed = start.elapsed();
        device.free(&[], &[&program]);
        Ok((times.low, passed))
    })?;
    Ok((sums, probe))
}

/// The first of larger and larger probes that lasts. `run` says what a run of one takes by the
/// device's clock, and what a few of them took by the wall clock: else, of a clock that is slow or
/// stands still, the next runs might take seconds.
fn grown(
    least: Probe,
    long: f64,
    run: &mut dyn FnMut(Probe) -> Result<(f64, Duration)>,
) -> Result<Probe> {
    let mut probe = least;
    loop {
        let (once, passed) = run(probe)?;
        if once > long || passed > LONGEST || probe.rounds > 1 << 16 {
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
    Ok(1e6 * seconds(device, &recording, budget)?.low / f64::from(DISPATCHES))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probe for a device of so many operations a second, whose clock says this of seconds; and the
    /// longest run on the way there.
    fn found(speed: f64, clock: fn(f64) -> f64) -> (Probe, f64) {
        let mut longest: f64 = 0.0;
        let least = Probe {
            threads: THREADS / 64,
            rounds: ROUNDS,
            factor: 0.999,
            term: 0.001,
        };
        let probe = grown(least, LONG, &mut |probe| {
            let once = operations(probe) / speed;
            longest = longest.max(once);
            Ok((clock(once), Duration::from_secs_f64(6.0 * once + 1e-3)))
        });
        (probe.unwrap(), longest)
    }

    #[test]
    fn the_probe_lasts_and_a_wrong_clock_does_not_make_it_last_for_seconds() {
        for speed in [1e11, 1e12, 1e13, 1e14] {
            let (right, longest) = found(speed, |seconds| seconds);
            assert!(operations(right) / speed > LONG && longest < 5.0 * LONG);
            let wrong: [fn(f64) -> f64; 5] = [
                |_| 0.0,
                |_| f64::NAN,
                |seconds| -seconds,
                |seconds| 1e-3 * seconds,
                |seconds| 1e-9 * seconds,
            ];
            for clock in wrong {
                let (probe, longest) = found(speed, clock);
                assert!(operations(probe) >= operations(right));
                assert!(longest < 0.25, "{speed}: {longest}");
            }
        }
    }
}
