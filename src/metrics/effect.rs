//! Effects: where a group of networks lies between retraining, 0, and the other end of a metric's
//! scale, 1, with an interval.
//!
//! A metric of what is forgotten ends at the originals, which forgot nothing; one of what is kept, at
//! untrained networks, which know nothing. The effect is a position on the line between the two
//! groups of networks,
//!
//! e = ⟨μ − μ_r, μ_end − μ_r⟩ / ‖μ_end − μ_r‖²,
//!
//! where μ is a group's mean: of one number per network, or in the space in which a metric of pairs
//! is a squared distance. There only mean distances between different networks are needed (Gower
//! 1968; Székely and Rizzo 2013 for distances that are not squared):
//!
//! ⟨μ − μ_r, μ_end − μ_r⟩ = ½ (d(m, r) + d(end, r) − d(m, end) − d(r, r)).
//!
//! Distances of groups (U-LiRA, ε, KLoM) have no direction of their own. Their effect is the excess
//! over that of retrained twins, with the sign of the position of the mean features.

use rayon::prelude::*;

use super::layer_distance::relative;
use super::{About, Form, Metric, Observed, OfGroups, Scope, mean};
use crate::jackknife::{Estimate, Left};

/// A group of networks as a metric sees them.
#[derive(Clone, Debug, Default)]
pub struct Features {
    rows: Vec<Vec<f64>>,
    /// Number of networks whose value is only a lower bound.
    censored: usize,
    /// Whether the k-th network is the k-th original after a method, and shares its initial weights.
    numbered: bool,
}

impl Features {
    /// Of these networks; `numbered` if the k-th has the initial weights of the k-th original.
    pub fn new(metric: &dyn Metric, group: &[Observed], scope: &Scope, numbered: bool) -> Self {
        let of = |network| metric.features(network, scope);
        Self {
            rows: group.par_iter().map(of).collect(),
            censored: group.iter().filter(|o| metric.censored(o)).count(),
            numbered,
        }
    }
}

/// The groups that a metric is measured against.
#[derive(Clone, Debug)]
pub struct References {
    /// Networks that never saw what is to be forgotten.
    pub retrained: Features,
    /// Others, as many as originals, that start from the weights of the first retrained networks and
    /// see the samples in another order.
    pub twins: Features,
    /// Networks that forgot nothing.
    pub originals: Features,
    /// Networks that know nothing.
    pub untrained: Features,
}

/// A metric's result for a group.
#[derive(Clone, Debug)]
pub struct Measured {
    /// One value per network, or one for the group.
    pub values: Vec<f64>,
    /// The position between retraining and the other end; none for metrics without a scale.
    pub effect: Option<Effect>,
    /// Number of networks whose value is only a lower bound.
    pub censored: usize,
}

/// A position between retraining and the other end of a scale.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The effect, with its error.
    pub at: Estimate,
    /// The same without each network, for figures made of several effects.
    pub left: Left,
    /// The squared distance from the line between retraining and the other end, in units of its squared
    /// length: 0 for metrics of one number, and on average for exact retraining, so that it can be
    /// negative.
    pub aside: f64,
    /// The same without each network.
    pub aside_left: Left,
    /// The difference from retraining, on the metric's scale (`Metric::scaled`).
    pub difference: Estimate,
    /// The p-value of no difference from retraining.
    pub p: f64,
}

/// A metric's scale, made by the references.
pub struct Scale<'a> {
    metric: &'a dyn Metric,
    references: References,
    /// Mean pair values of the references, for metrics of pairs.
    fixed: Fixed,
    /// The position of the other end, ‖μ_end − μ_r‖², and without each network.
    whole: (f64, Left),
    /// Whether the other end is distinguishable from retraining: else there is nothing to measure by.
    known: bool,
}

/// What all groups share.
#[derive(Default)]
struct Fixed {
    /// Retrained networks among themselves, and the other end against them.
    of_retrained: Pairs,
    of_end: Pairs,
    /// The distance of twins from retrained networks: of all, and without each retrained one.
    of_twins: (f64, Vec<f64>),
}

/// The metric of every pair of two groups, [rows, columns].
#[derive(Clone, Debug, Default)]
struct Pairs {
    values: Vec<Vec<f64>>,
    /// Whether networks of the same number are left out.
    different: bool,
}

/// Networks are left out one at a time, or in this many parts where there are more.
const PARTS: usize = 32;

/// A part of a group: every `of`-th network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    number: usize,
    of: usize,
}

impl Part {
    /// The parts of a group of this many networks.
    fn all(networks: usize) -> impl Iterator<Item = Self> {
        let of = networks.min(PARTS);
        (0..of).map(move |number| Self { number, of })
    }

    fn has(self, network: usize) -> bool {
        network % self.of == self.number
    }
}

