//! Inputs available to methods: outputs of the originals and of fresh networks, and nearest wrong
//! labels.

use std::rc::Rc;
use std::sync::Arc;

use super::{Engine, SECOND, Weights};
use crate::error::Result;
use crate::methods::{Lazy, PADDED, Task};
use crate::random::{Purpose, learner_key};
use crate::record::CLASSES;

/// Images evaluated at a time.
const ASKED: usize = 512;
/// How far boundary shrink moves images.
const EPSILON: f32 = 0.1;

impl Engine<'_> {
    /// The task for these originals, the networks numbered from `first` on, with sample orders of
    /// phase 1. Its inputs are computed on first use.
    pub(crate) fn task(&self, originals: &Rc<Weights>, first: u32) -> Task<'_> {
        let networks = originals.len() / self.size();
        let numbers: Vec<u32> = (first..).take(networks).collect();
        let fresh: Vec<u32> = numbers.iter().map(|n| 2 * SECOND + n).collect();
        let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Order(1));
        let [own, theirs] = [originals.clone(), originals.clone()];
        Task {
            labels: self.labels(),
            forget: self.images(true),
            retain: self.images(false),
            digits: self.case.scope.digits().to_vec(),
            classes: self.classes(),
            originals: Lazy::new(move || self.outputs(&own)),
            fresh: Lazy::new(move || self.outputs(&self.fresh(&fresh)?)),
            nearest: Lazy::new(move || self.nearest(&theirs, &self.images(true))),
            keys: numbers.iter().map(key).collect(),
            numbers,
            steps: self.training.steps(self.labels().len()),
            rate: self.training.lr,
            momentum: self.training.momentum,
            decay: self.training.decay,
        }
    }

    /// Softmax outputs of each network for all training images.
    fn outputs(&self, weights: &Weights) -> Result<Vec<Arc<Vec<f32>>>> {
        let networks = weights.chunks_exact(self.size());
        networks
            .map(|network| Ok(Arc::new(self.outputs_of(network)?.1)))
            .collect()
    }

    /// A network's logits and softmax outputs for all training images, padded [images, 12].
    pub(super) fn outputs_of(&self, network: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
        let all: Vec<u32> = (0u32..).take(self.labels().len()).collect();
        let last = self.model.layers().len() - 1;
        let population = self.holding(network)?;
        let layers = population.activations(&self.train, &all, last)?;
        let logits = layers.into_iter().next().unwrap_or_default();
        let outputs = probabilities(&logits);
        Ok((logits, outputs))
    }

    /// For each network and image, the largest output other than the label's, after a step of the
    /// image up its loss.
    fn nearest(&self, weights: &Weights, images: &[u32]) -> Result<Vec<Arc<Vec<u8>>>> {
        let networks = weights.len() / self.size();
        let batch = self.batch(networks, ASKED);
        let population = self.asking(weights, batch)?;
        let mut nearest = vec![Vec::new(); networks];
        for some in images.chunks(batch) {
            let (_, logits) = population.climb(&self.train, some, None, (1, EPSILON))?;
            let each = some.len() * PADDED;
            for (own, logits) in nearest.iter_mut().zip(logits.chunks_exact(each)) {
                let labelled = logits.chunks_exact(PADDED).zip(some);
                own.extend(
                    labelled
                        .map(|(z, image)| wrong(z, self.labels()[*image as usize], self.classes())),
                );
            }
        }
        Ok(nearest.into_iter().map(Arc::new).collect())
    }
}

/// The largest logit of the classes other than the label's.
fn wrong(logits: &[f32], label: u8, classes: u8) -> u8 {
    let others = (0..classes).zip(logits).filter(|(c, _)| *c != label);
    let largest = others.max_by(|(_, a), (_, b)| a.total_cmp(b));
    largest.map_or(label, |(class, _)| class)
}

/// Softmax of padded rows of logits; the padding is zero.
fn probabilities(logits: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; logits.len()];
    for (z, p) in logits
        .chunks_exact(PADDED)
        .zip(out.chunks_exact_mut(PADDED))
    {
        let largest = z[..CLASSES]
            .iter()
            .fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        let mut total = 0.0;
        for (z, p) in z[..CLASSES].iter().zip(&mut *p) {
            *p = (z - largest).exp();
            total += *p;
        }
        p.iter_mut().for_each(|p| *p /= total);
    }
    out
}
