//! ε forgetting quality: how well the best threshold tells unlearned from retrained networks, image by
//! image, in the terms of differential privacy.

use super::{CLASSES, Metric, Observed, Scope, mean};

/// The forgetting quality of the NeurIPS 2023 machine unlearning challenge. For each image to forget,
/// N unlearned and M retrained networks give logit-scaled confidences; every threshold, in both
/// directions, is an attack with a false-positive and a false-negative rate, and
///
/// ε = max over attacks of { ln(1 − δ − FPR) − ln FNR, ln(1 − δ − FNR) − ln FPR }, δ = 10⁻⁵.
///
/// Attacks with one rate of zero are left out, since so few networks cannot tell small rates from none;
/// with both zero, ε is `CAP`, which is what an image counts at the most. Bins of ½ score 1, ½, ¼, …; the quality is their mean. The challenge took
/// N = M = 512; with fewer, ε is coarse: rates are multiples of 1/N.
pub struct Epsilon;

const DELTA: f64 = 1e-5;
/// The ε of an image by which every network can be told.
const CAP: f64 = 6.5;

impl Metric for Epsilon {
    fn name(&self) -> &'static str {
        "ε"
    }

    fn meaning(&self) -> &'static str {
        "mean ε (δ = 1e-5) of the best threshold on each forget image, against the retrained networks; ideal: theirs"
    }

    fn alone(&self) -> bool {
        false
    }

    fn resolution(&self) -> f64 {
        0.1
    }

    fn values(&self, group: &[Observed], reference: &[Observed], _: &Scope) -> Vec<f64> {
        vec![mean(&epsilons(group, reference))]
    }

    fn distance(&self, group: &[Observed], reference: &[Observed], task: &Scope) -> f64 {
        self.values(group, reference, task)[0]
    }
}

/// The challenge's score: ½ for every bin of ½.
pub fn quality(epsilons: &[f64]) -> f64 {
    let score = |e: &f64| {
        if *e >= CAP {
            0.0
        } else {
            0.5f64.powf((e / 0.5).floor())
        }
    };
    mean(&epsilons.iter().map(score).collect::<Vec<_>>())
}

/// ε of each image.
pub fn epsilons(group: &[Observed], reference: &[Observed]) -> Vec<f64> {
    let images = group.first().map_or(0, |o| o.forget.logits.len());
    let of = |networks: &[Observed], image: usize| -> Vec<f64> {
        let scaled =
            |o: &Observed| confidence(&o.forget.logits[image], usize::from(o.forget.labels[image]));
        networks.iter().map(scaled).collect()
    };
    (0..images)
        .map(|image| epsilon(&of(group, image), &of(reference, image)))
        .collect()
}

/// ln(p / (1 − p)) of the label's probability: its logit less the logarithm of the others' sum.
pub fn confidence(logits: &[f32; CLASSES], label: usize) -> f64 {
    let others = (0..CLASSES)
        .filter(|c| *c != label)
        .map(|c| f64::from(logits[c]));
    let largest = others.clone().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = others.map(|z| (z - largest).exp()).sum();
    f64::from(logits[label]) - largest - total.ln()
}

/// The largest ε that any threshold shows between two sets of numbers.
pub fn epsilon(unlearned: &[f64], retrained: &[f64]) -> f64 {
    let mut best = 0.0f64;
    for &threshold in unlearned.iter().chain(retrained) {
        let above =
            |set: &[f64]| set.iter().filter(|x| **x > threshold).count() as f64 / set.len() as f64;
        let (u, r) = (above(unlearned), above(retrained));
        // "Above" means unlearned, or it means retrained.
        for (false_positive, false_negative) in [(r, 1.0 - u), (1.0 - r, u)] {
            best = best.max(of_rates(false_positive, false_negative));
        }
    }
    best.min(CAP)
}

fn of_rates(fpr: f64, fnr: f64) -> f64 {
    const NONE: f64 = 1e-12;
    match (fpr < NONE, fnr < NONE) {
        (true, true) => CAP,
        (true, false) | (false, true) => 0.0,
        _ => {
            let one = (1.0 - DELTA - fpr).ln() - fnr.ln();
            let other = (1.0 - DELTA - fnr).ln() - fpr.ln();
            let known = |e: f64| if e.is_nan() { 0.0 } else { e };
            known(one).max(known(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_sets_have_little_and_separate_ones_all() {
        let set: Vec<f64> = (0..100).map(f64::from).collect();
        let far: Vec<f64> = set.iter().map(|x| x + 1000.0).collect();
        assert!(epsilon(&set, &set) < 0.01, "{}", epsilon(&set, &set));
        assert_eq!(epsilon(&set, &far), CAP);
        assert_eq!(epsilon(&far, &set), CAP);
    }

    /// Of two uniform distributions that overlap by half, a threshold anywhere in the overlap errs in
    /// one direction by t and in the other by ½ − t: ε is largest at the ends, where a rate falls to 1/N.
    #[test]
    fn overlapping_uniform_sets_have_what_their_rates_say() {
        let n = 100;
        let one: Vec<f64> = (0..n).map(|i| f64::from(i) + 0.25).collect();
        let other: Vec<f64> = (0..n).map(|i| f64::from(i) + 50.5).collect();
        let expected = (1.0 - DELTA - 0.49f64).ln() - 0.01f64.ln();
        assert!((epsilon(&one, &other) - expected).abs() < 0.03);
    }

    #[test]
    fn the_confidence_is_the_logit_of_the_probability() {
        let mut z = [0.0f32; CLASSES];
        z[3] = 2.0;
        let p = 2f64.exp() / (2f64.exp() + 9.0);
        assert!((confidence(&z, 3) - (p / (1.0 - p)).ln()).abs() < 1e-9);
    }

    #[test]
    fn quality_halves_with_every_bin() {
        assert_eq!(quality(&[0.0, 0.4]), 1.0);
        assert_eq!(quality(&[0.6, 1.2]), 0.375);
        assert_eq!(quality(&[CAP]), 0.0);
    }
}
