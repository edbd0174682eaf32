//! What metrics of a group's distribution have in common: a margin of every network for every image,
//! a value of each image, and a summary over images.

use super::{About, CLASSES, Observed, Outputs, Scope};

/// Test images whose margins are compared, at most.
const SAMPLES: usize = 1000;

/// The images that a metric asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageSet {
    /// Training images to forget.
    Forget,
    /// Training images to keep.
    Retain,
    /// Test images of the digits to keep, evenly thinned to at most 1000.
    Test,
}

impl ImageSet {
    /// What they are about.
    pub(super) fn about(self) -> About {
        match self {
            Self::Forget => About::Forgotten,
            Self::Retain | Self::Test => About::Kept,
        }
    }

    /// The letter in metrics' names.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Forget => "f",
            Self::Retain => "r",
            Self::Test => "t",
        }
    }

    /// What the images are for, in a word.
    pub(super) fn adjective(self) -> &'static str {
        match self {
            Self::Forget => "forget",
            Self::Retain => "keep",
            Self::Test => "test",
        }
    }

    /// A network's logit-scaled confidence in the label of each image.
    pub(super) fn margins(self, network: &Observed, scope: &Scope) -> Vec<f64> {
        let margin =
            |(logits, label): (&[f32; CLASSES], u8)| confidence(logits, usize::from(label));
        let of = |outputs: &Outputs, step| outputs.iter().step_by(step).map(margin).collect();
        match self {
            Self::Forget => of(&network.forget, 1),
            Self::Retain => of(&network.retain, 1),
            Self::Test => {
                let kept = network.test.only(|label| !scope.forgotten(label));
                of(&kept, kept.labels.len().div_ceil(SAMPLES).max(1))
            }
        }
    }
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

/// A value of each image, from its margins in two groups of networks.
pub(super) fn by_image(
    group: &[&[f64]],
    reference: &[&[f64]],
    mut value: impl FnMut(&[f64], &[f64]) -> f64,
) -> Vec<f64> {
    let images = group.first().map_or(0, |margins| margins.len());
    let (mut own, mut theirs) = (Vec::new(), Vec::new());
    let fill = |into: &mut Vec<f64>, networks: &[&[f64]], image: usize| {
        into.clear();
        into.extend(networks.iter().map(|margins| margins[image]));
    };
    let of = |image| {
        fill(&mut own, group, image);
        fill(&mut theirs, reference, image);
        value(&own, &theirs)
    };
    (0..images).map(of).collect()
}

/// The networks' margins, by which groups are compared.
pub(super) fn slices(margins: &[Vec<f64>]) -> Vec<&[f64]> {
    margins.iter().map(Vec::as_slice).collect()
}

/// The 95th percentile over images: the value of the worst one in twenty. Linear between order
/// statistics, as in NumPy; NaN if there is none, or if one is NaN.
pub fn tail(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    // NaN comes last, and is then the largest.
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.last().filter(|x| !x.is_nan()) else {
        return f64::NAN;
    };
    let place = 0.95 * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the list"
    )]
    let below = place as usize;
    let above = sorted.get(below + 1).unwrap_or(last);
    sorted[below] + (above - sorted[below]) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;

    #[test]
    fn the_confidence_is_the_logit_of_the_probability() {
        let mut z = [0.0f32; CLASSES];
        z[3] = 2.0;
        let p = 2f64.exp() / (2f64.exp() + 9.0);
        assert!((confidence(&z, 3) - (p / (1.0 - p)).ln()).abs() < 1e-9);
    }

    /// Of 0, 1 … 20 the 95th percentile is 19; of 0, 1 … 10 it lies half of the way from 9 to 10.
    #[test]
    fn the_tail_is_the_percentile_of_order_statistics() {
        let up_to = |n: u32| (0..=n).rev().map(f64::from).collect::<Vec<_>>();
        assert!((tail(&up_to(20)) - 19.0).abs() < 1e-12);
        assert!((tail(&up_to(10)) - 9.5).abs() < 1e-12);
        assert_eq!(tail(&[3.0]), 3.0);
        assert!(tail(&[]).is_nan() && tail(&[1.0, f64::NAN]).is_nan());
    }

    #[test]
    fn images_are_those_that_their_names_say() {
        let network = Observed {
            forget: outputs(&[5; 2], &[5; 2], 1.0),
            retain: outputs(&[3; 3], &[3; 3], 2.0),
            test: outputs(&[1; 3000], &[[1, 5, 1]; 1000].concat(), 3.0),
            ..Default::default()
        };
        let of = |images: ImageSet| images.margins(&network, &Scope::Digits(vec![5]));
        let margin = |z: f64| z - 9f64.ln();
        let equal =
            |x: &[f64], n, z| x.len() == n && x.iter().all(|x| (x - margin(z)).abs() < 1e-9);
        assert!(equal(&of(ImageSet::Forget), 2, 1.0));
        assert!(equal(&of(ImageSet::Retain), 3, 2.0));
        assert!(equal(&of(ImageSet::Test), 1000, 3.0));
    }
}
