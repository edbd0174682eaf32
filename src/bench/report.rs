//! What a benchmark found, as plain data. Times are in microseconds unless a name says otherwise.
//! A figure that could not be measured is NaN here, and null in JSON.

mod comparison;

use serde::{Deserialize, Serialize};

use super::clock::{CHANGE, change};
use crate::device::timing::Times;
use crate::kernels::Mismatch;
use crate::record::{DeviceRecord, null_is_nan};
use crate::tune::Variants;

pub use comparison::{Compared, Comparison, Verdict};

/// The benchmark of one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// This program's version.
    pub version: String,
    /// When it began, UTC, as `YYYY-MM-DD HH:MM:SS`; empty in reports of versions that did not say.
    #[serde(default)]
    pub started: String,
    /// The command that measures the same again.
    #[serde(default)]
    pub command: String,
    /// The operating system.
    pub os: String,
    /// The processor's architecture.
    pub arch: String,
    /// The processor's model, whatever the device; empty in reports of versions that did not say.
    #[serde(default)]
    pub cpu: String,
    /// The seed of all numbers.
    pub seed: u32,
    /// What `--device` takes for it.
    pub spec: String,
    /// What it is.
    pub device: DeviceRecord,
    /// How kernels were timed: "timestamp queries", or "wall clock" and why.
    pub timing: String,
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
    /// How the times compare with an earlier report, or with another program.
    #[serde(default)]
    pub comparison: Option<Comparison>,
}

/// The way to the first training step, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct StartUp {
    /// From the start of the process until the device is open; with several, until all are.
    #[serde(deserialize_with = "null_is_nan")]
    pub device_ms: f64,
    /// From there until the images are loaded.
    #[serde(deserialize_with = "null_is_nan")]
    pub data_ms: f64,
    /// From there until a step of one learner is done: uploads, compilation, fresh weights.
    #[serde(deserialize_with = "null_is_nan")]
    pub first_step_ms: f64,
    /// All of it.
    #[serde(deserialize_with = "null_is_nan")]
    pub total_ms: f64,
}

/// What a device can do at the most, by measurement. Bytes are counted in 10⁹ a second; what a report of
/// an earlier version does not say is NaN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ceilings {
    /// f32 arithmetic in 10⁹ operations a second; a multiply-add is two.
    #[serde(deserialize_with = "null_is_nan")]
    pub gflops: f64,
    /// Memory traffic of a copy, read and written, between two buffers that no cache holds.
    #[serde(deserialize_with = "null_is_nan")]
    pub gbs: f64,
    /// Reading alone, of the largest working set of the curve.
    #[serde(default = "unknown", deserialize_with = "null_is_nan")]
    pub read_gbs: f64,
    /// Writing alone, of a buffer as large as that.
    #[serde(default = "unknown", deserialize_with = "null_is_nan")]
    pub write_gbs: f64,
    /// Loads and stores in workgroup memory, barriers between them included; on the CPU in the cores'
    /// own caches.
    #[serde(default = "unknown", deserialize_with = "null_is_nan")]
    pub workgroup_gbs: f64,
    /// From the host to the device.
    #[serde(default = "unknown", deserialize_with = "null_is_nan")]
    pub upload_gbs: f64,
    /// From the device to the host.
    #[serde(default = "unknown", deserialize_with = "null_is_nan")]
    pub download_gbs: f64,
    /// What a dispatch costs that does nothing.
    #[serde(deserialize_with = "null_is_nan")]
    pub empty_dispatch_us: f64,
    /// What a dispatch costs that waits for the one before it.
    #[serde(deserialize_with = "null_is_nan")]
    pub dependent_dispatch_us: f64,
    /// Reading alone, of larger and larger working sets, each a power of two.
    #[serde(default)]
    pub curve: Vec<Rate>,
}

fn unknown() -> f64 {
    f64::NAN
}

impl Default for Ceilings {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            gflops: f64::NAN,
            gbs: f64::NAN,
            read_gbs: f64::NAN,
            write_gbs: f64::NAN,
            workgroup_gbs: f64::NAN,
            upload_gbs: f64::NAN,
            download_gbs: f64::NAN,
            empty_dispatch_us: f64::NAN,
            dependent_dispatch_us: f64::NAN,
            curve: Vec::new(),
        }
    }
}

/// A point of the working-set curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Bytes that are read over and over.
    pub bytes: u64,
    /// 10⁹ bytes a second.
    pub gbs: f64,
}

/// The samples of a time, and whether the clock held while they were taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// Microseconds of one repetition, by round and in the order in which they were taken; none in
    /// reports of earlier versions.
    #[serde(default)]
    pub rounds: Vec<Vec<f64>>,
    /// How fast the same arithmetic ran before, between and after the rounds, as a share of how fast it
    /// ran at first; none where that is unknown.
    #[serde(default)]
    pub clock: Vec<f64>,
}

impl Samples {
    /// How far the clock fell (negative) or rose, where it did not hold.
    pub fn unsteady(&self) -> Option<f64> {
        Some(change(&self.clock)).filter(|change| change.abs() > CHANGE)
    }

    /// The same in words.
    pub fn remark(&self) -> Option<String> {
        self.unsteady().map(|change| {
            let how = if change < 0.0 { "fell" } else { "rose" };
            format!("clock {how} {:.0} %", 100.0 * change.abs())
        })
    }

    /// The median of each round that has samples.
    pub fn medians(&self) -> Vec<f64> {
        let full = self.rounds.iter().filter(|round| !round.is_empty());
        full.map(|round| Times::of(round.clone()).median).collect()
    }
}

