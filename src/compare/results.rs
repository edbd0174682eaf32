//! What a comparison finds, as plain data.

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
    /// The average gap, in percentage points: the mean |Δ to retrained networks| over UA, RA, TA of
    /// the kept digits, and the attack's accuracy. No number, or an infinite one (in JSON null), where
    /// nothing was tried or networks diverged.
    pub gap: f64,
}

/// A metric's value for a group of networks.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// The metric.
    pub metric: String,
    /// Of each network, or one of the group.
    pub value: Spread,
    /// How far the group is from the retrained networks; no number (in JSON null) where that cannot be
    /// measured, because networks diverged or are too few.
    pub distance: f64,
    /// The same in units of the noise floor: up to 1 it could be one of theirs.
    pub units: f64,
    /// Networks of which is only known that their value is larger than what stands here.
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

/// What is known of a group of networks.
#[derive(Clone, Debug, Serialize)]
pub struct Portrait {
    /// Every metric.
    pub values: Vec<Value>,
    /// How often each digit is the answer to images of what is forgotten.
    pub answers: Vec<Moments>,
    /// Steps of relearning, with the accuracy on what is forgotten.
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
    /// How fast results decay away from the chosen setting; none where there is one only.
    pub sensitivity: Option<Sensitivity>,
    /// The average gap, in percentage points.
    pub average_gap: f64,
    /// Relearn time as a share of retrained networks'; none where those know at once.
    pub ain: Option<f64>,
    /// The final score of the NeurIPS 2023 challenge: the quality by ε of `CHOOSERS` networks at the most,
    /// times what is left of the accuracies on what is to be kept.
    pub quality: f64,
    /// The run time as a share of retraining's: steps over steps.
    pub run_time: f64,
    /// Networks whose weights are no numbers any more: all metrics then count as told.
    pub diverged: usize,
    /// What is known of its networks.
    #[serde(flatten)]
    pub portrait: Portrait,
    /// Metrics that could be measured.
    pub measured: usize,
    /// Of these the metrics that are over their noise floors.
    pub told_by: usize,
    /// Whether that distinguishes the networks from retrained ones: more than those are from each other by
    /// chance. Not where methods are not ranked.
    pub told: bool,
    /// What all metrics together say of a group of retrained networks by chance.
    pub chance: Chance,
    /// By kind of metric, the mean distance in units of the noise floor, none counting more than `MOST`;
    /// of metrics that do the same on several layers the largest counts.
    pub kinds: Vec<(Kind, f64)>,
    /// The mean over the kinds; no number (in JSON null) where methods are not ranked.
    pub score: f64,
}

impl MethodRow {
    /// Of networks that diverged: numbers of what is no network say nothing, whatever they happen to be.
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
            told_by: 0,
            told: true,
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
    /// Why nothing can be said of forgetting, where networks never learned what they should: methods then
    /// have no scores, and are not ranked.
    pub never_learned: Option<String>,
    /// The noise floor of each metric.
    pub floors: Vec<(String, Floor)>,
    /// What all metrics together say of retrained networks by chance.
    pub chance: Chance,
    /// The retrained networks.
    pub retrained: Portrait,
    /// The originals.
    pub originals: Portrait,
    /// The methods, the nearest to retraining first; in their own order where they are not ranked.
    pub methods: Vec<MethodRow>,
}

impl Judged {
    /// The methods, the nearest to retraining first.
    pub(super) fn ranked(mut self) -> Self {
        self.methods.sort_by(|a, b| a.score.total_cmp(&b.score));
        self
    }

    /// Where there is nothing to forget, or nothing to measure it by, no method is better than another.
    pub(super) fn unranked(mut self, reason: String) -> Self {
        for row in &mut self.methods {
            (row.score, row.told) = (f64::NAN, false);
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
