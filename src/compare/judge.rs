//! Choosing settings, noise floors, distances and the ranking.

use std::collections::BTreeMap;

use super::base::{Base, CHOOSERS, TRIED};
use super::sensitivity::Sensitivity;
use super::{Judged, Lab, MethodRow, Moments, Portrait, Tried, Value};
use crate::engine::{Job, Relearned, SECOND, Subject, Weights};
use crate::error::Result;
use crate::methods::{Method, Passed, Setting};
use crate::metrics::destinations::Destinations;
use crate::metrics::floor::{Chance, Measured, Panel};
use crate::metrics::{self, Kind, Metric, Observed, Scope, each, mean};
use crate::progress::Progress;
use crate::record::{CLASSES, Spread};

/// No metric counts for more units than this in a score.
pub(super) const MOST: f64 = 100.0;

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
    /// Tries every method's settings on originals, and against retrained networks, that have no part in
    /// the scoring.
    pub(super) fn sweep(
        &self,
        methods: &[&'static dyn Method],
        base: &Base,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Vec<Tried>>> {
        let of = |method: &&'static dyn Method| {
            let method = *method;
            let settings = method.settings().into_iter();
            settings.map(move |setting| Job { method, setting })
        };
        let jobs: Vec<Job> = methods.iter().flat_map(of).collect();
        let engine = &self.engine;
        let subject = Subject::new(engine, base.tried.clone(), SECOND);
        let budget = self.settings.budget;
        let results = engine.apply(&jobs, &subject, budget, "settings", progress)?;
        let choosers = self.engine.observe(&base.choosers, &[])?;
        let mut gaps = Vec::new();
        for (job, weights) in jobs.iter().zip(&results) {
            let gap = match job.method.retrains() || weights.iter().any(|w| !w.is_finite()) {
                true => f64::INFINITY,
                false => {
                    let group = self.engine.observe(weights, &[])?;
                    match group.iter().any(broken) {
                        true => f64::INFINITY,
                        false => average_gap(&group, &choosers, &self.engine.case.scope),
                    }
                }
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
        results: &[Weights],
        progress: &mut dyn Progress,
    ) -> Result<Judged> {
        let scope = &self.engine.case.scope;
        let seen = self.look(jobs, base, results, progress)?;
        let metrics = metrics::all(self.engine.model.layers().len() - 1);
        progress.begin("metrics", 2 * metrics.len() as u64);
        let mut panel = |size| {
            let made = &mut || progress.advance(1);
            Panel::new(&metrics, &seen.retrained, size, scope, made)
        };
        let judge = Judge {
            lab: self,
            of_methods: panel(self.settings.learners),
            of_choosers: panel(CHOOSERS),
            metrics: &metrics,
            seen: &seen,
            scope,
        };
        let row = |number: usize| {
            let (job, tried, group) = (&jobs[number], &sweep[number], &seen.methods[number]);
            match job.method.retrains() {
                true => judge.retraining(job, tried),
                false => judge.row(job, tried, group),
            }
        };
        let methods: Vec<MethodRow> = (0..jobs.len()).map(row).collect();
        let named = metrics.iter().map(|m| m.name().to_owned());
        let floors = judge.of_methods.floors.iter().copied();
        Ok(Judged {
            case: self.engine.case.clone(),
            never_learned: None,
            floors: named.zip(floors).collect(),
            chance: judge.of_methods.chance,
            retrained: judge.portrait(&seen.retrained, judge.of_methods.retrained()),
            originals: judge.portrait(&seen.originals, judge.of_methods.measure(&seen.originals)),
            methods,
        })
    }

    /// Asks all networks, and lets them learn again. Retraining has no networks of its own among the
    /// methods.
    fn look(
        &self,
        jobs: &[Job],
        base: &Base,
        results: &[Weights],
        progress: &mut dyn Progress,
    ) -> Result<Seen> {
        let s = self.settings;
        let fresh = self
            .engine
            .untaught(s.learners.max(s.retrained).max(CHOOSERS))?;
        progress.begin("answers", jobs.len() as u64);
        let mut methods = Vec::new();
        for (job, weights) in jobs.iter().zip(results) {
            methods.push(match job.method.retrains() {
                true => Vec::new(),
                false => self.engine.observe(weights, &fresh)?,
            });
            progress.advance(1);
        }
        let mut seen = Seen {
            originals: self.engine.observe(&base.originals, &fresh)?,
            retrained: self.engine.observe(&base.retrained, &fresh)?,
            choosers: self.engine.observe(&base.choosers, &fresh)?,
            methods,
        };
        let scope = &self.engine.case.scope;
        let accuracy = |o: &Observed| scope.asked(o).accuracy(|_| true);
        let known = mean(&seen.originals.iter().map(accuracy).collect::<Vec<_>>());
        let applied = jobs.iter().zip(results);
        let applied = applied.filter(|(job, _)| !job.method.retrains());
        // Retrained networks learn until they know it again; all others have as many steps.
        let theirs = [&base.retrained[..], &base.choosers].concat();
        let theirs = self.engine.relearn(&theirs, known, None, progress)?;
        let others = std::iter::once(&*base.originals).chain(applied.map(|(_, weights)| weights));
        let others: Weights = others.flatten().copied().collect();
        let others = self
            .engine
            .relearn(&others, known, Some(theirs.limit()), progress)?;
        let (retrained, others_seen) = seen.networks();
        note(retrained, &theirs);
        note(others_seen, &others);
        Ok(seen)
    }
}

/// What is known of all networks.
struct Seen {
    originals: Vec<Observed>,
    retrained: Vec<Observed>,
    /// The second set of retrained networks.
    choosers: Vec<Observed>,
    /// By method.
    methods: Vec<Vec<Observed>>,
}

impl Seen {
    /// Networks that never saw what is to be forgotten, and all others, in the order in which they learn
    /// again.
    fn networks(&mut self) -> (Vec<&mut Observed>, Vec<&mut Observed>) {
        let retrained = self.retrained.iter_mut().chain(&mut self.choosers);
        let methods = self.methods.iter_mut().flatten();
        let others = self.originals.iter_mut().chain(methods);
        (retrained.collect(), others.collect())
    }
}

/// Notes how networks learned again.
fn note(networks: Vec<&mut Observed>, relearned: &Relearned) {
    let known = relearned.steps().zip(&relearned.curves);
    for (network, (steps, curve)) in networks.into_iter().zip(known) {
        network.relearned = steps;
        network.relearn_limit = relearned.limit().into();
        network.relearning.clone_from(curve);
    }
}

/// Makes rows of the table.
struct Judge<'a> {
    lab: &'a Lab<'a>,
    scope: &'a Scope,
    seen: &'a Seen,
    metrics: &'a [Box<dyn Metric>],
    /// For groups as large as that of the originals.
    of_methods: Panel<'a>,
    /// For groups as large as the second set of retrained networks.
    of_choosers: Panel<'a>,
}

impl Judge<'_> {
    fn portrait(&self, group: &[Observed], measured: Vec<Measured>) -> Portrait {
        let shares = |o: &Observed| Destinations.features(o, self.scope);
        let answers: Vec<_> = group.iter().map(shares).collect();
        let class = |class: usize| moments(answers.iter().map(|shares| shares[class]));
        let steps = group.first().map_or(&[][..], |o| &o.relearning);
        let point = |(place, (step, _)): (usize, &(u32, f64))| {
            (*step, moments(group.iter().map(|o| o.relearning[place].1)))
        };
        let pairs = self.metrics.iter().zip(measured);
        Portrait {
            values: pairs.map(|(metric, m)| Value::of(&**metric, m)).collect(),
            answers: (0..CLASSES).map(class).collect(),
            relearning: steps.iter().enumerate().map(point).collect(),
        }
    }

    /// Retraining as a method: the second set of retrained networks, which methods are not scored by.
    fn retraining(&self, job: &Job, tried: &[Tried]) -> MethodRow {
        let group = &self.seen.choosers;
        let portrait = self.portrait(group, self.of_choosers.measure(group));
        MethodRow {
            run_time: 1.0,
            ..self.with(job, tried, group, portrait, self.of_choosers.chance)
        }
    }

    fn row(&self, job: &Job, tried: &[Tried], group: &[Observed]) -> MethodRow {
        let portrait = self.portrait(group, self.of_methods.measure(group));
        let row = self.with(job, tried, group, portrait, self.of_methods.chance);
        match group.iter().filter(|network| broken(network)).count() {
            0 => row,
            diverged => row.of_diverged(diverged),
        }
    }

    fn with(
        &self,
        job: &Job,
        tried: &[Tried],
        group: &[Observed],
        portrait: Portrait,
        chance: Chance,
    ) -> MethodRow {
        let units: Vec<f64> = portrait.values.iter().map(|v| v.units).collect();
        let kinds = Kind::ALL.map(|kind| (kind, by_kind(self.metrics, &portrait.values, kind)));
        let retrained = &self.seen.retrained;
        let ain = metrics::relearning::ain(group, retrained);
        MethodRow {
            method: job.method.name().to_owned(),
            setting: job.setting,
            tried: tried.to_vec(),
            sensitivity: Sensitivity::of(tried, job.setting),
            average_gap: average_gap(group, retrained, self.scope),
            // Rates of few networks are coarse: all groups are looked at as if they were small.
            quality: metrics::forgetting_quality::score(
                &group[..group.len().min(CHOOSERS)],
                retrained,
                self.scope,
            ),
            measured: units.iter().filter(|u| !u.is_nan()).count(),
            beyond_noise: units.iter().filter(|u| **u > 1.0).count(),
            distinguishable: chance.exceeded(&units),
            chance,
            ain: ain.is_finite().then_some(ain),
            run_time: self.run_time(job),
            diverged: 0,
            portrait,
            kinds: kinds.to_vec(),
            score: known_mean(&kinds.map(|(_, units)| units)),
        }
    }

    /// Steps over those of retraining. Other samples that go through networks count as steps that train.
    fn run_time(&self, job: &Job) -> f64 {
        let lab = self.lab;
        let forget = lab.engine.forgotten.iter().filter(|f| **f).count();
        let trained = job.method.steps(lab.settings.budget, lab.steps());
        let passed = job.method.passed(Passed {
            forget,
            retain: lab.engine.labels().len() - forget,
            trained: trained as usize * lab.settings.batch,
        });
        let other = passed as f64 / lab.settings.batch as f64;
        (f64::from(trained) + other) / f64::from(lab.steps())
    }
}

