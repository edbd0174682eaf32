//! Measures what methods made of the networks: values, effects, and figures.

use super::base::Base;
use super::export::{Export, Group, Origin};
use super::figures::{Figures, Interval, Part};
use super::results::{Role, Shown, values};
use super::sensitivity::Sensitivity;
use super::{Judged, Lab, MethodRow, Moments, Portrait, Tried};
use crate::engine::{Job, Relearned, Weights};
use crate::error::Result;
use crate::methods::{Passed, Setting};
use crate::metrics::destinations::Destinations;
use crate::metrics::effect::{Features, Measured, References, Scale};
use crate::metrics::figures::{average_gap, tug_of_war};
use crate::metrics::{self, Metric, Observed, Scope, mean};
use crate::progress::Progress;
use crate::record::{CLASSES, Spread};

/// Untrained networks, at the other end of the scales of what is to be kept.
pub(super) const UNTRAINED: usize = 6;

/// Networks to be judged, and what they are.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) role: Role,
    /// The job that made them of the originals; none for networks read from a file.
    pub(super) job: Option<Job>,
    pub(super) tried: Vec<Tried>,
    pub(super) weights: Weights,
    /// The budget, as a multiple of the setting.
    pub(super) budget: f64,
}

impl Entry {
    /// What an export says of it.
    fn exported<'a>(&'a self, observed: &'a [Observed]) -> Group<'a> {
        Group {
            origin: match self.job {
                Some(_) => Origin::Method,
                None => Origin::Model,
            },
            name: &self.name,
            setting: self.job.map(|job| job.setting),
            weights: &self.weights,
            observed,
        }
    }
}

/// Steps of relearning, by group.
pub(super) struct Relearning {
    originals: Relearned,
    retrained: Relearned,
    entries: Relearned,
}

/// The reference networks, and the scales that they make.
struct Judge<'a> {
    lab: &'a Lab<'a>,
    metrics: &'a [Box<dyn Metric>],
    scales: Vec<Scale<'a>>,
    retrained: Vec<Observed>,
    twins: Vec<Observed>,
    originals: Vec<Observed>,
    /// Outputs of fresh networks, for ZRF.
    fresh: Vec<Vec<[f64; CLASSES]>>,
}

