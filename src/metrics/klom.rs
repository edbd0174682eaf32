//! KLoM: the KL divergence of margins.

use super::by_image::{ImageSet, by_image, tail};
use super::{About, Form, Metric, Observed, Scope, mean};

/// For each image, the KL divergence between the distributions of the margin
/// z_y − ln Σ_{c≠y} exp(z_c) over unlearned and over retrained networks, in histograms of `BINS` bins
/// over the range of both (Georgiev et al. 2024; RoyRin/data-unlearning-bench, with 100 networks). A
/// constant is added to every bin, so that empty ones do not give infinity. The value is the mean over
/// the images to forget, or the 95th percentile over those, over those to keep, or over test images,
/// as the authors report them.
pub struct Klom {
    name: String,
    images: ImageSet,
    worst: bool,
}

impl Klom {
    /// The mean over the images to forget.
    pub fn mean() -> Self {
        Self {
            name: "KLoM".to_owned(),
            images: ImageSet::Forget,
            worst: false,
        }
    }

    /// The 95th percentile over these images.
    pub fn worst(images: ImageSet) -> Self {
        Self {
            name: format!("KLoM P95 {}", images.letter()),
            images,
            worst: true,
        }
    }
}

const BINS: usize = 20;
/// The constant added to the probability of every bin.
const SMOOTHING: f64 = 1e-2;

impl Metric for Klom {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "KLoM"
    }

    fn meaning(&self) -> String {
        let images = self.images.adjective();
        match self.worst {
            true => format!(
                "95th percentile over {images} images of the KL divergence of margins; ideal: as retrained"
            ),
            false => format!(
                "mean KL divergence ({BINS} bins) of the margins on {images} images from retrained networks'; ideal: as retrained"
            ),
        }
    }

    fn resolution(&self) -> f64 {
        0.02
    }

    fn about(&self) -> Option<About> {
        Some(self.images.about())
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: match self.worst {
                true => |group, reference| tail(&by_image(group, reference, divergence)),
                false => |group, reference| mean(&by_image(group, reference, divergence)),
            },
        }
    }

    fn features(&self, network: &Observed, scope: &Scope) -> Vec<f64> {
        self.images.margins(network, scope)
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
    use super::super::examples::{normal, phi};
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

    fn numbers(key: u32, mean: f64, deviation: f64) -> Vec<f64> {
        (0..20_000)
            .map(|i| mean + deviation * normal(key, i))
            .collect()
    }

    /// The expected bins of two normal distributions by Φ, with the constant added.
    fn by_bins(one: (f64, f64), other: (f64, f64), range: (f64, f64)) -> f64 {
        let width = (range.1 - range.0) / 20.0;
        let share = |(mean, deviation): (f64, f64), bin: u32| {
            let edge = |bin: u32| phi((range.0 + width * f64::from(bin) - mean) / deviation);
            (edge(bin + 1) - edge(bin) + 0.01) / 1.2
        };
        let term = |bin| share(one, bin) * (share(one, bin) / share(other, bin)).ln();
        (0..20).map(term).sum()
    }

    /// KL of normal distributions is ln(σ₂/σ₁) + (σ₁² + d²)/2σ₂² − ½. Binning loses little of it;
    /// the added constant takes up to three quarters, more if the second's bins are emptier.
    #[test]
    fn normal_distributions_have_what_their_bins_say_and_the_closed_form_bounds() {
        for (one, other) in [
            ((0.0, 1.0), (1.0, 1.0)),
            ((0.0, 1.0), (0.0, 2.0)),
            ((0.0, 2.0), (0.0, 1.0)),
            ((0.0, 1.0), (0.2, 1.0)),
        ] {
            let (a, b) = (numbers(1, one.0, one.1), numbers(2, other.0, other.1));
            let both = || a.iter().chain(&b).copied();
            let low = both().fold(f64::INFINITY, f64::min);
            let high = both().fold(f64::NEG_INFINITY, f64::max);
            let value = divergence(&a, &b);
            let expected = by_bins(one, other, (low, high));
            assert!((value - expected).abs() < 0.01, "{value} {expected}");
            let (s, t): (f64, f64) = (one.1, other.1);
            let closed = (t / s).ln() + (s * s + (one.0 - other.0).powi(2)) / (2.0 * t * t) - 0.5;
            assert!(value < closed && value > 0.25 * closed, "{value} {closed}");
        }
    }

    /// Twenty images to keep, the last of which tells the groups apart, and one to forget, which does
    /// not: the percentile lies 5 % of the way from 0 to the value of that image.
    #[test]
    fn the_tail_is_over_the_images_of_its_name() {
        use super::super::by_image::slices;
        use super::super::examples::outputs;
        let network = |last: f32| {
            let mut retain = outputs(&[1; 20], &[1; 20], 3.0);
            retain.logits[19][1] = last;
            Observed {
                forget: outputs(&[5], &[5], 1.0),
                retain,
                ..Default::default()
            }
        };
        let scope = Scope::Digits(vec![5]);
        let tail = |images| {
            let metric = Klom::worst(images);
            let group = |last| vec![metric.features(&network(last), &scope); 4];
            let Form::Groups { value, .. } = metric.form() else {
                panic!("KLoM is a value of groups");
            };
            value(&slices(&group(1.0)), &slices(&group(2.0)))
        };
        let apart = divergence(&[0.0; 4], &[1.0; 4]);
        assert!((tail(ImageSet::Retain) - 0.05 * apart).abs() < 1e-9);
        assert!(tail(ImageSet::Forget).abs() < 1e-12);
        assert_eq!(Klom::worst(ImageSet::Test).name(), "KLoM P95 t");
    }
}
