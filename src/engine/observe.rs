//! Evaluates networks for metrics, and how soon they relearn.

use super::store::fingerprint;
use super::{Engine, Weights};
use crate::error::{Error, Result};
use crate::methods::PADDED;
use crate::metrics::{Observed, Outputs, Scope, softmax};
use crate::model::Layer;
use crate::population::{DeviceImages, Recipe};
use crate::progress::Progress;
use crate::record::CLASSES;

/// Training images of either kind used by metrics.
pub(crate) const SAMPLES: usize = 1000;
/// The minimum steps of relearning for all networks.
const LEAST: u32 = 192;
/// The fresh networks for ZRF are numbered from here, apart from all trained ones.
const UNTAUGHT: u32 = 400_000;
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
    /// One per network, all with the same steps.
    pub(crate) curves: Vec<Curve>,
    /// The accuracy at which the forgotten images count as known again.
    level: f64,
}

impl Relearned {
    /// For each network the steps until it knew the forgotten images, interpolated linearly between
    /// evaluations; `None` if it did not within the steps run.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Option<f64>> {
        self.curves.iter().map(|curve| crossing(curve, self.level))
    }

    /// Steps run.
    pub(crate) fn limit(&self) -> u32 {
        let last = |curve: &Curve| curve.last().map(|point| point.0);
        self.curves.iter().find_map(last).unwrap_or(0)
    }

    /// For the cache: each network's accuracies in the order of `asked`, padded with NaN.
    fn numbers(&self) -> Vec<f32> {
        #[expect(clippy::cast_possible_truncation, reason = "a share, to be kept")]
        let short = |point: &(u32, f64)| point.1 as f32;
        let own = |curve: &Curve| -> Vec<f32> {
            let known = curve.iter().map(short);
            known
                .chain(std::iter::repeat(f32::NAN))
                .take(asked().count())
                .collect()
        };
        self.curves.iter().flat_map(own).collect()
    }

    fn of_numbers(numbers: &[f32], level: f64) -> Self {
        let own = |numbers: &[f32]| -> Curve {
            let known = asked().zip(numbers).take_while(|(_, x)| !x.is_nan());
            known.map(|(step, x)| (step, f64::from(*x))).collect()
        };
        Self {
            curves: numbers.chunks_exact(asked().count()).map(own).collect(),
            level,
        }
    }
}

/// Every n-th of a list, so that about `SAMPLES` remain.
fn thinned(list: &[u32]) -> Vec<u32> {
    let step = list.len().div_ceil(SAMPLES).max(1);
    list.iter().step_by(step).copied().collect()
}

fn rows(padded: &[f32]) -> Vec<[f32; CLASSES]> {
    let row = |row: &[f32]| std::array::from_fn(|class| row[class]);
    padded.chunks_exact(PADDED).map(row).collect()
}

