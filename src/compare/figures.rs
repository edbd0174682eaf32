//! The two figures that methods are ordered by: residual knowledge and damage.
//!
//! Effects, bounded by −1 and 1, are averaged over the metrics of a family, over the families of a
//! kind, and over kinds, so that many metrics of one aspect do not outvote the others. Residual
//! knowledge is what of the kinds' effects on the forgotten lies towards the originals. Damage is the
//! effects on what is kept, towards untrained networks, plus the overshoot: what of the effects on the
//! forgotten lies beyond retraining or beside the line. So doing nothing is at (1, 0) but for what the
//! originals' own accuracy on what is kept differs, retraining at (0, 0), and an untrained network at
//! (0, 1) or beyond.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::jackknife::{Estimate, Left};
use crate::metrics::effect::Effect;
use crate::metrics::{About, Form, Kind, Metric, mean};

/// A number with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The number; NaN (null in JSON) where it cannot be measured.
    pub value: f64,
    /// The lower end; NaN where networks are too few.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Estimate> for Interval {
    fn from(estimate: Estimate) -> Self {
        let [low, high] = estimate.interval(0.05);
        let value = estimate.value;
        Self { value, low, high }
    }
}

/// A method's figures.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Residual knowledge: 0 as after retraining, 1 as before.
    pub residual: Interval,
    /// Damage: the sum of the next two.
    pub damage: Interval,
    /// Damage to what is kept: 1 leaves nothing of it.
    pub kept: Interval,
    /// How far beyond or beside retraining what was forgotten is.
    pub overshoot: Interval,
    /// Residual knowledge by kind of metric, signed; kinds without a metric are left out.
    pub kinds: Vec<(Kind, Interval)>,
    /// The distance from retraining, √(residual² + damage²), by which methods are ordered.
    pub distance: Interval,
    /// The distance without each network.
    #[serde(skip)]
    pub(super) left: Left,
    /// Whether the networks are the originals after a method.
    #[serde(skip)]
    pub(super) numbered: bool,
}

/// An effect of a metric, and where it counts.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) metric: &'a dyn Metric,
    pub(super) effect: &'a Effect,
}

/// Figures before errors.
struct Totals {
    kinds: Vec<(Kind, f64)>,
    residual: f64,
    kept: f64,
    overshoot: f64,
}

