//! Trains networks on everything again, and follows how soon they know what was forgotten.

use std::sync::Arc;

use super::canonical::canonical;
use super::layers::rows;
use super::store::fingerprint;
use super::{Engine, Keep, TOGETHER, Weights};
use crate::error::{Error, Result};
use crate::methods::PADDED;
use crate::metrics::relearning::AREA;
use crate::metrics::{Outputs, Relearning};
use crate::population::Recipe;
use crate::progress::Progress;

/// The minimum steps of relearning for all networks.
const LEAST: u32 = AREA;
/// Orders of the samples in which every network relearns.
pub(crate) const ORDERS: usize = 3;
/// The fraction of the original accuracy at which the digits count as known again: 1 − α, α = .05.
const KNOWN: f64 = 0.95;

/// Steps of relearning after which networks are evaluated: 0, 1, 2, 4, and from there on twice per
/// doubling, 8, 12, 16, 24 … up to 3072, the maximum.
fn asked() -> impl Iterator<Item = u32> {
    let later = (3..12).flat_map(|doubling| [1 << doubling, 3 << (doubling - 1)]);
    [0, 1, 2, 4].into_iter().chain(later)
}

/// Steps, with the accuracy after them.
type Curve = Vec<(u32, f64)>;

/// Relearning curves.
pub(crate) struct Relearned {
    /// All networks in the first order, then all in the second, and so on; all with the same steps.
    curves: Vec<Curve>,
    /// The accuracy at which the forgotten images count as known again.
    level: f64,
}

impl Relearned {
    /// A network's relearning in each order, with the steps until it knew the forgotten images,
    /// interpolated linearly between evaluations.
    pub(crate) fn of(&self, network: usize) -> Vec<Relearning> {
        let networks = (self.curves.len() / ORDERS).max(1);
        let own = self.curves.iter().skip(network).step_by(networks);
        let order = |curve: &Curve| Relearning {
            steps: crossing(curve, self.level),
            curve: curve.clone(),
        };
        own.map(order).collect()
    }

    /// Steps run.
    pub(crate) fn limit(&self) -> u32 {
        limit(&self.curves)
    }
}

/// Steps run.
fn limit(curves: &[Curve]) -> u32 {
    let last = |curve: &Curve| curve.last().map(|point| point.0);
    curves.iter().find_map(last).unwrap_or(0)
}

/// Curves of several groups, each by order, as those of one.
fn by_order(groups: &[Vec<Curve>]) -> Vec<Curve> {
    let of = |order: usize| {
        groups.iter().flat_map(move |curves| {
            let networks = curves.len() / ORDERS;
            &curves[order * networks..][..networks]
        })
    };
    (0..ORDERS).flat_map(of).cloned().collect()
}

/// For the cache: accuracies in the order of `asked`, padded with NaN.
fn numbers(curves: &[Curve]) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "a share, to be kept")]
    let short = |point: &(u32, f64)| point.1 as f32;
    let own = |curve: &Curve| -> Vec<f32> {
        let known = curve.iter().map(short);
        known
            .chain(std::iter::repeat(f32::NAN))
            .take(asked().count())
            .collect()
    };
    curves.iter().flat_map(own).collect()
}

fn of_numbers(numbers: &[f32]) -> Vec<Curve> {
    let own = |numbers: &[f32]| -> Curve {
        let known = asked().zip(numbers).take_while(|(_, x)| !x.is_nan());
        known.map(|(step, x)| (step, f64::from(*x))).collect()
    };
    numbers.chunks_exact(asked().count()).map(own).collect()
}

/// Networks to relearn: their parameters, and the order of samples of each.
struct Part<'a> {
    weights: &'a [f32],
    orders: &'a [u32],
}