/// A time, with its spread.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Micros {
    /// The median.
    #[serde(deserialize_with = "null_is_nan")]
    pub us: f64,
    /// The lower quartile.
    #[serde(deserialize_with = "null_is_nan")]
    pub us_low: f64,
    /// The upper quartile.
    #[serde(deserialize_with = "null_is_nan")]
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
    /// Rows, inputs, outputs and learners, as `--shape` takes them; of a shader that is none of this
    /// program's, its sizes.
    pub shape: String,
    /// Floating-point operations that it has to do.
    pub flops: u64,
    /// Bytes that it has to move.
    pub bytes: u64,
    /// Bytes of its buffers; 0 in reports of versions that did not say.
    #[serde(default)]
    pub working_set: u64,
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
    #[serde(deserialize_with = "null_is_nan")]
    pub gflops: f64,
    /// Bytes, in 10⁹ a second.
    #[serde(deserialize_with = "null_is_nan")]
    pub gbs: f64,
    /// What the ceilings allow: the longest of arithmetic, memory and launch.
    #[serde(deserialize_with = "null_is_nan")]
    pub bound_us: f64,
    /// Which of them that is.
    pub bound_by: String,
    /// The memory ceiling of a working set of this size, in 10⁹ bytes a second.
    #[serde(default = "unknown", deserialize_with = "null_is_nan")]
    pub roof_gbs: f64,
    /// The bound as a share of the time.
    #[serde(deserialize_with = "null_is_nan")]
    pub share: f64,
    /// Where the time comes from.
    #[serde(flatten)]
    pub samples: Samples,
}

/// A training step of so many learners.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepRow {
    /// Networks in every dispatch.
    pub learners: u32,
    /// The variants of the kernels.
    #[serde(default)]
    pub variants: Variants,
    /// Samples per learner and step.
    pub batch: u32,
    /// A step by the wall clock, as a run has it.
    #[serde(deserialize_with = "null_is_nan")]
    pub us_per_step: f64,
    /// Its lower quartile.
    #[serde(deserialize_with = "null_is_nan")]
    pub us_low: f64,
    /// Its upper quartile.
    #[serde(deserialize_with = "null_is_nan")]
    pub us_high: f64,
    /// A step on the device alone, as `timing` has it.
    #[serde(deserialize_with = "null_is_nan")]
    pub device_us_per_step: f64,
    /// Wall-clock time of a pass over the training images, divided by the learners.
    #[serde(deserialize_with = "null_is_nan")]
    pub seconds_per_learner_epoch: f64,
    /// Operations, in 10⁹ a second of wall-clock time.
    #[serde(deserialize_with = "null_is_nan")]
    pub gflops: f64,
    /// Where the time goes, by kernel.
    pub parts: Vec<StepPart>,
    /// Where the time by the wall clock comes from.
    #[serde(flatten)]
    pub samples: Samples,
}

/// A kernel's part of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepPart {
    /// The kernel's name; "other" is what the kernels, timed alone, leave of the step.
    pub kernel: String,
    /// Its time in a step.
    #[serde(deserialize_with = "null_is_nan")]
    pub us: f64,
    /// As a share of the step on the device.
    #[serde(deserialize_with = "null_is_nan")]
    pub share: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets all fractions to null.
    fn without_figures(json: &mut serde_json::Value) {
        match json {
            serde_json::Value::Number(n) if n.is_f64() => *json = serde_json::Value::Null,
            serde_json::Value::Array(all) => all.iter_mut().for_each(without_figures),
            serde_json::Value::Object(all) => all.values_mut().for_each(without_figures),
            _ => {}
        }
    }

    #[test]
    fn figures_that_are_not_known_are_null_and_come_back() {
        let text = r#"{"version": "0.1.0", "os": "linux", "arch": "x86_64", "seed": 1, "spec": "0",
            "device": {"name": "X", "backend": "Metal", "kind": "GPU", "driver": "", "reason": ""},
            "timing": "wall clock",
            "start_up": {"device_ms": 1.5, "data_ms": 1.5, "first_step_ms": 1.5, "total_ms": 4.5},
            "ceilings": {"gflops": 1.5, "gbs": 1.5, "empty_dispatch_us": 1.5,
                "dependent_dispatch_us": 1.5},
            "kernels": [{"kernel": "score", "variant": "plain", "shape": "8x1x10x2", "flops": 9,
                "bytes": 9, "failure": null, "measured": {"us": 1.5, "us_low": 1.5, "us_high": 1.5,
                "gflops": 1.5, "gbs": 1.5, "bound_us": 1.5, "bound_by": "launch", "share": 0.5}}],
            "steps": [{"learners": 1, "batch": 64, "us_per_step": 1.5, "us_low": 1.5, "us_high": 1.5,
                "device_us_per_step": 1.5, "seconds_per_learner_epoch": 1.5, "gflops": 1.5,
                "parts": [{"kernel": "head", "us": 1.5, "share": 0.5}]}],
            "left_out": [], "stopped": null}"#;
        let known: Report = serde_json::from_str(text).unwrap();
        assert_eq!(known.cpu, "");
        let mut json = serde_json::to_value(&known).unwrap();
        without_figures(&mut json);
        assert!(known.ceilings.unwrap().read_gbs.is_nan());
        let mut unknown: Report = serde_json::from_value(json.clone()).unwrap();
        assert!(unknown.steps[0].parts[0].share.is_nan());
        unknown.steps[0].gflops = f64::INFINITY;
        assert_eq!(serde_json::to_value(&unknown).unwrap(), json);
    }
}