/// Whether a network remains without a part.
fn remains(without: Option<Part>, network: usize) -> bool {
    !without.is_some_and(|part| part.has(network))
}

/// What is left out of all groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Without {
    /// Learners: their originals, and what a method made of them.
    learners: Option<Part>,
    /// Retrained networks and their twins.
    references: Option<Part>,
}

impl Pairs {
    fn of(
        one: &Features,
        other: &Features,
        different: bool,
        value: fn(&[f64], &[f64]) -> f64,
    ) -> Self {
        let row = |a: &Vec<f64>| other.rows.iter().map(|b| value(a, b)).collect();
        Self {
            values: one.rows.par_iter().map(row).collect(),
            different,
        }
    }

    /// The mean over the pairs of a row.
    fn row(&self, i: usize) -> f64 {
        let values = self.values[i].iter().enumerate();
        let others = values.filter(|(j, _)| !(self.different && i == *j));
        mean(&others.map(|(_, x)| *x).collect::<Vec<_>>())
    }

    /// The mean over pairs, without some rows and columns.
    fn mean(&self, rows: Option<Part>, columns: Option<Part>) -> f64 {
        let (mut sum, mut count) = (0.0, 0usize);
        for (i, values) in self.values.iter().enumerate() {
            if !remains(rows, i) {
                continue;
            }
            for (j, value) in values.iter().enumerate() {
                if remains(columns, j) && !(self.different && i == j) {
                    sum += value;
                    count += 1;
                }
            }
        }
        sum / count as f64
    }
}

/// What a metric makes of a group, ready to leave networks out of.
enum Seen<'f> {
    Each(&'f Features),
    Pairs {
        to_retrained: Pairs,
        to_end: Pairs,
        own: Pairs,
    },
    /// Projections on the way from retraining to the other end, and squared distances, by learner.
    Twins {
        along: Vec<f64>,
        squares: Vec<f64>,
    },
    Groups {
        value: OfGroups,
        features: &'f Features,
        sign: f64,
    },
}

impl<'a> Scale<'a> {
    /// The scale that these references make.
    pub fn new(metric: &'a dyn Metric, references: References) -> Self {
        let mut new = Self {
            metric,
            references,
            fixed: Fixed::default(),
            whole: (f64::NAN, Left::default()),
            known: false,
        };
        let (r, end) = (&new.references.retrained, new.end());
        new.fixed = match metric.form() {
            Form::Pairs(value) => Fixed {
                of_retrained: Pairs::of(r, r, true, value),
                of_end: Pairs::of(end, r, end.numbered, value),
                ..Fixed::default()
            },
            Form::Groups { value } => Fixed {
                of_twins: new.of_twins(value),
                ..Fixed::default()
            },
            Form::Each | Form::Twins => Fixed::default(),
        };
        if metric.about().is_some() {
            let seen = new.see(new.end(), 1.0);
            let (whole, left) = new.positions(&seen, new.end());
            // What originals and retrained networks differ by without what their order of samples made.
            let (length, lengths) = match &seen {
                Seen::Twins { squares, .. } => {
                    let at = |w: Without| mean_without(squares, w.learners);
                    new.without_each(new.end(), &at)
                }
                _ => (whole, left.clone()),
            };
            let difference = Estimate::jackknife(length, &lengths);
            new.known = whole.abs() > metric.resolution()
                && length.abs() > LEAST * difference.error
                && difference.p() < KNOWN;
            new.whole = (whole, left);
        }
        new
    }

