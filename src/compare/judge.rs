//! Choosing settings, noise floors, distances and the ranking.

use serde::Serialize;

use super::sensitivity::Sensitivity;
use super::train::{Base, CHOOSERS, SECOND, TRIED};
use super::{Case, Job, Lab, Watch, Weights};
use crate::error::Result;
use crate::methods::{Method, Setting};
use crate::metrics::destinations::shares;
use crate::metrics::{self, Comparer, Floor, Kind, METRICS, Metric, Observed, Scope, mean};
use crate::record::{CLASSES, Spread};

/// A setting that was tried, and how far the networks were from retrained ones afterwards.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tried {
    /// The setting.
    pub setting: Setting,
    /// The average gap, in percentage points: the mean |Δ to retrained networks| over UA, RA, TA of
    /// the kept digits, and the attack's accuracy.
    pub gap: f64,
}

/// A metric's value for a group of networks.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// The metric.
    pub metric: String,
    /// Of each network, or one of the group.
    pub value: Spread,
    /// How far the group is from the retrained networks.
    pub distance: f64,
    /// The same in units of the noise floor: up to 1 it could be one of theirs.
    pub units: f64,
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
    /// The run time as a share of retraining's: steps over steps.
    pub run_time: f64,
    /// Networks whose weights are no numbers any more: all metrics then count as told.
    pub diverged: usize,
    /// What is known of its networks.
    #[serde(flatten)]
    pub portrait: Portrait,
    /// By kind of metric, the mean distance in units of the noise floor, none counting more than `MOST`.
    pub kinds: Vec<(Kind, f64)>,
    /// The mean over the kinds.
    pub score: f64,
}

/// A case's results.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// What was forgotten, under which seed.
    #[serde(flatten)]
    pub case: Case,
    /// The noise floor of each metric.
    pub floors: Vec<(String, Floor)>,
    /// The retrained networks.
    pub retrained: Portrait,
    /// The originals.
    pub originals: Portrait,
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
        let task = self.task(&base.tried, SECOND)?;
        let results = self.apply(&jobs, &base.tried, &task, "settings", watch)?;
        let fresh = self.know_nothing(&base.fresh)?;
        let choosers = self.observe(&base.choosers, &fresh)?;
        let mut gaps = Vec::new();
        for (job, weights) in jobs.iter().zip(&results) {
            let gap = match job.method.retrains() || weights.iter().any(|w| !w.is_finite()) {
                true => f64::INFINITY,
                false => average_gap(&self.observe(weights, &fresh)?, &choosers, &self.case.scope),
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
        watch: &mut dyn Watch,
    ) -> Result<Judged> {
        let scope = &self.case.scope;
        let seen = self.look(jobs, base, results, watch)?;
        watch.begin("metrics", 2 * METRICS.len() as u64);
        let judge = Judge {
            lab: self,
            of_methods: rulers(&seen.retrained, self.settings.learners, scope, watch),
            of_choosers: rulers(&seen.retrained, CHOOSERS, scope, watch),
            seen: &seen,
            scope,
        };
        let row = |number: usize| {
            let (job, tried, group) = (&jobs[number], &sweep[number], &seen.methods[number]);
            match job.method.retrains() {
                true => judge.retraining(job, tried),
                false => judge.row(job, tried, group, self.broken(&results[number])),
            }
        };
        let mut methods: Vec<MethodRow> = (0..jobs.len()).map(row).collect();
        methods.sort_by(|a, b| a.score.total_cmp(&b.score));
        let named = METRICS.iter().map(|m| m.name().to_owned());
        Ok(Judged {
            case: self.case.clone(),
            floors: named
                .zip(judge.of_methods.iter().map(|r| r.floor))
                .collect(),
            retrained: judge.portrait(&seen.retrained, &judge.of_methods),
            originals: judge.portrait(&seen.originals, &judge.of_methods),
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
        watch: &mut dyn Watch,
    ) -> Result<Seen> {
        let fresh = self.know_nothing(&base.fresh)?;
        watch.begin("answers", jobs.len() as u64);
        let mut methods = Vec::new();
        for (job, weights) in jobs.iter().zip(results) {
            methods.push(match job.method.retrains() {
                true => Vec::new(),
                false => self.observe(weights, &fresh)?,
            });
            watch.advance(1);
        }
        let mut seen = Seen {
            originals: self.observe(&base.originals, &fresh)?,
            retrained: self.observe(&base.retrained, &fresh)?,
            choosers: self.observe(&base.choosers, &fresh)?,
            methods,
        };
        let scope = &self.case.scope;
        let accuracy = |o: &Observed| scope.asked(o).accuracy(|_| true);
        let known = mean(&seen.originals.iter().map(accuracy).collect::<Vec<_>>());
        let applied = jobs.iter().zip(results);
        let applied = applied.filter(|(job, _)| !job.method.retrains());
        let all = [&base.originals, &base.retrained, &base.choosers];
        let all = all.into_iter().chain(applied.map(|(_, weights)| weights));
        let all: Vec<f32> = all.flatten().copied().collect();
        let relearned = self.relearn(&all, known, watch)?;
        for (network, relearned) in seen.networks().zip(relearned) {
            network.relearned = relearned.steps;
            network.relearning = relearned.curve;
        }
        Ok(seen)
    }

    /// Networks of a group whose weights are no numbers any more.
    fn broken(&self, weights: &Weights) -> usize {
        let networks = weights.chunks_exact(self.model.parameters() as usize);
        let broken = networks.filter(|w| w.iter().any(|w| !w.is_finite()));
        broken.count()
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
    /// All networks, in the order in which they learn again.
    fn networks(&mut self) -> impl Iterator<Item = &mut Observed> {
        let base = self.originals.iter_mut().chain(&mut self.retrained);
        let base = base.chain(&mut self.choosers);
        base.chain(self.methods.iter_mut().flatten())
    }
}

/// A metric with its noise floor for groups of some size.
struct Ruler<'a> {
    metric: &'static dyn Metric,
    comparer: Comparer<'a>,
    floor: Floor,
}

fn rulers<'a>(
    retrained: &'a [Observed],
    size: usize,
    scope: &'a Scope,
    watch: &mut dyn Watch,
) -> Vec<Ruler<'a>> {
    let ruler = |metric: &&'static dyn Metric| {
        let comparer = Comparer::new(*metric, retrained, size, scope);
        let floor = comparer.floor();
        watch.advance(1);
        Ruler {
            metric: *metric,
            comparer,
            floor,
        }
    };
    METRICS.iter().map(ruler).collect()
}

