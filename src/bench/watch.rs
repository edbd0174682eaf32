//! Whether the clock holds: the same short arithmetic from time to time. Whatever makes it slower,
//! heat, a battery or another program, makes what is measured beside it slower too.

use std::time::Duration;

use super::ceilings::long_enough;
use crate::device::probes::FMA_RATE;
use crate::device::timing::block;
use crate::device::{Buffer, Device, Program};
use crate::error::Result;

/// Threads and rounds of the arithmetic at the least: little, even for one core.
const THREADS: u32 = 1 << 10;
const ROUNDS: u32 = 16;
/// How long the arithmetic should last, in seconds.
const LONG: f64 = 5e-4;
/// Runs of a look, of which the fastest counts: the others were disturbed.
const RUNS: usize = 4;

/// Watches a device's clock.
pub(crate) struct Watch<'d> {
    device: &'d dyn Device,
    sums: Buffer,
    program: Program,
    /// Seconds of the arithmetic when the watch began.
    first: f64,
}

impl<'d> Watch<'d> {
    /// Begins to watch.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub(crate) fn new(device: &'d dyn Device) -> Result<Self> {
        let (sums, probe) = long_enough(device, THREADS, ROUNDS, LONG)?;
        let program = device.compile(&probe.recording(&FMA_RATE, &[sums], 1))?;
        let mut watch = Self {
            device,
            sums,
            program,
            first: f64::NAN,
        };
        // The first look warms up.
        for _ in 0..3 {
            watch.first = watch.first.min(watch.seconds()?);
        }
        Ok(watch)
    }

    fn seconds(&self) -> Result<f64> {
        let run = &mut |times| self.device.time(&self.program, times);
        let samples = block(1, Duration::ZERO, RUNS, run)?;
        Ok(samples.into_iter().fold(f64::NAN, f64::min))
    }

    /// How fast the arithmetic is now, as a share of how fast it was at first; NaN where that is
    /// unknown.
    ///
    /// # Errors
    /// `Device` where the device fails.
    pub(crate) fn look(&self) -> Result<f64> {
        Ok(self.first / self.seconds()?)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.device.free(&[self.sums], &[&self.program]);
    }
}