fn moments(values: impl Iterator<Item = f64>) -> Moments {
    let Spread { mean, std, .. } = Spread::of(values.collect());
    Moments { mean, std }
}

/// The mean of those numbers that are some.
fn known_mean(values: &[f64]) -> f64 {
    let known = values.iter().copied().filter(|v| !v.is_nan());
    mean(&known.collect::<Vec<_>>())
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
    match families.is_empty() {
        // No metric of this kind says anything: that is no closeness.
        true => f64::NAN,
        false => mean(&families.into_values().collect::<Vec<_>>()),
    }
}

/// Whether a network's weights or answers are no numbers any more.
fn broken(network: &Observed) -> bool {
    let infinite = |values: &[f32]| values.iter().any(|v| !v.is_finite());
    let answers = [&network.forget, &network.retain, &network.test];
    let mut logits = answers.into_iter().flat_map(|o| &o.logits);
    network.weights.iter().any(|w| infinite(w)) || logits.any(|z| infinite(z))
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

    /// JSON has no numbers that are none.
    #[test]
    fn what_cannot_be_measured_is_null_in_json() {
        let none = value("ε", f64::NAN);
        let text = serde_json::to_string(&none).unwrap();
        assert!(text.contains(r#""units":null"#), "{text}");
        assert!(text.contains(r#""mean":null"#), "{text}");
    }
}
