//! Choosing settings, noise floors, distances and the ranking.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::train::{Base, CHOOSERS, TRIED};
use super::{Job, Lab, Watch, Weights};
use crate::error::Result;
use crate::methods::{Method, Setting};
use crate::metrics::floor::{Chance, Floor, Measured, Panel};
use crate::metrics::{self, Kind, Metric, Observed, Scope, each, mean};
use crate::record::{Spread, null_is_nan};

/// A setting that was tried, and how far the networks were from retrained ones afterwards.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Tried {
    /// The setting.
    pub setting: Setting,
    /// The average gap, in percentage points: the mean |Δ to retrained networks| over UA, RA, TA of
    /// the kept digits, and the attack's accuracy. No number, or an infinite one (in JSON null), where
    /// nothing was tried or networks diverged.
    #[serde(deserialize_with = "null_is_nan")]
    pub gap: f64,
}

/// A metric's value for a group of networks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Value {
    /// The metric.
    pub metric: String,
    /// Of each network, or one of the group.
    pub value: Spread,
    /// How far the group is from the retrained networks; no number (in JSON null) where that cannot be
    /// measured, because networks diverged or are too few.
    #[serde(deserialize_with = "null_is_nan")]
    pub distance: f64,
    /// The same in units of the noise floor: up to 1 it could be one of theirs.
    #[serde(deserialize_with = "null_is_nan")]
    pub units: f64,
    /// Networks of which is only known that their value is larger than what stands here.
    pub censored: usize,
}

/// A method's results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MethodRow {
    /// Its name.
    pub method: String,
    /// The setting that was chosen.
    pub setting: Setting,
    /// All settings that were tried.
    pub tried: Vec<Tried>,
    /// The average gap, in percentage points.
    #[serde(deserialize_with = "null_is_nan")]
    pub average_gap: f64,
    /// Relearn time as a share of retrained networks'.
    #[serde(deserialize_with = "null_is_nan")]
    pub ain: f64,
    /// The final score of the NeurIPS 2023 challenge: the quality by ε, times what is left of the
    /// accuracies on what is to be kept.
    #[serde(deserialize_with = "null_is_nan")]
    pub quality: f64,
    /// The run time as a share of retraining's: steps over steps.
    pub run_time: f64,
    /// Networks whose weights are no numbers any more: all metrics then count as told.
    pub diverged: usize,
    /// Every metric.
    pub values: Vec<Value>,
    /// What all metrics together say of a group of retrained networks by chance.
    pub chance: Chance,
    /// By kind of metric, the mean distance in units of the noise floor, none counting more than `MOST`;
    /// of metrics that do the same on several layers the largest counts.
    pub kinds: Vec<(Kind, f64)>,
    /// The mean over the kinds.
    pub score: f64,
}

impl MethodRow {
    /// Whether these metrics tell the networks from retrained ones, more than they tell those from each
    /// other by chance.
    pub fn told(&self) -> bool {
        let units: Vec<f64> = self.values.iter().map(|v| v.units).collect();
        self.diverged > 0 || self.chance.exceeded(&units)
    }
}

/// A comparison's results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// What was compared.
    pub settings: super::Settings,
    /// The noise floor of each metric.
    pub floors: Vec<(String, Floor)>,
    /// The retrained networks' values.
    pub retrained: Vec<Value>,
    /// The originals'.
    pub originals: Vec<Value>,
    /// The methods, the nearest to retraining first.
    pub methods: Vec<MethodRow>,
}

/// No metric counts for more units than this in a score.
const MOST: f64 = 100.0;

/// The setting that came nearest.
pub(super) fn best(tried: &[Tried]) -> Tried {
    let nearest = tried.iter().copied().min_by(|a, b| a.gap.total_cmp(&b.gap));
    nearest.unwrap_or(Tried {
        setting: Setting {
            rate: 0.0,
            strength: 0.0,
        },
        gap: f64::NAN,
    })
}

