//! U-LiRA: the likelihood-ratio attack on unlearning, image by image.

use std::f64::consts::TAU;

use super::by_image::{ImageSet, by_image, tail};
use super::{About, Form, Kind, Metric, Observed, Scope, mean};

/// U-LiRA (Kurmanji et al. 2023; Hayes et al. 2024), after LiRA (Carlini et al. 2022). For each
/// image, one normal distribution is fitted to the logit-scaled confidences ln(p/(1 − p)) of unlearned
/// networks, and another to those of retrained ones. A held-out network is classified as unlearned if
/// its confidence is likelier under the first. An image's value is the balanced accuracy: ½ if nothing
/// can be distinguished, 1 if everything can.
///
/// One network of each kind is held out at a time, in all pairs, and both are classified under the
/// same two distributions: if only the classified network were held out, its own side would always
/// have one network less, and equal groups would score below ½. A distribution needs at least two
/// networks, so each side needs three; with few networks the normal fits are poor, and the attack
/// is weaker than it could be.
///
/// The value of a group is the mean over the images to forget, or the 95th percentile over those, over
/// those to keep, or over test images: unlearning that treats the average image well can give away
/// single ones (Hayes et al. 2024).
pub struct ULira {
    name: String,
    images: ImageSet,
    worst: bool,
}

impl ULira {
    /// The mean over the images to forget.
    pub fn mean() -> Self {
        Self {
            name: "U-LiRA".to_owned(),
            images: ImageSet::Forget,
            worst: false,
        }
    }

    /// The 95th percentile over these images.
    pub fn worst(images: ImageSet) -> Self {
        Self {
            name: format!("U-LiRA P95 {}", images.letter()),
            images,
            worst: true,
        }
    }
}

impl Metric for ULira {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "U-LiRA"
    }

    fn meaning(&self) -> String {
        let images = self.images.adjective();
        match self.worst {
            true => format!(
                "95th percentile over {images} images of U-LiRA's accuracy; ideal: as retrained"
            ),
            false => format!(
                "accuracy of the likelihood-ratio attack, unlearned against retrained networks, on each of the {images} images; ideal: as between two retrainings"
            ),
        }
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.005
    }

    fn about(&self) -> Option<About> {
        Some(self.images.about())
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: match self.worst {
                true => |group, reference| tail(&by_image(group, reference, accuracy)),
                false => |group, reference| mean(&by_image(group, reference, accuracy)),
            },
        }
    }

    fn features(&self, network: &Observed, scope: &Scope) -> Vec<f64> {
        self.images.margins(network, scope)
    }
}

/// The true-positive rate of U-LiRA at a false-positive rate of 1 %: the fraction of unlearned networks
/// whose log-likelihood ratio exceeds that of all but 1 % of retrained ones, pooled over the images to
/// forget. An attack can be certain of a few and guess the rest, which an average hides (Carlini et al.
/// 2022, on membership inference). Every network counts once per image, scored under distributions
/// without itself and without one network of the other group.
pub struct AtLowRate;

/// The false-positive rate.
const RATE: f64 = 0.01;

impl Metric for AtLowRate {
    fn name(&self) -> &str {
        "U-LiRA TPR"
    }

    fn family(&self) -> &str {
        "U-LiRA"
    }

    fn meaning(&self) -> String {
        "fraction of unlearned networks' likelihood ratios above all but 1 % of retrained ones', over forget images; ideal .01".to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.002
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: true_positives,
        }
    }

    fn features(&self, network: &Observed, scope: &Scope) -> Vec<f64> {
        ImageSet::Forget.margins(network, scope)
    }
}

/// The true-positive rate at `RATE`, from margins by network and image; NaN for fewer than three
/// networks of a kind.
fn true_positives(group: &[&[f64]], reference: &[&[f64]]) -> f64 {
    if group.len().min(reference.len()) < 3 {
        return f64::NAN;
    }
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    by_image(group, reference, |unlearned, retrained| {
        let (with, without) = (others(unlearned), others(retrained));
        let pick = |list: &[Normal], i: usize| list[i % list.len()];
        let ratio = |x: f64, i| pick(&with, i).log_density(x) - pick(&without, i).log_density(x);
        own.extend((0..).zip(unlearned).map(|(i, x)| ratio(*x, i)));
        theirs.extend((0..).zip(retrained).map(|(i, x)| ratio(*x, i)));
        0.0
    });
    if own.is_empty() {
        return f64::NAN;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of scores"
    )]
    let allowed = (RATE * theirs.len() as f64) as usize;
    let place = theirs.len() - 1 - allowed;
    let limit = *theirs.select_nth_unstable_by(place, f64::total_cmp).1;
    own.iter().filter(|x| **x > limit).count() as f64 / own.len() as f64
}

