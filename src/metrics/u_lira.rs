//! U-LiRA: the likelihood-ratio attack on unlearning, image by image.

use std::f64::consts::TAU;

use super::forgetting_quality::{by_image, margins};
use super::{Form, Kind, Metric, Observed, Scope, mean};

/// U-LiRA (Kurmanji et al. 2023; Hayes et al. 2024), after LiRA (Carlini et al. 2022). For each
/// image to forget, one normal distribution is fitted to the logit-scaled confidences ln(p/(1 − p))
/// of unlearned networks, and another to those of retrained ones. A held-out network is classified
/// as unlearned if its confidence is likelier under the first. The value is the balanced accuracy,
/// averaged over images: ½ if nothing can be distinguished, 1 if everything can.
///
/// One network of each kind is held out at a time, in all pairs, and both are classified under the
/// same two distributions: if only the classified network were held out, its own side would always
/// have one network less, and equal groups would score below ½. A distribution needs at least two
/// networks, so each side needs three; with few networks the normal fits are poor, and the attack
/// is weaker than it could be.
pub struct ULira;

impl Metric for ULira {
    fn name(&self) -> &str {
        "U-LiRA"
    }

    fn meaning(&self) -> &'static str {
        "accuracy of the likelihood-ratio attack, unlearned against retrained networks, image by image; ideal ½"
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.02
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: |group, reference| mean(&by_image(group, reference, accuracy)),
        }
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        margins(network)
    }
}

/// The smallest variance of a distribution.
const LEAST: f64 = 1e-6;

/// A normal distribution.
struct Normal {
    mean: f64,
    variance: f64,
    /// ln √(2πσ²).
    log_scale: f64,
}

impl Normal {
    fn new(mean: f64, variance: f64) -> Self {
        let variance = variance.max(LEAST);
        Self {
            mean,
            variance,
            log_scale: 0.5 * (TAU * variance).ln(),
        }
    }

    fn log_density(&self, x: f64) -> f64 {
        -0.5 * (x - self.mean).powi(2) / self.variance - self.log_scale
    }
}

/// The attack's accuracy on one image; NaN for fewer than three networks of a kind.
fn accuracy(unlearned: &[f64], retrained: &[f64]) -> f64 {
    if unlearned.len().min(retrained.len()) < 3 {
        return f64::NAN;
    }
    let (of_unlearned, of_retrained) = (others(unlearned), others(retrained));
    let mut right = 0.0;
    for (u, with) in unlearned.iter().zip(&of_unlearned) {
        for (r, without) in retrained.iter().zip(&of_retrained) {
            let ratio = |x: f64| with.log_density(x) - without.log_density(x);
            right += positive(ratio(*u)) + positive(-ratio(*r));
        }
    }
    right / (2 * unlearned.len() * retrained.len()) as f64
}

/// 1 if positive, ½ if zero: the attacker guesses.
fn positive(x: f64) -> f64 {
    match x {
        x if x > 0.0 => 1.0,
        x if x < 0.0 => 0.0,
        _ => 0.5,
    }
}

/// For each number, the distribution of all others.
fn others(values: &[f64]) -> Vec<Normal> {
    let n = values.len() as f64;
    let centre = mean(values);
    // Relative to the mean, to avoid cancellation.
    let squares: f64 = values.iter().map(|x| (x - centre).powi(2)).sum();
    let without = |x: &f64| {
        let own = x - centre;
        let shift = -own / (n - 1.0);
        let rest = squares - own * own - (n - 1.0) * shift * shift;
        Normal::new(centre + shift, rest / (n - 2.0))
    };
    values.iter().map(without).collect()
}

#[cfg(test)]
mod tests {
    use super::super::examples::{normal, outputs, phi};
    use super::super::forgetting_quality::slices;
    use super::*;

    fn numbers(key: u32, n: u32, mean: f64, deviation: f64) -> Vec<f64> {
        (0..n).map(|i| mean + deviation * normal(key, i)).collect()
    }

    /// The mean accuracy over images with these distributions.
    fn attacked(images: u32, n: u32, mean_of: f64, deviation: f64) -> f64 {
        let one = |image| {
            let unlearned = numbers(2 * image, n, mean_of, deviation);
            accuracy(&unlearned, &numbers(2 * image + 1, n, 0.0, 1.0))
        };
        mean(&(0..images).map(one).collect::<Vec<_>>())
    }

    /// Normal distributions with the same σ, d apart: the best threshold lies halfway, with an
    /// accuracy of Φ(d / 2σ).
    #[test]
    fn overlapping_normals_are_told_apart_as_often_as_theory_says() {
        for d in [0.5, 1.0, 2.0, 4.0] {
            let (value, expected) = (attacked(40, 100, d, 1.0), phi(d / 2.0));
            assert!((value - expected).abs() < 0.015, "{d}: {value} {expected}");
        }
    }

    /// The same mean, but three times the deviation: likelier wide where |x| > t with t² = 2 ln 3 ·
    /// 9/8. No threshold on x separates them, but the likelihood ratio does.
    #[test]
    fn what_differs_in_width_alone_is_told_as_well() {
        let t = (2.0 * 3f64.ln() * 9.0 / 8.0).sqrt();
        let expected = f64::midpoint(2.0 * phi(-t / 3.0), 2.0 * phi(t) - 1.0);
        let value = attacked(40, 100, 0.0, 3.0);
        assert!((value - expected).abs() < 0.015, "{value} {expected}");
    }

    /// Also for few networks, and for different numbers of them: the attack is unbiased.
    #[test]
    fn equal_distributions_cannot_be_told() {
        for (n, m) in [(100, 100), (4, 4), (3, 12), (8, 16)] {
            let one = |image: u32| {
                let unlearned = numbers(2 * image, n, 0.0, 1.0);
                accuracy(&unlearned, &numbers(2 * image + 1, m, 0.0, 1.0))
            };
            let value = mean(&(0..2000).map(one).collect::<Vec<_>>());
            assert!((value - 0.5).abs() < 0.02, "{n}, {m}: {value}");
        }
    }

    #[test]
    fn who_is_left_out_has_no_part() {
        let distributions = others(&[1.0, 2.0, 6.0]);
        // Without the 1: mean 4, variance 8.
        assert!((distributions[0].mean - 4.0).abs() < 1e-12);
        assert!((distributions[0].variance - 8.0).abs() < 1e-12);
        assert!((distributions[2].mean - 1.5).abs() < 1e-12);
        assert!((distributions[2].variance - 0.5).abs() < 1e-12);
        let density = (-0.5f64).exp() / TAU.sqrt();
        let normal = Normal::new(3.0, 1.0);
        assert!((normal.log_density(4.0) - density.ln()).abs() < 1e-12);
    }

    #[test]
    fn networks_that_are_sure_of_a_digit_are_told_from_those_that_are_not() {
        let networks = |answer: u8, first: f32| -> Vec<Vec<f64>> {
            let network = |i: u8| {
                let observed = Observed {
                    forget: outputs(&[answer; 3], &[5; 3], first + 0.1 * f32::from(i)),
                    ..Default::default()
                };
                ULira.features(&observed, &Scope::Digits(vec![5]))
            };
            (0..4).map(network).collect()
        };
        let (sure, unsure) = (networks(5, 4.0), networks(3, 4.0));
        let value =
            |a: &[Vec<f64>], b: &[Vec<f64>]| mean(&by_image(&slices(a), &slices(b), accuracy));
        assert_eq!(value(&sure, &unsure), 1.0);
        assert_eq!(value(&unsure, &sure), 1.0);
        assert!(value(&sure[..2], &unsure).is_nan());
    }
}
