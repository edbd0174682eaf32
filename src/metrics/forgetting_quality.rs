//! ε forgetting quality: how well the best threshold separates unlearned from retrained networks,
//! image by image, in terms of differential privacy.

use super::accuracy::{Retained, Test};
use super::{CLASSES, Form, Metric, Observed, Scope, each, mean};

/// The forgetting quality of the NeurIPS 2023 machine unlearning challenge. For each image to forget,
/// N unlearned and M retrained networks give logit-scaled confidences; every threshold, in both
/// directions, is an attack with a false-positive and a false-negative rate, and
///
/// ε = max over attacks of { ln(1 − δ − FPR) − ln FNR, ln(1 − δ − FNR) − ln FPR }, δ = 10⁻⁵.
///
/// Attacks with exactly one zero rate are left out, since few networks cannot resolve small rates;
/// if both are zero, ε is `CAP`, the maximum per image. Bins of ½ score 1, ½, ¼, …; the quality is
/// their mean. The challenge took N = M = 512; with fewer, ε is coarse: rates are multiples of 1/N.
pub struct Epsilon;

const DELTA: f64 = 1e-5;
/// The ε of an image for which a threshold separates the networks completely.
const CAP: f64 = 6.5;

impl Metric for Epsilon {
    fn name(&self) -> &str {
        "ε"
    }

    fn meaning(&self) -> &'static str {
        "mean ε (δ = 1e-5) of the best threshold on each forget image, against the retrained networks; ideal: theirs"
    }

    fn resolution(&self) -> f64 {
        0.1
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: |group, reference| mean(&epsilons(group, reference)),
        }
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        margins(network)
    }
}

/// The challenge's final score: F · RA_u/RA_r · TA_u/TA_r, F by ε, with the accuracies of unlearned
/// and of retrained networks on the training and test images to keep. The best achievable score is
/// about that of other retrained networks.
pub fn score(group: &[Observed], retrained: &[Observed], task: &Scope) -> f64 {
    let of = |networks: &[Observed]| -> Vec<Vec<f64>> { networks.iter().map(margins).collect() };
    let (own, theirs) = (of(group), of(retrained));
    let share = |metric: &dyn Metric| {
        mean(&each(metric, group, task)) / mean(&each(metric, retrained, task))
    };
    quality(&epsilons(&slices(&own), &slices(&theirs)))
        * share(&Retained)
        * share(&Test { kept_only: true })
}

/// The challenge's forgetting quality F: the mean of the scores of ε in bins of ½.
fn quality(epsilons: &[f64]) -> f64 {
    let score = |e: &f64| {
        if *e >= CAP {
            0.0
        } else {
            0.5f64.powf((e / 0.5).floor())
        }
    };
    mean(&epsilons.iter().map(score).collect::<Vec<_>>())
}

/// ε of each image, from the networks' margins.
fn epsilons(group: &[&[f64]], reference: &[&[f64]]) -> Vec<f64> {
    by_image(group, reference, epsilon)
}

/// A value for each image, from its margins in two groups of networks.
pub(super) fn by_image(
    group: &[&[f64]],
    reference: &[&[f64]],
    value: impl Fn(&[f64], &[f64]) -> f64,
) -> Vec<f64> {
    let images = group.first().map_or(0, |margins| margins.len());
    let of = |networks: &[&[f64]], image: usize| -> Vec<f64> {
        networks.iter().map(|margins| margins[image]).collect()
    };
    (0..images)
        .map(|image| value(&of(group, image), &of(reference, image)))
        .collect()
}

/// The networks' margins, by which groups are compared.
pub(super) fn slices(margins: &[Vec<f64>]) -> Vec<&[f64]> {
    margins.iter().map(Vec::as_slice).collect()
}

/// The logit-scaled confidence in the label of each image to forget.
pub(super) fn margins(network: &Observed) -> Vec<f64> {
    let margin = |(logits, label)| confidence(logits, usize::from(label));
    network.forget.iter().map(margin).collect()
}

/// ln(p / (1 − p)) of the label's probability: its logit minus the log-sum-exp of the others.
pub fn confidence(logits: &[f32; CLASSES], label: usize) -> f64 {
    let others = (0..CLASSES)
        .filter(|c| *c != label)
        .map(|c| f64::from(logits[c]));
    let largest = others.clone().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = others.map(|z| (z - largest).exp()).sum();
    f64::from(logits[label]) - largest - total.ln()
}

