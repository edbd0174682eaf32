//! The results of a comparison, as plain data.

use serde::Serialize;

use super::judge::MOST;
use super::sensitivity::Sensitivity;
use crate::engine::Case;
use crate::methods::Setting;
use crate::metrics::floor::{Chance, Floor, Measured};
use crate::metrics::{Kind, Metric};
use crate::record::Spread;

/// A setting that was tried, and how far the networks were from retrained ones afterwards.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tried {
    /// The setting.
    pub setting: Setting,
    /// The average gap, in percentage points: the mean absolute difference from the retrained networks
    /// over UA, RA, TA kept and MIA. NaN where nothing was tried, infinite where networks diverged (both
    /// null in JSON).
    pub gap: f64,
}

/// A metric's value for a group of networks.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// The metric.
    pub metric: String,
    /// One value per network, or a single one for the group.
    pub value: Spread,
    /// How far the group is from the retrained networks; NaN (null in JSON) where networks diverged or
    /// are too few to measure it.
    pub distance: f64,
    /// The same in units of the noise floor: up to 1, it could be a distance between retrained networks.
    pub units: f64,
    /// Networks whose value is only a lower bound.
    pub censored: usize,
}

/// Mean and standard deviation over the networks of a group.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Moments {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation.
    pub std: f64,
}

/// All measurements of a group of networks.
#[derive(Clone, Debug, Serialize)]
pub struct Portrait {
    /// The value of every metric.
    pub values: Vec<Value>,
    /// How often each digit is the answer to images to be forgotten.
    pub answers: Vec<Moments>,
    /// The accuracy on images to be forgotten, by steps of relearning.
    pub relearning: Vec<(u32, Moments)>,
}

/// A method's results.
#[derive(Clone, Debug, Serialize)]
pub struct MethodRow {
    /// Its name.
    pub method: String,
    /// The setting that was chosen.
    pub setting: Setting,
    /// All settings that were tried.
    pub tried: Vec<Tried>,
    /// How sensitive results are to the setting; none where there is only one.
    pub sensitivity: Option<Sensitivity>,
    /// The average gap, in percentage points.
    pub average_gap: f64,
    /// Relearning time relative to the retrained networks; none where those know the images from the start.
    pub ain: Option<f64>,
    /// The final score of the NeurIPS 2023 challenge: the forgetting quality (from ε) of at most `CHOOSERS`
    /// networks, times the accuracies on the kept data relative to the retrained networks.
    pub quality: f64,
    /// The run time relative to retraining, in steps.
    pub run_time: f64,
    /// Networks with NaN weights or answers: every metric then counts as beyond the noise.
    pub diverged: usize,
    /// The measurements of its networks.
    #[serde(flatten)]
    pub portrait: Portrait,
    /// Metrics that could be measured.
    pub measured: usize,
    /// Metrics, of these, beyond their noise floors.
    pub beyond_noise: usize,
    /// Whether the networks are distinguishable from retrained ones, beyond chance. False where methods are
    /// not ranked.
    pub distinguishable: bool,
    /// What a group of retrained networks reaches by chance.
    pub chance: Chance,
    /// The mean distance by kind of metric, in units of the noise floor, each capped at `MOST`. Of a metric
    /// taken on several layers, the largest counts.
    pub kinds: Vec<(Kind, f64)>,
    /// The mean over the kinds; NaN (null in JSON) where methods are not ranked.
    pub score: f64,
}

impl MethodRow {
    /// The row of a method whose networks diverged: their measurements mean nothing.
    pub(super) fn of_diverged(mut self, diverged: usize) -> Self {
        for v in &mut self.portrait.values {
            (v.value, v.distance, v.units) = (Spread::of(vec![f64::NAN]), f64::NAN, MOST);
        }
        let kinds = Kind::ALL.map(|kind| (kind, MOST));
        Self {
            diverged,
            average_gap: f64::NAN,
            ain: None,
            quality: 0.0,
            measured: 0,
            beyond_noise: 0,
            distinguishable: true,
            kinds: kinds.to_vec(),
            score: MOST,
            ..self
        }
    }
}

/// A case's results.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// What was forgotten, under which seed.
    #[serde(flatten)]
    pub case: Case,
    /// Why methods have no scores and are not ranked: networks never learned what they should.
    pub never_learned: Option<String>,
    /// The noise floor of each metric.
    pub floors: Vec<(String, Floor)>,
    /// What groups of retrained networks reach by chance.
    pub chance: Chance,
    /// The retrained networks.
    pub retrained: Portrait,
    /// The originals.
    pub originals: Portrait,
    /// The methods, nearest to retraining first; in the order given where they are not ranked.
    pub methods: Vec<MethodRow>,
}

impl Judged {
    /// With the methods in order, nearest to retraining first.
    pub(super) fn ranked(mut self) -> Self {
        self.methods.sort_by(|a, b| a.score.total_cmp(&b.score));
        self
    }

    /// Without scores: with nothing to forget, or no reference, no method is better than another.
    pub(super) fn unranked(mut self, reason: String) -> Self {
        for row in &mut self.methods {
            (row.score, row.distinguishable) = (f64::NAN, false);
        }
        Self {
            never_learned: Some(reason),
            ..self
        }
    }
}

impl Value {
    pub(super) fn of(metric: &dyn Metric, measured: Measured) -> Self {
        Self {
            metric: metric.name().to_owned(),
            value: Spread::of(measured.values),
            distance: measured.distance,
            units: measured.units,
            censored: measured.censored,
        }
    }
}
