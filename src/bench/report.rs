//! What a benchmark found, as plain data. Times are in microseconds unless a name says otherwise.

use serde::{Deserialize, Serialize};

use super::timing::Times;
use crate::check::{Mismatch, Shape};
use crate::record::DeviceRecord;

/// The benchmark of one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// This program's version.
    pub version: String,
    /// The operating system.
    pub os: String,
    /// The processor's architecture.
    pub arch: String,
    /// The seed of all numbers.
    pub seed: u32,
    /// What `--device` takes for it.
    pub spec: String,
    /// What it is.
    pub device: DeviceRecord,
    /// How kernels were timed: "timestamp queries" or "wall clock".
    pub timing: String,
    /// The variants that whole steps ran.
    #[serde(default)]
    pub variants: crate::tune::Variants,
    /// From the start of the process to the end of the first training step.
    pub start_up: Option<StartUp>,
    /// What the device can do at the most.
    pub ceilings: Option<Ceilings>,
    /// A row for each kernel, variant and shape.
    pub kernels: Vec<KernelRow>,
    /// A row for each number of learners.
    pub steps: Vec<StepRow>,
    /// What was asked for and not measured, and why.
    pub left_out: Vec<String>,
    /// Why the benchmark ended early.
    pub stopped: Option<String>,
}

/// The way to the first training step, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct StartUp {
    /// From the start of the process until the device is open; with several, until all are.
    pub device_ms: f64,
    /// From there until the images are loaded.
    pub data_ms: f64,
    /// From there until a step of one learner is done: uploads, compilation, fresh weights.
    pub first_step_ms: f64,
    /// All of it.
    pub total_ms: f64,
}

/// What a device can do at the most, by measurement.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ceilings {
    /// f32 arithmetic in 10⁹ operations a second; a multiply-add is two.
    pub gflops: f64,
    /// Memory traffic of a copy in 10⁹ bytes a second, read and written.
    pub gbs: f64,
    /// What a dispatch costs that does nothing.
    pub empty_dispatch_us: f64,
    /// What a dispatch costs that waits for the one before it.
    pub dependent_dispatch_us: f64,
}

/// A time, with its spread.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Micros {
    /// The median.
    pub us: f64,
    /// The lower quartile.
    pub us_low: f64,
    /// The upper quartile.
    pub us_high: f64,
}

impl From<Times> for Micros {
    fn from(times: Times) -> Self {
        Self {
            us: 1e6 * times.median,
            us_low: 1e6 * times.low,
            us_high: 1e6 * times.high,
        }
    }
}

impl Micros {
    /// Half the distance between the quartiles, as a share of the median.
    pub fn spread(&self) -> f64 {
        (self.us_high - self.us_low) / (2.0 * self.us)
    }
}

/// A variant of a kernel at a shape.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KernelRow {
    /// The kernel's name.
    pub kernel: String,
    /// The variant's.
    pub variant: String,
    /// Rows, inputs, outputs and learners.
    pub shape: Shape,
    /// Floating-point operations that it has to do.
    pub flops: u64,
    /// Bytes that it has to move.
    pub bytes: u64,
    /// How long it takes and what that comes to; none where it was not timed.
    pub measured: Option<Measured>,
    /// What is wrong with its result: such a kernel is not timed.
    pub failure: Option<Mismatch>,
}

/// A kernel's time beside the least that it could be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Of one dispatch.
    #[serde(flatten)]
    pub time: Micros,
    /// Operations, in 10⁹ a second.
    pub gflops: f64,
    /// Bytes, in 10⁹ a second.
    pub gbs: f64,
    /// What the ceilings allow: the longest of arithmetic, memory and launch.
    pub bound_us: f64,
    /// Which of them that is.
    pub bound_by: String,
    /// The bound as a share of the time.
    pub share: f64,
}

/// A training step of so many learners.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepRow {
    /// Networks in every dispatch.
    pub learners: u32,
    /// Samples per learner and step.
    pub batch: u32,
    /// A step by the wall clock, as a run has it.
    pub us_per_step: f64,
    /// Its lower quartile.
    pub us_low: f64,
    /// Its upper quartile.
    pub us_high: f64,
    /// A step on the device alone, as `timing` has it.
    pub device_us_per_step: f64,
    /// Wall-clock time of a pass over the training images, divided by the learners.
    pub seconds_per_learner_epoch: f64,
    /// Operations, in 10⁹ a second of wall-clock time.
    pub gflops: f64,
    /// Where the time goes, by kernel.
    pub parts: Vec<Part>,
}

/// A kernel's part of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// The kernel's name; "other" is what the kernels, timed alone, leave of the step.
    pub kernel: String,
    /// Its time in a step.
    pub us: f64,
    /// As a share of the step on the device.
    pub share: f64,
}
