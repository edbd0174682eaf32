//! Evaluates networks for metrics.

use super::canonical::canonical;
use super::layers::{Answers, rows};
use super::{Engine, Weights};
use crate::error::Result;
use crate::methods::PADDED;
use crate::metrics::few::{DRAWS, MOST};
use crate::metrics::{Observed, Scope, softmax};
use crate::model::Layer;
use crate::population::DeviceImages;
use crate::random::threefry2x32;
use crate::record::CLASSES;

/// Images of each kind used by metrics, at most.
pub(crate) const SAMPLES: usize = 1000;
/// The fresh networks for ZRF are numbered from here, apart from all trained ones.
const UNTAUGHT: u32 = 400_000;
/// Key for drawing labelled images, next to the case's seed.
const LABELLED: u32 = 0x1abe_11ed;

/// Every n-th of a list, so that about `SAMPLES` remain.
fn thinned(list: &[u32]) -> Vec<u32> {
    spread(list, SAMPLES)
}

/// Every n-th of a list, so that at most `most` remain.
pub(crate) fn spread<T: Copy>(list: &[T], most: usize) -> Vec<T> {
    let step = list.len().div_ceil(most).max(1);
    list.iter().step_by(step).copied().collect()
}

impl Engine<'_> {
    /// Networks that fit on the device at once.
    pub(super) fn most(&self) -> usize {
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
        let answers = |training, images: &[u32], from| -> Result<Answers> {
            let (set, labels) = self.set(training);
            Ok(Answers {
                layers: population.activations(set, images, from)?,
                labels: images.iter().map(|&i| labels[i as usize]).collect(),
                networks,
            })
        };
        let all: Vec<u32> = (0u32..).take(self.test_labels().len()).collect();
        let of_forget = answers(true, &forget, 0)?;
        let of_retain = answers(true, &retain, 0)?;
        let of_test = answers(false, &all, last)?;
        let of_labelled = answers(true, &self.labelled(), last - 1)?;
        let of_asked = match self.case.scope {
            Scope::Digits(_) => answers(false, &thinned(&self.asked().1), last - 1)?,
            // They are the images to forget, of which all layers are known.
            Scope::Samples(_) => of_forget.from(last - 1),
        };
        let canonical = canonical(&self.model, weights);
        let observed = |network| Observed {
            forget: of_forget.outputs(network),
            retain: of_retain.outputs(network),
            test: of_test.outputs(network),
            forget_hidden: of_forget.hidden(network),
            retain_hidden: of_retain.hidden(network),
            labelled: of_labelled.last_hidden(network),
            asked: of_asked.last_hidden(network),
            weights: self.by_layer(&canonical, network),
            fresh: fresh.get(network).cloned().unwrap_or_default(),
            relearning: Vec::new(),
        };
        Ok((0..networks).map(observed).collect())
    }

    /// Training images for attacks with few labels, drawn by the case's seed: `DRAWS` draws of `MOST`
    /// images of every digit, in which each digit takes its turn. Where single images are to be
    /// forgotten, those are not among them. A digit with too few images repeats them.
    pub(crate) fn labelled(&self) -> Vec<u32> {
        let known = match self.case.scope {
            Scope::Digits(_) => self.list(true),
            Scope::Samples(_) => self.images(false),
        };
        let labels = self.labels();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the two halves of the seed"
        )]
        let key = [self.case.seed as u32, (self.case.seed >> 32) as u32];
        let of_digit = |digit: usize| {
            let own = known
                .iter()
                .copied()
                .filter(|&i| usize::from(labels[i as usize]) == digit);
            let mut own: Vec<u32> = own.collect();
            own.sort_by_cached_key(|&i| threefry2x32(key, [i, LABELLED]));
            own
        };
        let digits: Vec<Vec<u32>> = (0..CLASSES)
            .map(of_digit)
            .filter(|d| !d.is_empty())
            .collect();
        let turn = |place: usize| digits.iter().map(move |own| own[place % own.len()]);
        (0..DRAWS * MOST).flat_map(turn).collect()
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
    pub(crate) fn asked(&self) -> (&DeviceImages, Vec<u32>, Vec<u8>) {
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
}

#[cfg(test)]
mod tests;