/// The smallest variance of a distribution.
const LEAST: f64 = 1e-6;

/// A normal distribution.
#[derive(Clone, Copy)]
struct Normal {
    mean: f64,
    /// 1 / 2σ².
    precision: f64,
    /// ln √(2πσ²).
    log_scale: f64,
}

impl Normal {
    fn new(mean: f64, variance: f64) -> Self {
        let variance = variance.max(LEAST);
        Self {
            mean,
            precision: 0.5 / variance,
            log_scale: 0.5 * (TAU * variance).ln(),
        }
    }

    fn log_density(&self, x: f64) -> f64 {
        let apart = x - self.mean;
        -apart * apart * self.precision - self.log_scale
    }
}

/// The attack's accuracy on one image; NaN for fewer than three networks of a kind.
pub fn accuracy(unlearned: &[f64], retrained: &[f64]) -> f64 {
    if unlearned.len().min(retrained.len()) < 3 {
        return f64::NAN;
    }
    let (of_unlearned, of_retrained) = (others(unlearned), others(retrained));
    let mut right = 0.0;
    for (u, with) in unlearned.iter().zip(&of_unlearned) {
        let own = with.log_density(*u);
        for (r, without) in retrained.iter().zip(&of_retrained) {
            right += positive(own - without.log_density(*u));
            right += positive(without.log_density(*r) - with.log_density(*r));
        }
    }
    right / (2 * unlearned.len() * retrained.len()) as f64
}

/// 1 if positive, ½ if zero: the attacker guesses.
fn positive(x: f64) -> f64 {
    0.5 * (f64::from(u8::from(x > 0.0)) + f64::from(u8::from(x >= 0.0)))
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
    use super::super::by_image::slices;
    use super::super::examples::{normal, outputs, phi};
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
        assert!((distributions[0].precision - 1.0 / 16.0).abs() < 1e-12);
        assert!((distributions[2].mean - 1.5).abs() < 1e-12);
        assert!((distributions[2].precision - 1.0).abs() < 1e-12);
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
                ULira::mean().features(&observed, &Scope::Digits(vec![5]))
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

    /// Margins of networks for images, [networks][images], normal with this mean.
    fn group(key: u32, networks: u32, images: u32, mean: f64) -> Vec<Vec<f64>> {
        let network = |n| numbers(key + n, images, mean, 1.0);
        (0..networks).map(network).collect()
    }

    /// Normal distributions with the same σ = 1, d apart: the ratio rises with the confidence, so the
    /// rate is 1 − Φ(z − d) with Φ(z) = .99; 2.326 is the quantile.
    #[test]
    fn the_true_positive_rate_is_that_of_the_best_test() {
        let theirs = group(1000, 100, 400, 0.0);
        for d in [0.0, 1.0, 2.0, 3.0] {
            let own = group(0, 100, 400, d);
            let value = true_positives(&slices(&own), &slices(&theirs));
            let expected = 1.0 - phi(2.326_348 - d);
            assert!(
                (value - expected).abs() < 0.02 * d + 0.003,
                "{d}: {value} {expected}"
            );
        }
        assert!(true_positives(&slices(&theirs[..2]), &slices(&theirs)).is_nan());
    }

    /// Of few networks, and of different numbers of them: a tenth of images that give away all does not
    /// move the median, but the rate and the tail.
    #[test]
    fn few_images_that_give_away_all_show_in_the_tail() {
        let (mut own, theirs) = (group(0, 8, 200, 0.0), group(1000, 16, 200, 0.0));
        let equal = true_positives(&slices(&own), &slices(&theirs));
        assert!((equal - 0.01).abs() < 0.015, "{equal}");
        for network in &mut own {
            network.iter_mut().take(20).for_each(|x| *x += 100.0);
        }
        let value = true_positives(&slices(&own), &slices(&theirs));
        assert!(value > 0.09 && value < 0.13, "{value}");
        let metric = ULira::worst(ImageSet::Forget);
        let Form::Groups { value, .. } = metric.form() else {
            panic!("U-LiRA is a value of groups");
        };
        assert_eq!(value(&slices(&own), &slices(&theirs)), 1.0);
    }
}
