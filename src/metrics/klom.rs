//! KLoM: the divergence of margins.

use super::forgetting_quality::confidence;
use super::{Metric, Observed, Scope, mean};

/// For each image to forget, the KL divergence between the distributions of the margin
/// z_y − ln Σ_{c≠y} exp(z_c) over unlearned and over retrained networks, in histograms of `BINS` bins
/// over the range of both; the mean over images (RoyRin/data-unlearning-bench, with 100 networks).
/// Every bin has a little added, so that an empty one is no infinity.
pub struct Klom;

const BINS: usize = 20;
/// What is added to the probability of every bin.
const SMOOTHING: f64 = 1e-2;

impl Metric for Klom {
    fn name(&self) -> &'static str {
        "KLoM"
    }

    fn meaning(&self) -> &'static str {
        "mean KL divergence (20 bins) of the margins on forget images from retrained networks'; ideal: theirs"
    }

    fn alone(&self) -> bool {
        false
    }

    fn resolution(&self) -> f64 {
        0.1
    }

    fn values(&self, group: &[Observed], reference: &[Observed], _: &Scope) -> Vec<f64> {
        let images = group.first().map_or(0, |o| o.forget.logits.len());
        let margins = |networks: &[Observed], image: usize| -> Vec<f64> {
            let margin = |o: &Observed| {
                confidence(&o.forget.logits[image], usize::from(o.forget.labels[image]))
            };
            networks.iter().map(margin).collect()
        };
        let all = (0..images).map(|i| divergence(&margins(group, i), &margins(reference, i)));
        vec![mean(&all.collect::<Vec<_>>())]
    }

    fn distance(&self, group: &[Observed], reference: &[Observed], task: &Scope) -> f64 {
        self.values(group, reference, task)[0]
    }
}

/// KL(unlearned ‖ retrained) of histograms.
pub fn divergence(unlearned: &[f64], retrained: &[f64]) -> f64 {
    let both = || unlearned.iter().chain(retrained).copied();
    let low = both().fold(f64::INFINITY, f64::min);
    let high = both().fold(f64::NEG_INFINITY, f64::max);
    let width = ((high - low) / BINS as f64).max(1e-12);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the number of bins"
    )]
    let histogram = |set: &[f64]| {
        let mut bins = [SMOOTHING; BINS];
        for x in set {
            bins[(((x - low) / width) as usize).min(BINS - 1)] += 1.0 / set.len() as f64;
        }
        let total: f64 = bins.iter().sum();
        bins.map(|b| b / total)
    };
    let (p, q) = (histogram(unlearned), histogram(retrained));
    p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_have_none_and_separate_ones_what_the_smoothing_allows() {
        let set: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(divergence(&set, &set).abs() < 1e-12);
        // All in one bin each: p = (1.01, .01 …)/1.2 against the same shifted.
        let expected = (1.0 / 1.2) * (1.01f64 / 0.01).ln();
        let value = divergence(&[0.0; 5], &[1.0; 5]);
        assert!((value - expected).abs() < 1e-9, "{value} {expected}");
    }
}