    /// The metric.
    pub fn metric(&self) -> &'a dyn Metric {
        self.metric
    }

    /// Whether the other end is distinguishable from retraining on this metric.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The networks at the other end of the scale.
    fn end(&self) -> &Features {
        match self.metric.about() {
            Some(About::Kept) => &self.references.untrained,
            _ => &self.references.originals,
        }
    }

    /// The result for a group.
    pub fn measure(&self, group: &Features) -> Measured {
        let seen = self.see(group, self.sign(group));
        Measured {
            values: self.values(&seen, group),
            effect: self.known.then(|| self.effect(&seen, group)),
            censored: group.censored,
        }
    }

    /// The result for the originals.
    pub fn originals(&self) -> Measured {
        self.measure(&self.references.originals)
    }

    /// The result for the retrained networks; where networks are compared with others of their number
    /// or in groups, that of their twins.
    pub fn retrained(&self) -> Measured {
        let references = &self.references;
        let group = match self.metric.form() {
            Form::Each | Form::Pairs(_) => &references.retrained,
            Form::Twins | Form::Groups { .. } => &references.twins,
        };
        Measured {
            values: self.values(&self.see(group, 1.0), group),
            effect: None,
            censored: references.retrained.censored,
        }
    }

    fn effect(&self, seen: &Seen<'_>, group: &Features) -> Effect {
        let (position, left) = self.positions(seen, group);
        let (whole, of_end) = (self.whole.0, &self.whole.1);
        // Where the end is the originals, a learner is left out of both.
        let paired = self.metric.about() == Some(About::Forgotten) && group.numbered;
        let by = |wholes: &[f64], i: usize| wholes.get(i).copied().unwrap_or(whole);
        let learners = left.learners.iter().enumerate().map(|(k, x)| match paired {
            true => x / by(&of_end.learners, k),
            false => x / whole,
        });
        let references = left.references.iter().enumerate();
        let effects = Left {
            retrained: left.retrained,
            learners: learners.collect(),
            references: references
                .map(|(j, x)| x / by(&of_end.references, j))
                .collect(),
        };
        let resolution = self.metric.resolution();
        let difference = Estimate::jackknife(position, &left);
        let (aside, aside_left) = match seen {
            Seen::Pairs { .. } | Seen::Twins { .. } if group.rows.len() > 1 => {
                self.without_each(group, &|without| self.aside(seen, without))
            }
            _ => (0.0, Left::map(&[&left], |_| 0.0)),
        };
        Effect {
            at: Estimate::jackknife(position / whole, &effects).at_least(resolution / whole.abs()),
            left: effects,
            aside,
            aside_left,
            p: match position.abs() <= resolution {
                // Too small to mean anything, however certain.
                true => 1.0,
                false => difference.p(),
            },
            difference,
        }
    }

    /// A group, ready to leave networks out of.
    fn see<'f>(&self, group: &'f Features, sign: f64) -> Seen<'f> {
        match self.metric.form() {
            Form::Each => Seen::Each(group),
            Form::Pairs(value) => {
                let (r, end) = (&self.references.retrained, self.end());
                let same = |other: &Features| {
                    (group.numbered && other.numbered) || std::ptr::eq(group, other)
                };
                Seen::Pairs {
                    to_retrained: Pairs::of(group, r, same(r), value),
                    to_end: Pairs::of(group, end, same(end), value),
                    own: Pairs::of(group, group, true, value),
                }
            }
            Form::Twins => self.along(group),
            Form::Groups { value } => Seen::Groups {
                value,
                features: group,
                sign,
            },
        }
    }

    /// The position of a group relative to retraining, not divided by the length of the scale: of all
    /// networks, and without each.
    fn positions(&self, seen: &Seen<'_>, group: &Features) -> (f64, Left) {
        self.without_each(group, &|without| self.position(seen, without))
    }

    /// A statistic of a group and the references: of all networks, and without each.
    fn without_each(
        &self,
        group: &Features,
        statistic: &(dyn Fn(Without) -> f64 + Sync),
    ) -> (f64, Left) {
        let networks = match group.rows.len() {
            1 => 0,
            networks => networks,
        };
        let learners = Part::all(networks).map(|part| Without {
            learners: Some(part),
            references: None,
        });
        let retrained = self.references.retrained.rows.len();
        let references = Part::all(retrained).map(|part| Without {
            learners: None,
            references: Some(part),
        });
        let all = |parts: Vec<Without>| parts.into_par_iter().map(statistic).collect();
        (
            statistic(Without::default()),
            Left {
                learners: all(learners.collect()),
                references: all(references.collect()),
                retrained,
            },
        )
    }

    fn position(&self, seen: &Seen<'_>, without: Without) -> f64 {
        let (k, j) = (without.learners, without.references);
        match seen {
            Seen::Each(own) => self.on_scale(own, k) - self.on_scale(&self.references.retrained, j),
            Seen::Pairs {
                to_retrained,
                to_end,
                ..
            } => {
                // The learner's own original is left out with it.
                let own = k.filter(|_| to_end.different);
                let fixed = &self.fixed;
                let (ends, theirs) = (fixed.of_end.mean(own, j), fixed.of_retrained.mean(j, j));
                0.5 * (to_retrained.mean(k, j) + ends - to_end.mean(k, own) - theirs)
            }
            Seen::Twins { along, .. } => mean_without(along, k),
            Seen::Groups {
                value,
                features,
                sign,
            } => {
                // Such values depend on how many networks there are: as many as twins, or none.
                let twins = self.references.twins.rows.len();
                let mut own = rows(features, k);
                if features.rows.len() < twins {
                    return f64::NAN;
                }
                own.truncate(twins);
                let theirs = rows(&self.references.retrained, j);
                sign * (value(&own, &theirs) - self.twins_apart(j))
            }
        }
    }

    /// The mean on the metric's scale.
    fn on_scale(&self, group: &Features, without: Option<Part>) -> f64 {
        let scaled = group.rows.iter().map(|row| self.metric.scaled(row[0]));
        mean_without(&scaled.collect::<Vec<_>>(), without)
    }

    /// The distance of twins from retrained networks: what exact retraining has.
    fn twins_apart(&self, without: Option<Part>) -> f64 {
        let (all, each) = &self.fixed.of_twins;
        let part = without.and_then(|part| each.get(part.number));
        part.copied().unwrap_or(*all)
    }

    fn of_twins(&self, value: OfGroups) -> (f64, Vec<f64>) {
        let References {
            retrained, twins, ..
        } = &self.references;
        let at = |j| value(&rows(twins, j), &rows(retrained, j));
        let parts: Vec<Part> = Part::all(retrained.rows.len()).collect();
        let each = parts.par_iter().map(|part| at(Some(*part)));
        (at(None), each.collect())
    }

    /// Whether a group's features lie towards the other end, 1, or away from it, −1.
    fn sign(&self, group: &Features) -> f64 {
        let centre = |f: &Features| -> Vec<f64> {
            let width = f.rows.first().map_or(0, Vec::len);
            let column = |c| mean(&f.rows.iter().map(|row| row[c]).collect::<Vec<_>>());
            (0..width).map(column).collect()
        };
        let (own, end) = (centre(group), centre(self.end()));
        let theirs = centre(&self.references.retrained);
        let terms = own.iter().zip(&end).zip(&theirs);
        let towards: f64 = terms.map(|((m, e), r)| (m - r) * (e - r)).sum();
        if towards < 0.0 { -1.0 } else { 1.0 }
    }

    /// Projections of each learner's weights, relative to the retrained network of its number, on the way
    /// from that one's twin to its original. As both differ from retraining's mean independently,
    /// the mean product of exact retraining is 0.
    fn along(&self, group: &Features) -> Seen<'static> {
        let References {
            retrained,
            twins,
            originals,
            ..
        } = &self.references;
        let known = [&retrained.rows, &twins.rows, &originals.rows, &group.rows];
        let learners = known.map(Vec::len).into_iter().min().unwrap_or(0);
        let products = |k: usize| {
            let [r, t, o, m] = known.map(|rows| &rows[k]);
            let (mut along, mut square, mut noise) = (0.0, 0.0, 0.0);
            for i in 0..r.len() {
                along += (m[i] - r[i]) * (o[i] - t[i]);
                square += (m[i] - r[i]) * (m[i] - t[i]);
                noise += (r[i] - t[i]).powi(2);
            }
            (along, square - noise / 2.0)
        };
        let (along, squares) = match group.numbered {
            true => (0..learners).map(products).unzip(),
            false => (vec![f64::NAN], vec![f64::NAN]),
        };
        Seen::Twins { along, squares }
    }

    /// The squared distance from the line to the other end, in units of its squared length.
    fn aside(&self, seen: &Seen<'_>, without: Without) -> f64 {
        let (k, j) = (without.learners, without.references);
        let square = match seen {
            Seen::Pairs {
                to_retrained, own, ..
            } => {
                let theirs = self.fixed.of_retrained.mean(j, j);
                to_retrained.mean(k, j) - 0.5 * (own.mean(k, k) + theirs)
            }
            Seen::Twins { squares, .. } => mean_without(squares, k),
            Seen::Each(_) | Seen::Groups { .. } => return 0.0,
        };
        let whole = self.whole.0;
        square / whole - (self.position(seen, without) / whole).powi(2)
    }

    /// One value per network, or one for the group.
    fn values(&self, seen: &Seen<'_>, group: &Features) -> Vec<f64> {
        let retrained = &self.references.retrained;
        match seen {
            Seen::Each(own) => own.rows.concat(),
            Seen::Pairs { to_retrained, .. } => {
                (0..group.rows.len()).map(|i| to_retrained.row(i)).collect()
            }
            Seen::Twins { .. } if group.numbered => {
                let pairs = group.rows.iter().zip(&retrained.rows);
                pairs.map(|(own, r)| relative(own, r)).collect()
            }
            Seen::Twins { .. } => vec![f64::NAN],
            Seen::Groups { value, .. } => vec![value(&rows(group, None), &rows(retrained, None))],
        }
    }
}

/// The other end differs from retraining on a metric if chance would do it with less than this
/// probability, and if it is this many standard errors away: a short scale measures nothing.
const KNOWN: f64 = 0.01;
const LEAST: f64 = 4.0;

/// The features of the networks that remain.
fn rows(group: &Features, without: Option<Part>) -> Vec<&[f64]> {
    let numbered = group.rows.iter().enumerate();
    let others = numbered.filter(|(i, _)| remains(without, *i));
    others.map(|(_, row)| &row[..]).collect()
}

fn mean_without(values: &[f64], without: Option<Part>) -> f64 {
    let numbered = values.iter().enumerate();
    let others = numbered.filter(|(i, _)| remains(without, *i));
    mean(&others.map(|(_, x)| *x).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
