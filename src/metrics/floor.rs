//! Noise floors: how far retrained networks are from other retrained networks, by each metric and
//! by all metrics jointly.

use rayon::prelude::*;

use super::{Form, Metric, Observed, Scope, mean};
use crate::random::threefry2x32;

/// Distances of retrained networks from other retrained ones: the noise floor.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Floor {
    /// The mean over splits.
    pub mean: f64,
    /// The 95th percentile over splits, but at least the metric's resolution.
    pub limit: f64,
}

/// What all metrics together show for retrained networks by chance: out of many metrics, some exceed
/// their noise floors. A group that exceeds no more of them, and none by more, is not distinguishable.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Chance {
    /// Metrics beyond their noise floors: the 95th percentile over random splits of the retrained networks.
    pub beyond_noise: usize,
    /// The largest distance in any split, in units of the noise floor.
    pub units: f64,
}

/// A metric's result for a group.
#[derive(Clone, Debug)]
pub struct Measured {
    /// One value per network, or one for the group.
    pub values: Vec<f64>,
    /// How far the group is from the retrained networks.
    pub distance: f64,
    /// The same in units of the noise floor.
    pub units: f64,
    /// Number of networks whose value is only a lower bound.
    pub censored: usize,
}

/// Random splits of the retrained networks for a floor.
pub const SPLITS: u32 = 100;
/// Random choices of networks over which a distance is averaged.
const CHOICES: u32 = 10;

/// All metrics with the retrained networks as reference, for groups of one size.
pub struct Panel<'a> {
    /// The noise floor of each metric.
    pub floors: Vec<Floor>,
    /// The limits for all metrics jointly.
    pub chance: Chance,
    comparers: Vec<Comparer<'a>>,
}

impl<'a> Panel<'a> {
    /// For groups of `size`; `made` is called after every metric.
    pub fn new(
        metrics: &'a [Box<dyn Metric>],
        retrained: &[Observed],
        size: usize,
        task: &'a Scope,
        made: &mut dyn FnMut(),
    ) -> Self {
        let mut comparers = Vec::new();
        for metric in metrics {
            comparers.push(Comparer::new(&**metric, retrained, size, task));
            made();
        }
        let floors: Vec<Floor> = comparers.iter().map(Comparer::floor).collect();
        let pairs = || comparers.iter().zip(&floors);
        let in_units = |(comparer, floor): (&Comparer<'_>, &Floor)| -> Vec<f64> {
            let units = |difference: &f64| difference.abs() / floor.limit;
            comparer.differences.iter().map(units).collect()
        };
        let chance = Chance::of(&pairs().map(in_units).collect::<Vec<_>>());
        Self {
            floors,
            chance,
            comparers,
        }
    }

    /// The results of every metric for a group.
    pub fn measure(&self, group: &[Observed]) -> Vec<Measured> {
        let pairs = self.comparers.iter().zip(&self.floors);
        pairs
            .map(|(comparer, floor)| comparer.measure(group, floor))
            .collect()
    }

    /// The results of every metric for the retrained networks among themselves. Metrics of groups
    /// give the mean over splits.
    pub fn retrained(&self) -> Vec<Measured> {
        let pairs = self.comparers.iter().zip(&self.floors);
        pairs
            .map(|(comparer, floor)| comparer.among(floor))
            .collect()
    }
}

impl Chance {
    /// Computes the limits from distances in units of the noise floor, by metric and split.
    fn of(units: &[Vec<f64>]) -> Self {
        let ways = units.first().map_or(0, Vec::len);
        let beyond = |way: usize| units.iter().filter(|metric| metric[way] > 1.0).count();
        let mut counts: Vec<usize> = (0..ways).map(beyond).collect();
        counts.sort_unstable();
        Self {
            beyond_noise: counts.get(one_in_twenty(ways)).copied().unwrap_or(0),
            units: units.iter().flatten().copied().fold(1.0, f64::max),
        }
    }

    /// Whether a group with these distances, in units of the noise floor, is distinguishable from
    /// retrained networks.
    pub fn exceeded(&self, units: &[f64]) -> bool {
        units.iter().filter(|u| **u > 1.0).count() > self.beyond_noise
            || units.iter().any(|u| *u > self.units)
    }
}

/// The index of the 95th percentile in ascending order.
fn one_in_twenty(numbers: usize) -> usize {
    (numbers * 19 / 20).saturating_sub(1)
}

/// Networks as a metric sees them.
struct Seen {
    features: Vec<Vec<f64>>,
    /// The value against every retrained network, for metrics of pairs.
    beside: Vec<Vec<f64>>,
    /// Number of networks whose value is only a lower bound.
    censored: usize,
}

impl Seen {
    fn new(
        metric: &dyn Metric,
        networks: &[Observed],
        features: Vec<Vec<f64>>,
        retrained: &[Vec<f64>],
    ) -> Self {
        let beside = match metric.form() {
            Form::Pairs(value) => {
                let row = |own: &Vec<f64>| retrained.iter().map(|r| value(own, r)).collect();
                features.par_iter().map(row).collect()
            }
            Form::Each | Form::Groups { .. } => Vec::new(),
        };
        Self {
            features,
            beside,
            censored: networks.iter().filter(|o| metric.censored(o)).count(),
        }
    }