/// Makes rows of the table.
struct Judge<'a> {
    lab: &'a Lab<'a>,
    scope: &'a Scope,
    seen: &'a Seen,
    /// For groups as large as that of the originals.
    of_methods: Vec<Ruler<'a>>,
    /// For groups as large as the second set of retrained networks.
    of_choosers: Vec<Ruler<'a>>,
}

impl Judge<'_> {
    fn values(&self, group: &[Observed], rulers: &[Ruler<'_>]) -> Vec<Value> {
        let value = |ruler: &Ruler<'_>| {
            let distance = ruler.comparer.distance(group);
            let all = ruler.metric.values(group, &self.seen.retrained, self.scope);
            Value {
                metric: ruler.metric.name().to_owned(),
                value: Spread::of(all),
                distance,
                units: distance / ruler.floor.limit.max(1e-9),
            }
        };
        rulers.iter().map(value).collect()
    }

    fn portrait(&self, group: &[Observed], rulers: &[Ruler<'_>]) -> Portrait {
        let answers: Vec<_> = group.iter().map(|o| shares(o, self.scope)).collect();
        let class = |class: usize| moments(answers.iter().map(|shares| shares[class]));
        let steps = group.first().map_or(&[][..], |o| &o.relearning);
        let point = |(place, (step, _)): (usize, &(u32, f64))| {
            (*step, moments(group.iter().map(|o| o.relearning[place].1)))
        };
        Portrait {
            values: self.values(group, rulers),
            answers: (0..CLASSES).map(class).collect(),
            relearning: steps.iter().enumerate().map(point).collect(),
        }
    }

    /// Retraining as a method: the second set of retrained networks, which methods are not scored by.
    fn retraining(&self, job: &Job, tried: &[Tried]) -> MethodRow {
        let group = &self.seen.choosers;
        let portrait = self.portrait(group, &self.of_choosers);
        MethodRow {
            run_time: 1.0,
            ..self.with(job, tried, group, portrait)
        }
    }

    fn row(&self, job: &Job, tried: &[Tried], group: &[Observed], diverged: usize) -> MethodRow {
        let mut portrait = self.portrait(group, &self.of_methods);
        if diverged > 0 {
            // Numbers of networks that are none say nothing, whatever they happen to be.
            let values = portrait.values.iter_mut();
            values.for_each(|v| v.units = MOST);
        }
        MethodRow {
            diverged,
            ..self.with(job, tried, group, portrait)
        }
    }

    fn with(
        &self,
        job: &Job,
        tried: &[Tried],
        group: &[Observed],
        portrait: Portrait,
    ) -> MethodRow {
        let kinds = Kind::ALL.map(|kind| (kind, by_kind(&portrait.values, kind)));
        let ain = metrics::relearning::ain(group, &self.seen.retrained, self.scope);
        MethodRow {
            method: job.method.name().to_owned(),
            setting: job.setting,
            tried: tried.to_vec(),
            sensitivity: Sensitivity::of(tried, job.setting),
            average_gap: average_gap(group, &self.seen.retrained, self.scope),
            ain: ain.is_finite().then_some(ain),
            run_time: self.run_time(job),
            diverged: 0,
            portrait,
            kinds: kinds.to_vec(),
            score: mean(&kinds.map(|(_, units)| units)),
        }
    }

    /// Steps over those of retraining.
    fn run_time(&self, job: &Job) -> f64 {
        // Without a rate nothing is trained.
        if job.setting.rate == 0.0 {
            return 0.0;
        }
        f64::from(self.lab.settings.budget) / f64::from(self.lab.steps())
    }
}

fn moments(values: impl Iterator<Item = f64>) -> Moments {
    let Spread { mean, std, .. } = Spread::of(values.collect());
    Moments { mean, std }
}

/// The mean distance over the metrics of a kind.
fn by_kind(values: &[Value], kind: Kind) -> f64 {
    let own = METRICS.iter().zip(values).filter(|(m, _)| m.kind() == kind);
    mean(&own.map(|(_, v)| v.units.min(MOST)).collect::<Vec<_>>())
}

/// The mean |Δ to retrained networks| over UA, RA, TA of the kept digits, and the attack's accuracy in
/// percent.
fn average_gap(group: &[Observed], retrained: &[Observed], scope: &Scope) -> f64 {
    let of = |metric: &dyn Metric, unit: f64| unit * metric.distance(group, retrained, scope);
    mean(&[
        of(&metrics::accuracy::Unlearned, 1.0),
        of(&metrics::accuracy::Retained, 1.0),
        of(&metrics::accuracy::Test { kept_only: true }, 1.0),
        of(&metrics::membership::StartingKit, 100.0),
    ])
}

// What the settings are chosen by is a small set on purpose: it is part of every comparison.
const _: () = assert!(TRIED >= 2 && CHOOSERS >= 4);