impl Totals {
    /// From the effects of all parts, and their squared distances from the line. Beyond the ends of a
    /// scale nothing counts for more: no method knows more than the originals.
    fn of(parts: &[Part<'_>], effects: &[f64], asides: &[f64]) -> Self {
        let bounded =
            |all: &[f64]| -> Vec<f64> { all.iter().map(|x| x.clamp(-1.0, 1.0)).collect() };
        let (effects, asides) = (bounded(effects), bounded(asides));
        let forgotten = by_kind(parts, &effects, About::Forgotten);
        let beside = by_kind(parts, &asides, About::Forgotten);
        let kept = by_kind(parts, &effects, About::Kept);
        let over = |all: &[(Kind, f64)], sign: f64| {
            mean(
                &all.iter()
                    .map(|(_, e)| (sign * e).max(0.0))
                    .collect::<Vec<_>>(),
            )
        };
        Self {
            residual: over(&forgotten, 1.0),
            overshoot: over(&forgotten, -1.0) + over(&beside, 1.0),
            kept: over(&kept, 1.0),
            kinds: forgotten,
        }
    }

    fn damage(&self) -> f64 {
        self.kept + self.overshoot
    }

    fn distance(&self) -> f64 {
        self.residual.hypot(self.damage())
    }
}

/// The mean effect of each kind that has one: over its families, and over the metrics of each.
fn by_kind(parts: &[Part<'_>], effects: &[f64], about: About) -> Vec<(Kind, f64)> {
    let of = |kind: Kind| {
        let mut families: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (part, effect) in parts.iter().zip(effects) {
            let metric = part.metric;
            if metric.kind() == kind && metric.about() == Some(about) {
                families.entry(metric.family()).or_default().push(*effect);
            }
        }
        let means: Vec<f64> = families.values().map(|effects| mean(effects)).collect();
        (!means.is_empty()).then(|| (kind, mean(&means)))
    };
    Kind::ALL.into_iter().filter_map(of).collect()
}

impl Figures {
    /// From the effects of all metrics that have a scale; `None` if no metric sees what is to be
    /// forgotten. `numbered` if the networks are the originals after a method.
    ///
    /// Metrics of groups do not count: they say how surely groups are distinguished, which grows with
    /// the number of networks, and not how far apart they are.
    pub(super) fn of(parts: &[Part<'_>], numbered: bool) -> Option<Self> {
        let counts = |part: &&Part<'_>| {
            let groups = matches!(part.metric.form(), Form::Groups { .. });
            part.effect.at.value.is_finite() && part.effect.at.error.is_finite() && !groups
        };
        let parts: Vec<Part<'_>> = parts.iter().filter(counts).copied().collect();
        let values: Vec<f64> = parts.iter().map(|p| p.effect.at.value).collect();
        let asides: Vec<f64> = parts.iter().map(|p| p.effect.aside).collect();
        let totals = Totals::of(&parts, &values, &asides);
        if totals.kinds.is_empty() {
            return None;
        }
        let lefts = parts.iter().map(|p| &p.effect.left);
        let lefts = lefts.chain(parts.iter().map(|p| &p.effect.aside_left));
        let lefts: Vec<&Left> = lefts.collect();
        let without = |f: &dyn Fn(&Totals) -> f64| {
            Left::map(&lefts, |all| {
                let (effects, asides) = all.split_at(parts.len());
                f(&Totals::of(&parts, effects, asides))
            })
        };
        let figure = |f: &dyn Fn(&Totals) -> f64| {
            Interval::from(Estimate::jackknife(f(&totals), &without(f)))
        };
        let kind =
            |(number, (kind, _)): (usize, &(Kind, f64))| (*kind, figure(&|t| t.kinds[number].1));
        Some(Self {
            residual: figure(&|t| t.residual),
            damage: figure(&Totals::damage),
            kept: figure(&|t| t.kept),
            overshoot: figure(&|t| t.overshoot),
            kinds: totals.kinds.iter().enumerate().map(kind).collect(),
            distance: figure(&Totals::distance),
            left: without(&Totals::distance),
            numbered,
        })
    }

    /// Whether this is nearer to retraining than other figures of the same comparison: −1 if so, 1 if
    /// farther, 0 if networks are too few to say. Learners of two methods are paired.
    pub(super) fn against(&self, other: &Self) -> i32 {
        let difference = self.distance.value - other.distance.value;
        let estimate = match self.numbered && other.numbered {
            true => {
                let left = Left::map(&[&self.left, &other.left], |pair| pair[0] - pair[1]);
                Estimate::jackknife(difference, &left)
            }
            false => Estimate::unpaired(difference, &self.left, &other.left),
        };
        match estimate.p() < 0.05 {
            true if difference < 0.0 => -1,
            true => 1,
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;

    /// Effects by name of the metric, on three learners and four retrained networks.
    fn figures(effects: &dyn Fn(&dyn Metric) -> (f64, f64)) -> Figures {
        let metrics = metrics::all(2);
        let effect = |metric: &dyn Metric| {
            let (value, aside) = effects(metric);
            let left = |n: usize| (0..n).map(|i| value + 0.01 * i as f64).collect();
            let left = Left {
                learners: left(3),
                references: left(4),
                retrained: 4,
            };
            let at = Estimate::jackknife(value, &left);
            Effect {
                at,
                aside_left: Left::map(&[&left], |_| aside),
                left,
                aside,
                difference: at,
                p: 0.5,
            }
        };
        let all: Vec<Effect> = metrics.iter().map(|m| effect(&**m)).collect();
        let parts: Vec<Part<'_>> = metrics
            .iter()
            .zip(&all)
            .filter(|(m, _)| m.about().is_some())
            .map(|(metric, effect)| Part {
                metric: &**metric,
                effect,
            })
            .collect();
        Figures::of(&parts, true).unwrap()
    }

    #[test]
    fn the_corners_of_the_plot_are_where_they_should_be() {
        let at = |forgotten: f64, kept: f64| {
            let f = figures(&|m| match m.about() {
                Some(About::Kept) => (kept, 0.0),
                _ => (forgotten, 0.0),
            });
            (f.residual.value, f.damage.value, f.distance.value)
        };
        assert_eq!(at(0.0, 0.0), (0.0, 0.0, 0.0));
        assert_eq!(at(1.0, 0.0), (1.0, 0.0, 1.0));
        assert_eq!(at(0.0, 1.0), (0.0, 1.0, 1.0));
        // Beyond retraining is no residual knowledge, and none can be more than the originals'.
        assert_eq!(at(-0.5, 0.0), (0.0, 0.5, 0.5));
        assert_eq!(at(3.0, 0.0), (1.0, 0.0, 1.0));
    }

    /// A quarter of the figure for each kind, however many metrics see it; layers count once.
    #[test]
    fn kinds_count_alike_and_families_within_them() {
        let inside = figures(&|m| (f64::from(u8::from(m.kind() == Kind::Inside)), 0.0));
        assert!((inside.residual.value - 0.25).abs() < 1e-12);
        // How surely groups are distinguished is no distance.
        let surely = figures(&|m| (f64::from(u8::from(m.family() == "U-LiRA")), 0.0));
        assert_eq!(surely.residual.value, 0.0);
        // A leak by one metric is not undone by an overshoot far beyond the scale on another.
        let uneven = figures(&|m| match m.name() {
            "UA" | "activation" => (1.0, 0.0),
            "ZRF" => (-9.0, 0.0),
            _ => (0.0, 0.0),
        });
        assert!(uneven.residual.value > 0.05, "{uneven:?}");
        let families = |about| {
            let all = metrics::all(2);
            let own = all
                .iter()
                .filter(|m| m.kind() == Kind::Inside && m.about() == Some(about));
            let mut names: Vec<String> = own.map(|m| m.family().to_owned()).collect();
            names.sort();
            names.dedup();
            names.len() as f64
        };
        let probe = figures(&|m| (f64::from(u8::from(m.name() == "probe 1")), 0.0));
        let expected = 0.25 / families(About::Forgotten) / 2.0;
        assert!((probe.residual.value - expected).abs() < 1e-12);
        let beside = figures(&|m| (0.0, f64::from(u8::from(m.family() == "CKA"))));
        let expected = 0.25 / families(About::Forgotten);
        assert!((beside.overshoot.value - expected).abs() < 1e-12);
    }

    #[test]
    fn a_difference_beyond_its_error_decides_and_a_smaller_one_does_not() {
        let at = |x: f64| figures(&|_| (x, 0.0));
        assert_eq!(at(0.2).against(&at(0.8)), -1);
        assert_eq!(at(0.8).against(&at(0.2)), 1);
        assert_eq!(at(0.2).against(&at(0.2)), 0);
    }
}