    fn pick(&self, places: &[usize]) -> Vec<&[f64]> {
        places.iter().map(|&i| &self.features[i][..]).collect()
    }

    /// The mean value of some of these networks against retrained ones with other numbers.
    fn apart(&self, some: &[usize], retrained: &[usize]) -> f64 {
        let one = |&i: &usize| {
            let others = retrained.iter().filter(|&&j| j != i);
            mean(&others.map(|&j| self.beside[i][j]).collect::<Vec<_>>())
        };
        mean(&some.iter().map(one).collect::<Vec<_>>())
    }
}

fn features(metric: &dyn Metric, networks: &[Observed], task: &Scope) -> Vec<Vec<f64>> {
    let of = |network| metric.features(network, task);
    networks.par_iter().map(of).collect()
}

/// A permutation of 0…n − 1, different for every number.
fn shuffled(n: usize, number: u32) -> Vec<usize> {
    let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| threefry2x32([number, 77], [index(i), 0]));
    order
}

/// A metric of two groups. Its distances are always taken between groups of the same sizes, `size`
/// of one and `retrained − size` of the retrained networks, so that group size does not bias them.
struct Comparer<'a> {
    metric: &'a dyn Metric,
    retrained: Seen,
    size: usize,
    task: &'a Scope,
    /// Values of retrained networks, one per split.
    differences: Vec<f64>,
}

impl<'a> Comparer<'a> {
    /// For groups of `size`, or of half of the retrained networks if that is fewer.
    fn new(metric: &'a dyn Metric, retrained: &[Observed], size: usize, task: &'a Scope) -> Self {
        let features = features(metric, retrained, task);
        let mut new = Self {
            metric,
            retrained: Seen::new(metric, retrained, features.clone(), &features),
            size: size.min(retrained.len() / 2).max(1),
            task,
            differences: Vec::new(),
        };
        let divided = |split| {
            let order = shuffled(retrained.len(), split);
            let (group, rest) = order.split_at(new.size);
            new.difference(&new.retrained, group, rest)
        };
        new.differences = (0..SPLITS).into_par_iter().map(divided).collect();
        new
    }

    /// The noise floor, from random splits of the retrained networks.
    fn floor(&self) -> Floor {
        let mut distances: Vec<f64> = self.differences.iter().map(|d| d.abs()).collect();
        distances.sort_by(f64::total_cmp);
        Floor {
            mean: mean(&distances),
            limit: distances[one_in_twenty(distances.len())].max(self.metric.resolution()),
        }
    }

    fn measure(&self, group: &[Observed], floor: &Floor) -> Measured {
        let features = features(self.metric, group, self.task);
        let seen = Seen::new(self.metric, group, features, &self.retrained.features);
        let differences = self.chosen(&seen);
        let distance = mean(&differences.iter().map(|d| d.abs()).collect::<Vec<_>>());
        Measured {
            values: self.values(&seen, &differences),
            distance,
            units: distance / floor.limit,
            censored: seen.censored,
        }
    }

    fn among(&self, floor: &Floor) -> Measured {
        Measured {
            values: self.values(&self.retrained, &self.differences),
            distance: floor.mean,
            units: floor.mean / floor.limit,
            censored: self.retrained.censored,
        }
    }

    /// One value per network; for groups, the mean over choices of networks, because the value
    /// depends on group size.
    fn values(&self, group: &Seen, differences: &[f64]) -> Vec<f64> {
        let all: Vec<usize> = (0..self.retrained.features.len()).collect();
        match self.metric.form() {
            Form::Each => group.features.concat(),
            Form::Pairs(_) => (0..group.features.len())
                .map(|i| group.apart(&[i], &all))
                .collect(),
            Form::Groups { equal, .. } => vec![equal + mean(differences)],
        }
    }

    /// A group's excess over the retrained networks, for random choices of both.
    fn chosen(&self, group: &Seen) -> Vec<f64> {
        let one = |choice| {
            let order = shuffled(group.features.len(), choice);
            let rest = shuffled(self.retrained.features.len(), 1000 + choice);
            let picked = &order[..self.size.min(order.len())];
            self.difference(group, picked, &rest[self.size..])
        };
        (0..CHOICES).into_par_iter().map(one).collect()
    }

    /// The mean of networks' values, on the metric's scale.
    fn on_scale(&self, networks: Vec<&[f64]>) -> f64 {
        let values = networks.into_iter().flatten();
        mean(&values.map(|v| self.metric.scaled(*v)).collect::<Vec<_>>())
    }

    /// The excess of some networks of a group over the rest of the retrained ones.
    fn difference(&self, group: &Seen, picked: &[usize], rest: &[usize]) -> f64 {
        let theirs = &self.retrained;
        match self.metric.form() {
            Form::Each => self.on_scale(group.pick(picked)) - self.on_scale(theirs.pick(rest)),
            Form::Pairs(_) => group.apart(picked, rest) - theirs.apart(rest, rest),
            Form::Groups { value, equal } => value(&group.pick(picked), &theirs.pick(rest)) - equal,
        }
    }
}

#[cfg(test)]
mod tests;
