//! The results of a comparison, as plain data.

use serde::Serialize;

use super::figures::{Figures, Interval};
use super::sensitivity::Sensitivity;
use crate::engine::Case;
use crate::jackknife::holm;
use crate::methods::Setting;
use crate::metrics::effect::{Effect, Measured};
use crate::metrics::{About, Kind, Metric};
use crate::record::Spread;

/// A setting that was tried, and how far the networks were from retrained ones afterwards.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tried {
    /// The setting.
    pub setting: Setting,
    /// The average gap on validation images, in percentage points: the mean absolute difference from the
    /// retrained networks over UA, RA, TA kept and MIA. NaN where nothing was tried, infinite where
    /// networks diverged (both null in JSON).
    pub gap: f64,
}

/// A metric's value for a group of networks.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// The metric.
    pub metric: String,
    /// One value per network, or a single one for the group.
    pub value: Spread,
    /// Networks whose value is only a lower bound.
    pub censored: usize,
    /// The effect; none for a metric that does not distinguish the originals from retraining, or that
    /// is only shown.
    pub effect: Option<Position>,
}

/// Where a group lies between retraining and the other end of a metric's scale.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Position {
    /// 0: as after retraining; 1: as the originals or, for what is to be kept, as untrained networks.
    #[serde(flatten)]
    pub at: Interval,
    /// The distance from the line between the two, in units of its length.
    pub aside: f64,
    /// The p-value of no difference from retraining.
    pub p: f64,
    /// The p-value adjusted for the number of metrics, by Holm.
    pub adjusted: f64,
    /// The smallest effect that would have been seen in four of five cases.
    pub detectable: f64,
    /// Whether the 90 % interval lies within `MARGIN` of retraining: two one-sided tests of 5 %.
    pub equivalent: bool,
}

/// An effect up to this size counts as none: a tenth of the way from retraining to the other end.
pub const MARGIN: f64 = 0.1;

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

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// An unlearning method.
    Method,
    /// A row that says what figures mean, such as doing nothing or retraining.
    Control,
    /// Networks that were read from a file.
    Model,
}

impl Role {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Control => "control",
            Self::Model => "model",
        }
    }
}

/// A method's results.
#[derive(Clone, Debug, Serialize)]
pub struct MethodRow {
    /// Its name.
    pub method: String,
    /// What the row is.
    pub role: Role,
    /// The setting that was chosen.
    pub setting: Setting,
    /// All settings that were tried.
    pub tried: Vec<Tried>,
    /// How sensitive results are to the setting; none where there is only one.
    pub sensitivity: Option<Sensitivity>,
    /// The place among methods and models by distance from retraining: the best and the worst that the
    /// errors allow, from 1. None without a figure, and for controls.
    pub place: Option<[usize; 2]>,
    /// Residual knowledge and damage; none where methods are not ranked, or networks diverged.
    pub figures: Option<Figures>,
    /// The same after other budgets, as multiples of `Settings::budget`.
    pub budgets: Vec<(f64, Option<Figures>)>,
    /// The average gap, in percentage points.
    pub average_gap: f64,
    /// Tug of war: 1 is like retraining.
    pub tow: f64,
    /// Relearning time relative to the retrained networks: the ratio of the geometric means of 1 + steps;
    /// none where those know the images from the start.
    pub ain: Option<Interval>,
    /// The final score of the NeurIPS 2023 challenge: the forgetting quality (from ε), times the
    /// accuracies on the kept data relative to the retrained networks. NaN for fewer networks than
    /// other rows have.
    pub quality: f64,
    /// Samples that pass through networks, relative to retraining.
    pub run_time: f64,
    /// Networks with NaN weights or answers; nothing else is then measured.
    pub diverged: usize,
    /// The measurements of its networks.
    #[serde(flatten)]
    pub portrait: Portrait,
}

impl MethodRow {
    /// The effects of all metrics that have one.
    pub fn positions(&self) -> impl Iterator<Item = (&str, &Position)> {
        let values = self.portrait.values.iter();
        values.filter_map(|v| Some((v.metric.as_str(), v.effect.as_ref()?)))
    }