impl Engine<'_> {
    /// Trains all networks on all images, in several orders of the samples, and evaluates them on the
    /// forgotten ones along the way. `known` is the accuracy of the originals. Without a limit, training
    /// continues until all networks know the images again.
    ///
    /// They start from their canonical form: how fast a network learns depends on how its layers are
    /// scaled, its function does not.
    pub(crate) fn relearn(
        &self,
        weights: &Weights,
        known: f64,
        limit: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Relearned> {
        let level = KNOWN * known;
        let chunks: Vec<&[f32]> = weights.chunks(TOGETHER * self.size()).collect();
        let mut done = self.each_relearns(&chunks, level, limit, progress)?;
        // All take as many steps as the slowest.
        let longest = done.iter().map(|curves| self::limit(curves)).max();
        let short = |place: &usize| Some(self::limit(&done[*place])) < longest;
        let short: Vec<usize> = (0..chunks.len()).filter(short).collect();
        let again: Vec<&[f32]> = short.iter().map(|&place| chunks[place]).collect();
        let again = self.each_relearns(&again, level, longest, progress)?;
        for (place, curves) in short.into_iter().zip(again) {
            done[place] = curves;
        }
        Ok(Relearned {
            curves: by_order(&done),
            level,
        })
    }

    /// The tasks of `relearn` with so many networks: how many learn in each, in all orders.
    pub(crate) fn relearning(&self, networks: usize) -> Vec<usize> {
        let most = self.most();
        let parts = |all: usize, most: usize| {
            let starts = (0..all).step_by(most.max(1));
            starts.map(move |start| most.min(all - start))
        };
        let chunks = parts(networks, TOGETHER);
        chunks.flat_map(|own| parts(ORDERS * own, most)).collect()
    }

    /// The curves of some groups of networks, each of which is a segment of the store.
    fn each_relearns(
        &self,
        groups: &[&[f32]],
        level: f64,
        limit: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Vec<Curve>>> {
        let segment = |weights: &&[f32]| {
            let id = format!(
                "{} relearned {ORDERS} {} {} {level} {limit:?} {:?}",
                self.origin,
                fingerprint(weights),
                self.training.lr,
                self.case,
            );
            (id, ORDERS * weights.len() / self.size() * asked().count())
        };
        let all: Vec<_> = groups.iter().map(segment).collect();
        let make = &mut |taken: &[usize], keep: &mut Keep<'_>, progress: &mut dyn Progress| {
            taken.iter().try_for_each(|&place| {
                let curves = self.all_relearn(groups[place], level, limit, progress)?;
                keep(place, numbers(&curves))
            })
        };
        let lots = self.lots(TOGETHER, TOGETHER);
        let kept = self.store.get_all(&all, lots, progress, make)?;
        Ok(kept.iter().map(|kept| of_numbers(kept)).collect())
    }

    /// Curves of all networks in the first order, then in the second, and so on.
    fn all_relearn(
        &self,
        weights: &[f32],
        level: f64,
        asked_limit: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Curve>> {
        let networks = weights.len() / self.size();
        let weights = canonical(&self.model, weights).repeat(ORDERS);
        let orders: Vec<u32> = (0u32..)
            .take(ORDERS)
            .flat_map(|o| vec![o; networks])
            .collect();
        let most = self.most();
        let parts = weights.chunks(most * self.size()).zip(orders.chunks(most));
        let parts: Vec<Part<'_>> = parts
            .map(|(weights, orders)| Part { weights, orders })
            .collect();
        let mut done = Vec::new();
        for part in &parts {
            done.push(self.some_relearn(part, level, asked_limit, progress)?);
        }
        // All take as many steps as the slowest.
        let longest = done.iter().map(|curves| limit(curves)).max().unwrap_or(0);
        for (part, own) in parts.iter().zip(&mut done) {
            if limit(own) < longest {
                *own = self.some_relearn(part, level, Some(longest), progress)?;
            }
        }
        Ok(done.concat())
    }

    fn some_relearn(
        &self,
        part: &Part<'_>,
        level: f64,
        limit: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Curve>> {
        let all = Arc::new(self.list(true));
        // All networks see the same samples in the same order.
        let recipe = |order: &u32| self.recipe(all.clone(), *order, 2);
        let recipes: Vec<Recipe> = part.orders.iter().map(recipe).collect();
        let population = self.population(&recipes)?;
        population.set_parameters(part.weights)?;
        let last = self.model.layers().len() - 1;
        let (set, images, labels) = self.asked();
        progress.begin("relearning", limit.unwrap_or(LEAST).into());
        let mut curves: Vec<Curve> = vec![Vec::new(); part.orders.len()];
        let mut done = 0;
        for step in asked() {
            let enough = match limit {
                Some(limit) => step > limit,
                None => step > LEAST && curves.iter().all(|c| crossing(c, level).is_some()),
            };
            if enough {
                break;
            }
            if progress.stopped() {
                return Err(Error::Interrupted);
            }
            population.train(step - done, &mut |n| progress.advance(n.into()))?;
            done = step;
            let layers = population.activations(set, &images, last)?;
            let each = images.len() * PADDED;
            for (curve, logits) in curves.iter_mut().zip(layers[0].chunks_exact(each)) {
                let outputs = Outputs {
                    logits: rows(logits),
                    labels: labels.clone(),
                };
                curve.push((step, outputs.accuracy(|_| true)));
            }
        }
        Ok(curves)
    }
}

/// Where a curve first reaches a level.
fn crossing(curve: &[(u32, f64)], level: f64) -> Option<f64> {
    if curve.first()?.1 >= level {
        return Some(curve[0].0.into());
    }
    curve.windows(2).find_map(|pair| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let (x0, x1) = (f64::from(x0), f64::from(x1));
        (y1 >= level).then(|| x0 + (level - y0) / (y1 - y0) * (x1 - x0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_lies_on_the_line_between_two_questions() {
        let curve = [(0, 0.0), (4, 0.5), (8, 1.0)];
        assert_eq!(crossing(&curve, 0.75), Some(6.0));
        assert_eq!(crossing(&curve, 0.0), Some(0.0));
        assert_eq!(crossing(&curve, 1.5), None);
    }

    #[test]
    fn networks_are_asked_more_seldom_the_longer_it_takes() {
        let steps: Vec<u32> = asked().collect();
        assert_eq!(steps[..8], [0, 1, 2, 4, 8, 12, 16, 24]);
        assert!(steps.contains(&LEAST) && steps.is_sorted());
        assert_eq!(steps.last(), Some(&3072));
    }

    #[test]
    fn what_was_kept_of_relearning_comes_back() {
        let curves = vec![
            vec![(0, 0.0), (1, 0.5), (2, 1.0)],
            vec![(0, 0.0), (1, 0.25), (2, 0.5)],
        ];
        let back = of_numbers(&numbers(&curves));
        assert_eq!(back, curves);
        assert_eq!(limit(&back), 2);
    }

    /// Two networks in three orders: the second has the curves 1, 3 and 5.
    #[test]
    fn a_network_has_a_curve_of_each_order() {
        let curves = (0..6)
            .map(|i| vec![(0, 0.0), (10, 0.1 * f64::from(i))])
            .collect();
        let relearned = Relearned { curves, level: 0.3 };
        let own = relearned.of(1);
        assert_eq!(own.len(), ORDERS);
        assert_eq!(own[0].steps, None);
        assert_eq!(own[2].curve[1], (10, 0.5));
        assert!((own[2].steps.unwrap() - 6.0).abs() < 1e-9);
    }
}