impl Lab<'_> {
    fn scope(&self) -> Scope {
        Scope {
            digits: self.settings.forget.clone(),
        }
    }

    /// Tries every method's settings on originals, and against retrained networks, that have no part in
    /// the scoring.
    pub(super) fn sweep(
        &self,
        methods: &[&'static dyn Method],
        base: &Base,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Vec<Tried>>> {
        let of = |method: &&'static dyn Method| {
            let method = *method;
            let settings = method.settings().into_iter();
            settings.map(move |setting| Job { method, setting })
        };
        let jobs: Vec<Job> = methods.iter().flat_map(of).collect();
        let task = self.task(&base.tried, 100_000, &base.fresh)?;
        let results = self.apply(&jobs, &base.tried, &task, "settings", watch)?;
        let choosers = self.observe(&base.choosers, &[])?;
        let mut gaps = Vec::new();
        for (job, weights) in jobs.iter().zip(&results) {
            let gap = match is_retrained(job) || weights.iter().any(|w| !w.is_finite()) {
                true => f64::INFINITY,
                false => average_gap(&self.observe(weights, &[])?, &choosers, &self.scope()),
            };
            gaps.push(gap);
        }
        let mut tried = jobs.iter().zip(gaps).map(|(job, gap)| Tried {
            setting: job.setting,
            gap,
        });
        let each = methods.iter().map(|m| m.settings().len());
        Ok(each.map(|n| tried.by_ref().take(n).collect()).collect())
    }

    /// Metrics, floors, and the ranking.
    pub(super) fn judge(
        &self,
        jobs: &[Job],
        sweep: &[Vec<Tried>],
        base: &Base,
        results: Vec<Weights>,
        watch: &mut dyn Watch,
    ) -> Result<Comparison> {
        let scope = self.scope();
        let most = self
            .settings
            .learners
            .max(self.settings.retrained)
            .max(CHOOSERS);
        let fresh = self.know_nothing(most)?;
        let mut retrained = self.observe(&base.retrained, &fresh)?;
        let mut originals = self.observe(&base.originals, &fresh)?;
        let mut groups: Vec<Vec<Observed>> = Vec::new();
        watch.begin("answers", jobs.len() as u64);
        for (job, weights) in jobs.iter().zip(&results) {
            groups.push(match is_retrained(job) {
                true => Vec::new(),
                false => self.observe(weights, &fresh)?,
            });
            watch.advance(1);
        }
        // Retraining as a method: the second set of retrained networks, which methods are not scored by.
        let mut choosers = self.observe(&base.choosers, &fresh)?;
        let accuracies = originals
            .iter()
            .map(|o| o.test.accuracy(|l| scope.forgotten(l)));
        let known = mean(&accuracies.collect::<Vec<_>>());
        let applied = jobs
            .iter()
            .zip(&results)
            .filter(|(job, _)| !is_retrained(job));
        let applied = applied.map(|(_, weights)| weights);
        // Retrained networks learn until they know the digits; all others have as many steps.
        let theirs = [&base.retrained[..], &base.choosers].concat();
        let theirs = self.relearn(&theirs, known, None, watch)?;
        let others: Weights = [&base.originals]
            .into_iter()
            .chain(applied)
            .flatten()
            .copied()
            .collect();
        let others = self.relearn(&others, known, Some(theirs.limit), watch)?;
        let note = |(network, steps): (&mut Observed, Option<f64>)| {
            (network.relearned, network.relearn_limit) = (steps, theirs.limit);
        };
        let networks = retrained.iter_mut().chain(&mut choosers);
        networks.zip(theirs.steps).for_each(note);
        let networks = originals.iter_mut().chain(groups.iter_mut().flatten());
        networks.zip(others.steps).for_each(note);

        let metrics = metrics::all(self.model.layers().len() - 1);
        watch.begin("metrics", 2 * metrics.len() as u64);
        let mut panel =
            |size| Panel::new(&metrics, &retrained, size, &scope, &mut || watch.advance(1));
        let of_groups = panel(self.settings.learners);
        let of_choosers = panel(CHOOSERS);
        let named = |measured: Vec<Measured>| -> Vec<Value> {
            let pairs = metrics.iter().zip(measured);
            pairs.map(|(metric, m)| Value::of(&**metric, m)).collect()
        };
        let retrain_steps =
            self.settings.epochs * self.labels.len() as f64 / self.settings.batch as f64;
        let size = self.model.parameters() as usize;
        let broken = |weights: &Weights| {
            let networks = weights.chunks_exact(size);
            networks
                .filter(|w| w.iter().any(|w| !w.is_finite()))
                .count()
        };
        let broken: Vec<usize> = results.iter().map(broken).collect();
        let row = |number: usize| {
            let (job, tried) = (&jobs[number], sweep[number].clone());
            let (group, diverged) = (&groups[number], broken[number]);
            let own = is_retrained(job);
            let group = if own { &choosers } else { group };
            let panel = if own { &of_choosers } else { &of_groups };
            let mut values = named(panel.measure(group));
            let diverged = if own { 0 } else { diverged };
            if diverged > 0 {
                // Numbers of networks that are none say nothing, whatever they happen to be.
                values.iter_mut().for_each(|v| {
                    (v.value, v.distance, v.units) = (Spread::of(vec![f64::NAN]), f64::NAN, MOST);
                });
            }
            let kinds: Vec<(Kind, f64)> = Kind::ALL
                .map(|kind| (kind, by_kind(&metrics, &values, kind)))
                .to_vec();
            let score = mean(&kinds.iter().map(|(_, units)| *units).collect::<Vec<_>>());
            MethodRow {
                method: job.method.name().to_owned(),
                setting: job.setting,
                tried,
                average_gap: average_gap(group, &retrained, &scope),
                ain: metrics::relearning::ain(group, &retrained),
                run_time: match own {
                    true => 1.0,
                    // Without a rate nothing is trained.
                    false if job.setting.rate == 0.0 => 0.0,
                    false => f64::from(self.settings.budget) / retrain_steps,
                },
                quality: metrics::forgetting_quality::score(group, &retrained, &scope),
                diverged,
                values,
                chance: panel.chance,
                kinds,
                score,
            }
        };
        let mut methods: Vec<MethodRow> = (0..jobs.len()).map(row).collect();
        methods.sort_by(|a, b| a.score.total_cmp(&b.score));
        Ok(Comparison {
            settings: self.settings.clone(),
            floors: metrics
                .iter()
                .map(|m| m.name().to_owned())
                .zip(of_groups.floors.iter().copied())
                .collect(),
            retrained: named(of_groups.retrained()),
            originals: named(of_groups.measure(&originals)),
            methods,
        })
    }
}