impl Engine<'_> {
    /// Networks that fit on the device at once.
    fn most(&self) -> usize {
        self.room(0).unwrap_or(1)
    }

    /// Indices of the training images that are observed: to forget, and to retain.
    pub(crate) fn observed_images(&self) -> [Vec<u32>; 2] {
        [true, false].map(|forgotten| thinned(&self.images(forgotten)))
    }

    /// The outputs of each network of a group.
    pub(crate) fn observe(
        &self,
        weights: &Weights,
        fresh: &[Vec<[f64; CLASSES]>],
    ) -> Result<Vec<Observed>> {
        let (most, size) = (self.most(), self.size());
        let mut all = Vec::new();
        for (part, some) in weights.chunks(most * size).enumerate() {
            let fresh = fresh.get(part * most..).unwrap_or_default();
            all.extend(self.some_observe(some, fresh)?);
        }
        Ok(all)
    }

    fn some_observe(
        &self,
        weights: &[f32],
        fresh: &[Vec<[f64; CLASSES]>],
    ) -> Result<Vec<Observed>> {
        let networks = weights.len() / self.size();
        let population = self.holding(weights)?;
        let [forget, retain] = self.observed_images();
        let last = self.model.layers().len() - 1;
        let all: Vec<u32> = (0u32..).take(self.test_labels().len()).collect();
        let of_forget = population.activations(&self.train, &forget, 0)?;
        let of_retain = population.activations(&self.train, &retain, 0)?;
        let of_test = population.activations(&self.test, &all, last)?;
        let own = |values: &[f32], network: usize| -> Vec<f32> {
            let each = values.len() / networks;
            values[network * each..(network + 1) * each].to_vec()
        };
        let outputs = |logits: &[f32], network: usize, images: &[u32], labels: &[u8]| Outputs {
            logits: rows(&own(logits, network)),
            labels: images.iter().map(|&i| labels[i as usize]).collect(),
        };
        let hidden = |layers: &[Vec<f32>], network: usize| -> Vec<Vec<f32>> {
            layers[..last]
                .iter()
                .map(|layer| own(layer, network))
                .collect()
        };
        let observed = |network| Observed {
            forget: outputs(&of_forget[last], network, &forget, self.labels()),
            retain: outputs(&of_retain[last], network, &retain, self.labels()),
            test: outputs(&of_test[0], network, &all, self.test_labels()),
            forget_hidden: hidden(&of_forget, network),
            retain_hidden: hidden(&of_retain, network),
            weights: self.by_layer(weights, network),
            fresh: fresh.get(network).cloned().unwrap_or_default(),
            relearned: None,
            relearning: Vec::new(),
            relearn_limit: 0.0,
        };
        Ok((0..networks).map(observed).collect())
    }

    /// Weights and biases of each layer of a network.
    fn by_layer(&self, weights: &[f32], network: usize) -> Vec<Vec<f32>> {
        let own = &weights[network * self.size()..];
        let layers = self.model.layers().iter();
        let range = |l: &Layer| l.weights as usize..(l.biases + l.padded_outputs) as usize;
        layers.map(|layer| own[range(layer)].to_vec()).collect()
    }

    /// The images that show what networks know: test images of the forgotten digits, or the
    /// forgotten training images used by metrics.
    fn asked(&self) -> (&DeviceImages, Vec<u32>, Vec<u8>) {
        let (set, labels, images) = match &self.case.scope {
            Scope::Digits(digits) => {
                let numbered = (0u32..).zip(self.test_labels());
                let of_digits = numbered.filter(|(_, label)| digits.contains(label));
                let images = of_digits.map(|(i, _)| i).collect();
                (&self.test, self.test_labels(), images)
            }
            Scope::Samples(_) => (&self.train, self.labels(), thinned(&self.images(true))),
        };
        let labels = images.iter().map(|&i: &u32| labels[i as usize]).collect();
        (set, images, labels)
    }

    /// Softmax outputs of this number of freshly initialised networks for the images to forget used
    /// by metrics. The k-th network of every group is compared with the k-th of them, so ZRF does
    /// not depend on the peculiarities of a single fresh network.
    pub(crate) fn untaught(&self, networks: usize) -> Result<Vec<Vec<[f64; CLASSES]>>> {
        let last = self.model.layers().len() - 1;
        let samples = thinned(&self.images(true));
        let numbers: Vec<u32> = (UNTAUGHT..).take(networks).collect();
        let layers =
            self.holding(&self.fresh(&numbers)?)?
                .activations(&self.train, &samples, last)?;
        let networks = layers[0].chunks_exact(samples.len() * PADDED);
        Ok(networks
            .map(|own| rows(own).iter().map(softmax).collect())
            .collect())
    }

    /// Trains all networks on all images, and evaluates them on the forgotten ones along the way.
    /// `known` is the accuracy of the originals. Without a limit, training continues until all
    /// networks know the images again.
    pub(crate) fn relearn(
        &self,
        weights: &Weights,
        known: f64,
        limit: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Relearned> {
        let size = self.size();
        let id = format!(
            "{} relearned {} {} {KNOWN} {known} {limit:?} {:?}",
            self.origin,
            fingerprint(weights),
            self.training.lr,
            self.case,
        );
        let numbers = self
            .store
            .get(&id, weights.len() / size * asked().count(), || {
                let parts: Vec<&[f32]> = weights.chunks(self.most() * size).collect();
                let mut done = Vec::new();
                for part in &parts {
                    done.push(self.some_relearn(part, known, limit, progress)?);
                }
                // All networks take as many steps as the slowest.
                let longest = done.iter().map(Relearned::limit).max().unwrap_or(0);
                let mut all = Vec::new();
                for (part, mut own) in parts.into_iter().zip(done) {
                    if own.limit() < longest {
                        own = self.some_relearn(part, known, Some(longest), progress)?;
                    }
                    all.extend(own.numbers());
                }
                Ok(all)
            })?;
        Ok(Relearned::of_numbers(&numbers, KNOWN * known))
    }

    fn some_relearn(
        &self,
        weights: &[f32],
        known: f64,
        limit: Option<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Relearned> {
        let networks = weights.len() / self.size();
        let all = std::sync::Arc::new((0u32..).take(self.labels().len()).collect::<Vec<_>>());
        // All networks see the same samples in the same order.
        let recipe: Recipe = self.recipe(all, 0, 2);
        let population = self.population(&vec![recipe; networks])?;
        population.set_parameters(weights)?;
        let last = self.model.layers().len() - 1;
        let (set, images, labels) = self.asked();
        progress.begin("relearning", limit.unwrap_or(LEAST).into());
        let mut curves: Vec<Curve> = vec![Vec::new(); networks];
        let level = KNOWN * known;
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
        Ok(Relearned { curves, level })
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
        let level = 0.75;
        let curves = vec![
            vec![(0, 0.0), (1, 0.5), (2, 1.0)],
            vec![(0, 0.0), (1, 0.25), (2, 0.5)],
        ];
        let relearned = Relearned { curves, level };
        let back = Relearned::of_numbers(&relearned.numbers(), level);
        assert_eq!(back.curves, relearned.curves);
        assert_eq!(back.limit(), 2);
        assert_eq!(back.steps().collect::<Vec<_>>(), [Some(1.5), None]);
    }
}