impl Lab<'_> {
    /// Judges all entries, and puts them in order.
    pub(super) fn judge(
        &self,
        entries: &[Entry],
        base: &Base,
        mut export: Option<&mut Export<'_>>,
        progress: &mut dyn Progress,
    ) -> Result<Judged> {
        let metrics = metrics::all(self.engine.model.layers().len() - 1);
        let relearning = self.relearning(entries, base, progress)?;
        progress.begin("metrics", metrics.len() as u64 + entries.len() as u64);
        let largest = entries.iter().map(|e| e.weights.len() / self.engine.size());
        let most = largest.fold(self.settings.retrained, usize::max);
        let fresh = self.engine.untaught(most.max(self.settings.learners))?;
        let judge = Judge::new(self, &metrics, base, &relearning, fresh, progress)?;
        if let Some(export) = &mut export {
            judge.export_references(export, base)?;
        }
        let mut rows: Vec<MethodRow> = Vec::new();
        let mut first = 0;
        for entry in entries {
            let group = judge.observe(entry, first, &relearning.entries)?;
            if let Some(export) = export.as_mut().filter(|_| entry.budget == 1.0) {
                judge.export(export, &entry.exported(&group))?;
            }
            let row = judge.row(entry, &group);
            first += entry.weights.len() / self.engine.size();
            progress.advance(1);
            let known = rows.iter_mut().find(|row| row.method == entry.name);
            match known.filter(|_| entry.budget != 1.0) {
                Some(known) => known.budgets.push((entry.budget, row.figures)),
                None => rows.push(row),
            }
        }
        for row in &mut rows {
            if !row.budgets.is_empty() {
                row.budgets.push((1.0, row.figures.clone()));
                row.budgets.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
        Ok(judge.judged(rows))
    }

    /// Lets all networks learn again: retrained ones until all of them know what was forgotten, and all
    /// others as many steps.
    pub(super) fn relearning(
        &self,
        entries: &[Entry],
        base: &Base,
        progress: &mut dyn Progress,
    ) -> Result<Relearning> {
        let engine = &self.engine;
        let scope = &engine.case.scope;
        let accuracy = |o: &Observed| scope.asked(o).accuracy(|_| true);
        let originals = engine.observe(&base.originals, &[])?;
        let known = mean(&originals.iter().map(accuracy).collect::<Vec<_>>());
        let theirs = [&base.retrained[..], &base.twins].concat();
        let retrained = engine.relearn(&theirs, known, None, progress)?;
        let limit = Some(retrained.limit());
        let originals = engine.relearn(&base.originals, known, limit, progress)?;
        let all: Weights = entries.iter().flat_map(|e| &e.weights).copied().collect();
        let entries = engine.relearn(&all, known, limit, progress)?;
        Ok(Relearning {
            originals,
            retrained,
            entries,
        })
    }
}

impl<'a> Judge<'a> {
    fn new(
        lab: &'a Lab<'a>,
        metrics: &'a [Box<dyn Metric>],
        base: &Base,
        relearning: &Relearning,
        fresh: Vec<Vec<[f64; CLASSES]>>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let engine = &lab.engine;
        let scope = &engine.case.scope;
        let observe = |weights: &Weights, first: usize, relearned: &Relearned| {
            let mut group = engine.observe(weights, &fresh)?;
            note(&mut group, first, relearned);
            Ok(group)
        };
        let originals = observe(&base.originals, 0, &relearning.originals)?;
        let retrained = observe(&base.retrained, 0, &relearning.retrained)?;
        let twins = observe(&base.twins, retrained.len(), &relearning.retrained)?;
        let untrained = engine.observe(&engine.untrained(UNTRAINED)?, &fresh)?;
        let mut scale = |metric: &'a dyn Metric| {
            let of = |group: &[Observed], numbered| Features::new(metric, group, scope, numbered);
            let references = References {
                retrained: of(&retrained, true),
                twins: of(&twins, true),
                originals: of(&originals, true),
                untrained: of(&untrained, false),
            };
            progress.advance(1);
            Scale::new(metric, references)
        };
        Ok(Self {
            lab,
            metrics,
            scales: metrics.iter().map(|m| scale(&**m)).collect(),
            retrained,
            twins,
            originals,
            fresh,
        })
    }

    fn scope(&self) -> &Scope {
        &self.lab.engine.case.scope
    }

    /// The result of every metric for a group.
    fn measure(&self, group: &[Observed], numbered: bool) -> Vec<Measured> {
        let measure = |scale: &Scale<'_>| {
            let metric = scale.metric();
            scale.measure(&Features::new(metric, group, self.scope(), numbered))
        };
        self.scales.iter().map(measure).collect()
    }

    fn figures(&self, measured: &[Measured], numbered: bool) -> Option<Figures> {
        let pairs = self.scales.iter().zip(measured);
        let parts = pairs.filter_map(|(scale, measured)| {
            Some(Part {
                metric: scale.metric(),
                effect: measured.effect.as_ref()?,
            })
        });
        let parts: Vec<Part<'_>> = parts.collect();
        Figures::of(&parts, numbered)
    }

    /// Networks whose relearning starts at `first`.
    fn observe(&self, entry: &Entry, first: usize, relearned: &Relearned) -> Result<Vec<Observed>> {
        let mut group = self.lab.engine.observe(&entry.weights, &self.fresh)?;
        note(&mut group, first, relearned);
        Ok(group)
    }

    /// The row of these networks.
    fn row(&self, entry: &Entry, group: &[Observed]) -> MethodRow {
        let diverged = group.iter().filter(|network| broken(network)).count();
        if diverged > 0 {
            return self.of_diverged(entry, diverged);
        }
        let numbered = entry.job.is_some();
        let measured = self.measure(group, numbered);
        let (retrained, scope) = (&self.retrained, self.scope());
        MethodRow {
            figures: self.figures(&measured, numbered),
            average_gap: average_gap(group, retrained, scope),
            tow: tug_of_war(group, retrained, scope),
            ain: self.ain(&measured),
            quality: self.quality(group),
            portrait: self.portrait(group, &measured),
            ..self.of_diverged(entry, 0)
        }
    }

    /// The challenge's final score, of as many networks of either group in every row.
    fn quality(&self, group: &[Observed]) -> f64 {
        let count = self.lab.settings.learners.min(self.retrained.len());
        match group.get(..count) {
            Some(group) => {
                let retrained = &self.retrained[..count];
                metrics::forgetting_quality::score(group, retrained, self.scope())
            }
            None => f64::NAN,
        }
    }

    fn export_references(&self, export: &mut Export<'_>, base: &Base) -> Result<()> {
        export.next_case();
        let group = |origin, name, weights, observed| Group {
            origin,
            name,
            setting: None,
            weights,
            observed,
        };
        let (originals, retrained, twins) = (&base.originals, &base.retrained, &base.twins);
        for group in [
            group(Origin::Originals, "originals", originals, &self.originals),
            group(Origin::Retrained, "retrained", retrained, &self.retrained),
            group(Origin::Retrained, "twins", twins, &self.twins),
        ] {
            self.export(export, &group)?;
        }
        Ok(())
    }

    fn export(&self, export: &mut Export<'_>, group: &Group<'_>) -> Result<()> {
        let engine = &self.lab.engine;
        let [forget, retain] = engine.observed_images();
        export.add(&engine.case, [&forget, &retain], group)
    }

    /// A row without measurements.
    fn of_diverged(&self, entry: &Entry, diverged: usize) -> MethodRow {
        let nothing = |scale: &Scale<'_>| super::Value {
            metric: scale.metric().name().to_owned(),
            value: Spread::of(vec![f64::NAN]),
            censored: 0,
            effect: None,
        };
        let setting = entry.job.map_or(Setting::new(0.0, 0.0), |job| job.setting);
        MethodRow {
            method: entry.name.clone(),
            role: entry.role,
            setting,
            tried: entry.tried.clone(),
            sensitivity: Sensitivity::of(&entry.tried, setting),
            place: None,
            figures: None,
            budgets: Vec::new(),
            average_gap: f64::NAN,
            tow: f64::NAN,
            ain: None,
            quality: f64::NAN,
            run_time: entry
                .job
                .as_ref()
                .map_or(f64::NAN, |job| self.run_time(job)),
            diverged,
            portrait: Portrait {
                values: self.scales.iter().map(nothing).collect(),
                answers: Vec::new(),
                relearning: Vec::new(),
            },
        }
    }

    fn portrait(&self, group: &[Observed], measured: &[Measured]) -> Portrait {
        let shares = |o: &Observed| Destinations.features(o, self.scope());
        let answers: Vec<_> = group.iter().map(shares).collect();
        let class = |class: usize| moments(answers.iter().map(|shares| shares[class]));
        let curves: Vec<_> = group.iter().map(metrics::relearning::mean_curve).collect();
        let steps = curves.first().map_or(&[][..], Vec::as_slice);
        let point = |(place, (step, _)): (usize, &(u32, f64))| {
            (*step, moments(curves.iter().map(|curve| curve[place].1)))
        };
        Portrait {
            values: values(self.metrics, measured),
            answers: (0..CLASSES).map(class).collect(),
            relearning: steps.iter().enumerate().map(point).collect(),
        }
    }

    /// The ratio of relearning times to the retrained networks', by the effect on their logarithms.
    fn ain(&self, measured: &[Measured]) -> Option<Interval> {
        let relearn = self.metrics.iter().position(|m| m.name() == "relearn")?;
        let log = &measured[relearn].effect.as_ref()?.difference;
        let Interval { value, low, high } = Interval::from(*log);
        Some(Interval {
            value: value.exp(),
            low: low.exp(),
            high: high.exp(),
        })
    }

    /// Samples that pass through networks, in training and otherwise, relative to retraining.
    fn run_time(&self, job: &Job) -> f64 {
        let lab = self.lab;
        let engine = &lab.engine;
        let forget = engine.forgotten.iter().filter(|f| **f).count();
        let steps = engine.training.steps(engine.labels().len());
        let trained = job.method.steps(lab.settings.budget, steps);
        let passed = job.method.passed(Passed {
            forget,
            retain: engine.labels().len() - forget,
            trained: trained as usize * lab.settings.batch,
        });
        let other = passed as f64 / lab.settings.batch as f64;
        (f64::from(trained) + other) / f64::from(steps)
    }

    fn judged(&self, methods: Vec<MethodRow>) -> Judged {
        let shown = |scale: &Scale<'_>| Shown {
            name: scale.metric().name().to_owned(),
            kind: scale.metric().kind(),
            about: scale.metric().about(),
            known: scale.is_known(),
        };
        let of_retrained: Vec<Measured> = self.scales.iter().map(Scale::retrained).collect();
        let of_originals: Vec<Measured> = self.scales.iter().map(Scale::originals).collect();
        Judged {
            case: self.lab.engine.case.clone(),
            never_learned: None,
            metrics: self.scales.iter().map(shown).collect(),
            retrained: self.portrait(&self.retrained, &of_retrained),
            originals: self.portrait(&self.originals, &of_originals),
            methods,
        }
    }
}

/// Notes how networks learned again, those of the group being numbered from `first` on.
fn note(group: &mut [Observed], first: usize, relearned: &Relearned) {
    for (number, network) in group.iter_mut().enumerate() {
        network.relearning = relearned.of(first + number);
    }
}

fn moments(values: impl Iterator<Item = f64>) -> Moments {
    let Spread { mean, std, .. } = Spread::of(values.collect());
    Moments { mean, std }
}

/// Whether a network's weights or outputs are infinite or NaN.
pub(super) fn broken(network: &Observed) -> bool {
    let infinite = |values: &[f32]| values.iter().any(|v| !v.is_finite());
    let answers = [&network.forget, &network.retain, &network.test];
    let mut logits = answers.into_iter().flat_map(|o| &o.logits);
    network.weights.iter().any(|w| infinite(w)) || logits.any(|z| infinite(z))
}
