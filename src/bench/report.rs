//! What a benchmark found, as plain data. Times are in microseconds unless a name says otherwise.
//! A figure that could not be measured is NaN here, and null in JSON.

use serde::{Deserialize, Serialize};

use crate::device::timing::Times;
use crate::kernels::{Mismatch, Shape};
use crate::record::{DeviceRecord, null_is_nan};

/// The benchmark of one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// This program's version.
    pub version: String,
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

/// What a device can do at the most, by measurement.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ceilings {
    /// f32 arithmetic in 10⁹ operations a second; a multiply-add is two.
    #[serde(deserialize_with = "null_is_nan")]
    pub gflops: f64,
    /// Memory traffic of a copy in 10⁹ bytes a second, read and written.
    #[serde(deserialize_with = "null_is_nan")]
    pub gbs: f64,
    /// What a dispatch costs that does nothing.
    #[serde(deserialize_with = "null_is_nan")]
    pub empty_dispatch_us: f64,
    /// What a dispatch costs that waits for the one before it.
    #[serde(deserialize_with = "null_is_nan")]
    pub dependent_dispatch_us: f64,
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
    /// The bound as a share of the time.
    #[serde(deserialize_with = "null_is_nan")]
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
        let mut unknown: Report = serde_json::from_value(json.clone()).unwrap();
        assert!(unknown.steps[0].parts[0].share.is_nan());
        unknown.steps[0].gflops = f64::INFINITY;
        assert_eq!(serde_json::to_value(&unknown).unwrap(), json);
    }
}
