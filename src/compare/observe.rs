//! What networks answer, and how soon they learn again.

use super::{Lab, Watch, Weights};
use crate::error::Result;
use crate::methods::PADDED;
use crate::metrics::{Observed, Outputs, Scope, softmax};
use crate::population::{Curriculum, DeviceImages, largest};
use crate::record::CLASSES;

/// Training images of either kind that metrics look at.
const SAMPLES: usize = 1000;
/// Steps of relearning at which networks are asked.
const ASKED: [u32; 14] = [0, 1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192];
/// The share of the original accuracy at which the digits count as known again: 1 − α, α = .05.
const KNOWN: f64 = 0.95;

/// Every n-th of a list, so that about `SAMPLES` remain.
fn thinned(list: &[u32]) -> Vec<u32> {
    let step = list.len().div_ceil(SAMPLES).max(1);
    list.iter().step_by(step).copied().collect()
}

fn rows(padded: &[f32]) -> Vec<[f32; CLASSES]> {
    let row = |row: &[f32]| std::array::from_fn(|class| row[class]);
    padded.chunks_exact(PADDED).map(row).collect()
}

impl Lab<'_> {
    /// What each network of a group answers.
    pub(super) fn observe(
        &self,
        weights: &Weights,
        fresh: &[[f64; CLASSES]],
    ) -> Result<Vec<Observed>> {
        let networks = weights.len() / self.model.parameters() as usize;
        let population = self.holding(weights)?;
        let (forget, retain) = (thinned(&self.images(true)), thinned(&self.images(false)));
        let last = self.model.layers().len() - 1;
        let all: Vec<u32> = (0u32..).take(self.test_labels.len()).collect();
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
            forget: outputs(&of_forget[last], network, &forget, self.labels),
            retain: outputs(&of_retain[last], network, &retain, self.labels),
            test: outputs(&of_test[0], network, &all, self.test_labels),
            forget_hidden: hidden(&of_forget, network),
            retain_hidden: hidden(&of_retain, network),
            fresh: fresh.to_vec(),
            relearned: None,
            relearning: Vec::new(),
            relearn_limit: f64::from(ASKED[ASKED.len() - 1]),
        };
        Ok((0..networks).map(observed).collect())
    }

    /// Softmax outputs of a network with fresh weights for the images to forget that metrics look at.
    pub(super) fn know_nothing(&self, fresh: &Weights) -> Result<Vec<[f64; CLASSES]>> {
        let last = self.model.layers().len() - 1;
        let samples = thinned(&self.images(true));
        let layers = self
            .holding(fresh)?
            .activations(&self.train, &samples, last)?;
        Ok(rows(&layers[0]).iter().map(softmax).collect())
    }

    /// The images by which networks show what they know: test images of the forgotten digits, or the
    /// forgotten training images that metrics look at.
    fn asked(&self) -> (&DeviceImages, Vec<u32>, Vec<u8>) {
        let (set, labels, images) = match &self.case.scope {
            Scope::Digits(digits) => {
                let numbered = (0u32..).zip(self.test_labels);
                let of_digits = numbered.filter(|(_, label)| digits.contains(label));
                let images = of_digits.map(|(i, _)| i).collect();
                (&self.test, self.test_labels, images)
            }
            Scope::Samples(_) => (&self.train, self.labels, thinned(&self.images(true))),
        };
        let labels = images.iter().map(|&i: &u32| labels[i as usize]).collect();
        (set, images, labels)
    }

    /// Trains all networks on all images and asks them for the forgotten ones on the way. `known` is the
    /// accuracy that originals have.
    pub(super) fn relearn(
        &self,
        weights: &Weights,
        known: f64,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Relearned>> {
        let size = self.model.parameters() as usize;
        let room = largest(self.device.limits(), &self.model, self.settings.batch).max(1);
        let mut steps = Vec::new();
        for some in weights.chunks(room * size) {
            steps.extend(self.some_relearn(&some.to_vec(), known, watch)?);
        }
        Ok(steps)
    }

    fn some_relearn(
        &self,
        weights: &Weights,
        known: f64,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Relearned>> {
        let networks = weights.len() / self.model.parameters() as usize;
        let all = std::sync::Arc::new((0u32..).take(self.labels.len()).collect::<Vec<_>>());
        // All networks see the same samples in the same order.
        let lesson: Curriculum = self.lesson(all, 0, 2);
        let population = self.population(&vec![lesson; networks])?;
        population.set_parameters(weights)?;
        let last = self.model.layers().len() - 1;
        let (set, images, labels) = self.asked();
        watch.begin("relearning", ASKED[ASKED.len() - 1].into());
        let mut curves: Vec<Vec<(u32, f64)>> = vec![Vec::new(); networks];
        let mut done = 0;
        for step in ASKED {
            population.train(step - done, &mut |n| watch.advance(n.into()))?;
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
        let relearned = |curve: Vec<(u32, f64)>| Relearned {
            steps: crossing(&curve, KNOWN * known),
            curve,
        };
        Ok(curves.into_iter().map(relearned).collect())
    }
}

/// How a network learned again.
pub(super) struct Relearned {
    /// Steps until it knows what was forgotten, found between two questions by a straight line; none
    /// where it never does.
    pub(super) steps: Option<f64>,
    /// Steps, with the accuracy after them.
    pub(super) curve: Vec<(u32, f64)>,
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
}
