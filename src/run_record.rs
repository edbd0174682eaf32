//! A whole run as plain data: the only input of its reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::inside::Inside;
use crate::record::{Arm, DataRecord, DeviceRecord, Outcome, Phase, Point};

/// A whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// The program's version.
    pub version: String,
    /// When it started, UTC, as `YYYY-MM-DD HH:MM:SS`.
    pub started: String,
    /// All settings, resolved; but `data` says what it is, not where.
    pub config: Config,
    /// The device.
    pub device: DeviceRecord,
    /// The data.
    pub data: DataRecord,
    /// Seconds by phase, and "total".
    pub seconds: BTreeMap<String, f64>,
    /// Every evaluation point, in order of time.
    pub points: Vec<Point>,
    /// Every arm at the end of every phase.
    pub outcomes: Vec<Outcome>,
    /// What the controls show, in plain words.
    pub verdict: Vec<String>,
    /// What is inside the networks, where that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Inside>,
    /// An identifier of what the learn phase depends on (`run::Run::learning`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<String>,
    /// The run that the learn phase was a part of, if not this one: its seconds are not this run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused: Option<String>,
    /// Why it is not the whole run, in words; `None` if it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

impl RunRecord {
    /// The arm's outcome at the end of a phase.
    pub fn outcome(&self, phase: Phase, arm: Arm) -> Option<&Outcome> {
        self.outcomes
            .iter()
            .find(|o| o.phase == phase && o.arm == arm)
    }

    /// The test images that points within phases are of; none if they are of all.
    pub fn part(&self) -> Option<usize> {
        let images = self.points.iter().map(|point| point.images as usize);
        // Zero in records of older versions.
        let fewer = images.filter(|&images| images > 0 && images < self.data.test);
        fewer.min()
    }
}