/// The largest ε of any threshold between two sets of numbers.
pub fn epsilon(unlearned: &[f64], retrained: &[f64]) -> f64 {
    let mut best = 0.0f64;
    for &threshold in unlearned.iter().chain(retrained) {
        let above =
            |set: &[f64]| set.iter().filter(|x| **x > threshold).count() as f64 / set.len() as f64;
        let (u, r) = (above(unlearned), above(retrained));
        // "Above" can mean unlearned or retrained.
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
    use super::super::examples::{outputs, phi};
    use super::*;

    #[test]
    fn identical_sets_have_little_and_separate_ones_all() {
        let set: Vec<f64> = (0..100).map(f64::from).collect();
        let far: Vec<f64> = set.iter().map(|x| x + 1000.0).collect();
        assert!(epsilon(&set, &set) < 0.01, "{}", epsilon(&set, &set));
        assert_eq!(epsilon(&set, &far), CAP);
        assert_eq!(epsilon(&far, &set), CAP);
    }

    /// Five of ten against one of ten above the only threshold: ln((1 − δ − .5) / .1), for either
    /// group and either side of the threshold.
    #[test]
    fn both_rates_and_both_directions_count() {
        let set =
            |ones: u32| -> Vec<f64> { (0..10).map(|i| f64::from(u8::from(i < ones))).collect() };
        let expected = ((1.0 - DELTA - 0.5) / 0.1f64).ln();
        for (u, r) in [(5, 1), (1, 5), (5, 9), (9, 5)] {
            let value = epsilon(&set(u), &set(r));
            assert!(
                (value - expected).abs() < 1e-9,
                "{u} {r}: {value} {expected}"
            );
        }
    }

    /// For two uniform distributions that overlap by half, a threshold anywhere in the overlap has
    /// error rates t and ½ − t: ε is largest at the ends, where a rate falls to 1/N.
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

    /// Normal distributions a distance d apart, at their quantiles: every threshold t has the rates
    /// 1 − Φ(t) and Φ(t − d), in multiples of 1/N.
    #[test]
    fn normal_distributions_have_the_epsilon_of_their_rates() {
        let n = 200;
        let quantile = |i: u32| {
            let wanted = (f64::from(i) + 0.5) / f64::from(n);
            let (mut low, mut high) = (-5.0, 5.0);
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                *(if phi(middle) < wanted {
                    &mut low
                } else {
                    &mut high
                }) = middle;
            }
            low
        };
        let set: Vec<f64> = (0..n).map(quantile).collect();
        for d in [0.25, 0.5, 1.0, 2.0] {
            let retrained = set.clone();
            let unlearned: Vec<f64> = set.iter().map(|x| x + d).collect();
            let counted = |rate: f64| (rate * f64::from(n)).round() / f64::from(n);
            let at = |step: u32| {
                let t = -4.0 + f64::from(step) * 0.002;
                let (fpr, fnr) = (counted(1.0 - phi(t)), counted(phi(t - d)));
                let ratio = |one: f64, other: f64| ((1.0 - 1e-5 - one) / other).ln();
                match fpr > 0.0 && fnr > 0.0 && fpr < 1.0 && fnr < 1.0 {
                    true => ratio(fpr, fnr).max(ratio(fnr, fpr)),
                    false => 0.0,
                }
            };
            let expected = (0..5000).map(at).fold(0.0, f64::max);
            for value in [
                epsilon(&unlearned, &retrained),
                epsilon(&retrained, &unlearned),
            ] {
                assert!((value - expected).abs() < 0.02, "{d}: {value} {expected}");
            }
        }
    }

    /// The same margins: F is 1. Half of the retain images and a third of the retain test images
    /// remain correct.
    #[test]
    fn the_final_score_takes_off_what_was_lost_of_what_is_to_be_kept() {
        let network = |kept: u8, i: u8| Observed {
            forget: outputs(&[3; 4], &[5; 4], 1.0 + f32::from(i)),
            retain: outputs(&[1, kept], &[1, 2], 1.0),
            test: outputs(&[1, kept, kept, 5], &[1, 2, 2, 5], 1.0),
            ..Default::default()
        };
        let group = |kept| -> Vec<Observed> { (0..5).map(|i| network(kept, i)).collect() };
        let task = Scope::Digits(vec![5]);
        assert_eq!(score(&group(2), &group(2), &task), 1.0);
        let value = score(&group(7), &group(2), &task);
        assert!((value - 1.0 / 6.0).abs() < 1e-12, "{value}");
        // Margins separated by a threshold: nothing is forgotten well.
        let mut far = group(2);
        far.iter_mut()
            .for_each(|o| o.forget = outputs(&[5; 4], &[5; 4], 9.0));
        assert_eq!(score(&far, &group(2), &task), 0.0);
    }
}