    /// Metrics by which the networks are distinguishable from retrained ones, at 5 % for all metrics
    /// jointly.
    pub fn distinguishing(&self) -> impl Iterator<Item = (&str, &Position)> {
        self.positions().filter(|(_, p)| p.adjusted < 0.05)
    }

    /// Whether the networks are distinguishable from retrained ones.
    pub fn is_distinguishable(&self) -> bool {
        self.diverged > 0 || self.distinguishing().next().is_some()
    }
}

/// A metric as results show it.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// The aspect it measures.
    pub kind: Kind,
    /// What it is about; none for one that is only shown.
    pub about: Option<About>,
    /// Whether it distinguishes the end of its scale from retraining: only then are there effects.
    pub known: bool,
}

/// A case's results.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// What was forgotten, under which seed.
    #[serde(flatten)]
    pub case: Case,
    /// Why methods are not ranked: networks never learned what they should.
    pub never_learned: Option<String>,
    /// The metrics, in the order of all values.
    pub metrics: Vec<Shown>,
    /// The retrained networks.
    pub retrained: Portrait,
    /// The originals.
    pub originals: Portrait,
    /// The methods, nearest to retraining first; in the order given where they are not ranked.
    pub methods: Vec<MethodRow>,
}

impl Judged {
    /// With the methods in order, nearest to retraining first, and their places.
    pub(super) fn ranked(mut self) -> Self {
        let distance = |row: &MethodRow| match &row.figures {
            Some(figures) => figures.distance.value,
            None => f64::INFINITY,
        };
        self.methods
            .sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        let places: Vec<_> = self
            .methods
            .iter()
            .map(|row| place(row, &self.methods))
            .collect();
        for (row, place) in self.methods.iter_mut().zip(places) {
            row.place = place;
        }
        self
    }

    /// Without figures: with nothing to forget, or no reference, no method is better than another.
    pub(super) fn unranked(mut self, reason: String) -> Self {
        for row in &mut self.methods {
            row.figures = None;
            row.budgets.clear();
        }
        Self {
            never_learned: Some(reason),
            ..self
        }
    }
}

/// The first and the last place that a row may have, given the differences that are certain.
fn place(row: &MethodRow, all: &[MethodRow]) -> Option<[usize; 2]> {
    let own = row.figures.as_ref()?;
    let ranked = |row: &&MethodRow| row.role != Role::Control;
    Some(row).filter(ranked)?;
    let all = || all.iter().filter(ranked);
    let others = || all().filter(|other| other.method != row.method);
    let against = |other: &MethodRow| match &other.figures {
        Some(figures) => own.against(figures),
        None => -1,
    };
    let better = others().filter(|other| against(other) == 1).count();
    let worse = others().filter(|other| against(other) == -1).count();
    Some([1 + better, all().count() - worse])
}

impl Value {
    pub(super) fn of(metric: &dyn Metric, measured: &Measured) -> Self {
        Self {
            metric: metric.name().to_owned(),
            value: Spread::of(measured.values.clone()),
            censored: measured.censored,
            effect: measured.effect.as_ref().map(Position::of),
        }
    }
}

impl Position {
    fn of(effect: &Effect) -> Self {
        let [low, high] = effect.at.interval(0.1);
        Self {
            at: effect.at.into(),
            aside: effect.aside,
            p: effect.p,
            adjusted: f64::NAN,
            detectable: f64::NAN,
            equivalent: low > -MARGIN && high < MARGIN,
        }
    }
}

/// The values of a group, with what depends on all of them.
pub(super) fn values(metrics: &[Box<dyn Metric>], measured: &[Measured]) -> Vec<Value> {
    let pairs = metrics.iter().zip(measured);
    let mut values: Vec<Value> = pairs
        .map(|(m, measured)| Value::of(&**m, measured))
        .collect();
    let p = |v: &Value| v.effect.map_or(f64::NAN, |e| e.p);
    let adjusted = holm(&values.iter().map(p).collect::<Vec<_>>());
    let tested = adjusted.iter().filter(|p| !p.is_nan()).count().max(1);
    for ((value, measured), adjusted) in values.iter_mut().zip(measured).zip(adjusted) {
        if let (Some(position), Some(effect)) = (&mut value.effect, &measured.effect) {
            position.adjusted = adjusted;
            position.detectable = effect.at.detectable(0.05 / tested as f64);
        }
    }
    values
}
