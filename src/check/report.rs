//! What a check found, as plain data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::known::Known;
use super::litmus::Histogram;
use super::score::MutationScore;
use crate::contract::Sizes;
use crate::error::Error;
use crate::kernels::{Fill, Mismatch, Shape};
use crate::record::DeviceRecord;

/// A whole check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// This program's version.
    pub version: String,
    /// The operating system.
    pub os: String,
    /// The processor's architecture.
    pub arch: String,
    /// The seed of all cases.
    pub seed: u32,
    /// Whether nothing failed.
    pub passed: bool,
    /// How long it took.
    pub seconds: f64,
    /// The share of a user's shader's results that the reference leaves open: of these, any is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<f64>,
    /// How many planted faults the contract of a user's shader finds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<MutationScore>,
    /// What was checked.
    pub devices: Vec<DeviceReport>,
}

/// The check of one device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceReport {
    /// What `--device` takes for it.
    pub spec: String,
    /// What it is.
    pub device: DeviceRecord,
    /// Why its check ended early: it does not open, or failed on the way.
    #[serde(default)]
    pub stopped: Option<String>,
    /// A line for each kernel and variant.
    pub rows: Vec<Row>,
}

impl DeviceReport {
    /// The report of a device that does not open.
    pub fn unopened(spec: &str, device: &DeviceRecord, why: &Error) -> Self {
        Self {
            spec: spec.to_owned(),
            device: device.clone(),
            stopped: Some(why.to_string()),
            rows: Vec::new(),
        }
    }

    /// Whether everything ran and nothing failed.
    pub fn passed(&self) -> bool {
        let right = |row: &Row| row.failure.is_none() && row.cases > 0;
        self.stopped.is_none() && self.rows.iter().all(right)
    }

    /// The worst error of all kernels, as a share of its bound.
    pub fn worst(&self) -> Option<f64> {
        self.rows.iter().filter_map(|r| r.worst).reduce(f64::max)
    }

    /// Cases that were run.
    pub fn cases(&self) -> u32 {
        self.rows.iter().map(|row| row.cases).sum()
    }
}

/// The check of one variant of a kernel on one device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// The kernel's name, "training" for steps as a whole, "litmus" for litmus tests, or "probes" for
    /// known miscomputations.
    pub kernel: String,
    /// The variant's, how many steps, which litmus tests, or a probe's.
    pub variant: String,
    /// Cases that were run; of litmus tests each is one, whatever its instances.
    pub cases: u32,
    /// Cases that the device has no room for.
    pub skipped: u32,
    /// The worst error of the cases that are right, as a share of its bound. Tiny fills are left
    /// out: a subnormal that a device flushes to zero is off by all that it may be off.
    pub worst: Option<f64>,
    /// Whether every result had to be exact.
    #[serde(default)]
    pub exact: bool,
    /// How long the device took.
    pub seconds: f64,
    /// What came of litmus tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub litmus: Vec<Histogram>,
    /// The smallest case that fails.
    pub failure: Option<Failure>,
}

/// A case that fails, and how to run just this one again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Its sizes; a training has none.
    pub shape: Option<Shape>,
    /// Which element of a buffer is wrong, where its shape says more than the place of a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// The sizes of a user's shader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<Sizes>,
    /// Its contents.
    pub fill: Option<Fill>,
    /// Where its numbers come from.
    pub seed: u32,
    /// The known miscomputation that it shows, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// What is wrong.
    pub mismatch: Mismatch,
    /// The command that runs just this case.
    pub command: String,
    /// The folder from which it runs again, if one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_no_number_is_null_and_is_read_back() {
        for worst in [f64::NAN, f64::INFINITY] {
            let row = Row {
                worst: Some(worst),
                ..Row::default()
            };
            let text = serde_json::to_string(&row).unwrap();
            assert!(text.contains("\"worst\":null"), "{text}");
            let back: Row = serde_json::from_str(&text).unwrap();
            assert_eq!(back.worst, None);
        }
    }
}