/// The mean distance over the metrics of a kind. Those that do the same on several layers count as one, by
/// the layer that tells most: a network is given away by a layer, however many it has.
fn by_kind(metrics: &[Box<dyn Metric>], values: &[Value], kind: Kind) -> f64 {
    let own = metrics.iter().zip(values).filter(|(m, _)| m.kind() == kind);
    let mut families: BTreeMap<&str, f64> = BTreeMap::new();
    for (metric, value) in own.filter(|(_, v)| !v.units.is_nan()) {
        let most = families.entry(metric.family()).or_default();
        *most = most.max(value.units.min(MOST));
    }
    mean(&families.into_values().collect::<Vec<_>>())
}

fn is_retrained(job: &Job) -> bool {
    job.method.name() == "retrain"
}

impl Value {
    fn of(metric: &dyn Metric, measured: Measured) -> Self {
        Self {
            metric: metric.name().to_owned(),
            value: Spread::of(measured.values),
            distance: measured.distance,
            units: measured.units,
            censored: measured.censored,
        }
    }
}

/// The mean |Δ to retrained networks| over UA, RA, TA of the kept digits, and the attack's accuracy in
/// percent.
fn average_gap(group: &[Observed], retrained: &[Observed], scope: &Scope) -> f64 {
    let value = |metric: &dyn Metric, group| mean(&each(metric, group, scope));
    let of = |metric: &dyn Metric, unit: f64| {
        unit * (value(metric, group) - value(metric, retrained)).abs()
    };
    mean(&[
        of(&metrics::accuracy::Unlearned, 1.0),
        of(&metrics::accuracy::Retained, 1.0),
        of(&metrics::accuracy::Test { kept_only: true }, 1.0),
        of(&metrics::membership::StartingKit, 100.0),
    ])
}

// What the settings are chosen by is a small set on purpose: it is part of every comparison.
const _: () = assert!(TRIED >= 2 && CHOOSERS >= 4);

#[cfg(test)]
mod tests {
    use super::*;

    fn value(metric: &str, units: f64) -> Value {
        Value {
            metric: metric.to_owned(),
            value: Spread::of(vec![units]),
            distance: units,
            units,
            censored: 0,
        }
    }

    #[test]
    fn layers_count_once_by_the_one_that_tells_most() {
        let metrics = metrics::all(2);
        let units = |name: &str| match name {
            "probe 1" => 3.0,
            "probe 2" => 12.0,
            "CKA 2 f" => 500.0,
            "CKA 1 r" => f64::NAN,
            "Δ 3" => 2.0,
            _ => 0.0,
        };
        let named = metrics.iter().map(|m| value(m.name(), units(m.name())));
        let values: Vec<Value> = named.collect();
        assert_eq!(
            by_kind(&metrics, &values, Kind::Inside),
            (12.0 + MOST + 2.0) / 3.0
        );
        assert_eq!(by_kind(&metrics, &values, Kind::Output), 0.0);
    }

    /// JSON has no numbers that are none: null, and that comes back.
    #[test]
    fn what_cannot_be_measured_is_null_in_json_and_comes_back() {
        let none = value("ε", f64::NAN);
        let text = serde_json::to_string(&none).unwrap();
        assert!(text.contains(r#""units":null"#), "{text}");
        let back: Value = serde_json::from_str(&text).unwrap();
        assert!(back.units.is_nan() && back.distance.is_nan());
        assert!(back.value.mean.is_nan() && back.value.learners[0].is_nan());
        let tried = Tried {
            setting: Setting {
                rate: 0.1,
                strength: 0.0,
            },
            gap: f64::INFINITY,
        };
        let text = serde_json::to_string(&tried).unwrap();
        assert!(
            !serde_json::from_str::<Tried>(&text)
                .unwrap()
                .gap
                .is_finite()
        );
    }
}
