//! Where networks look: integrated gradients of the forgotten classes' logits.

use serde::{Deserialize, Serialize};

use super::subjects::{ARMS, Subjects};
use super::{Example, Figure, Pixels};
use crate::data::PIXELS;
use crate::engine::spread;
use crate::error::Result;
use crate::population::Attributions;
use crate::record::{Arm, Spread};

/// Test images whose gradients are integrated.
const IMAGES: usize = 32;
/// Images that are shown.
const SHOWN: usize = 4;

/// Which pixels the forgotten classes' logits rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attributed {
    /// Test images of the forgotten classes.
    pub images: usize,
    /// The correlation of a map with the original's, the mean over images.
    pub likeness: Figure,
    /// The same for networks with random weights: a map that does not depend on what was learned would
    /// stay the same (Adebayo et al. 2018).
    pub randomised: Spread,
    /// How far the sum of a map is from the difference of the logits, as a fraction of that: the 95th
    /// percentile over images and originals. (Where unlearning made the difference small, its fraction
    /// says nothing.)
    pub incomplete: f64,
    /// Maps of some images.
    pub shown: Vec<Map>,
}

/// An image, and what its class's logit rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// The image.
    pub image: Example,
    /// The mean over learners in each arm, on one scale.
    pub arms: Vec<(Arm, Pixels)>,
}

impl Subjects<'_> {
    pub(super) fn attributions(&self) -> Result<Attributed> {
        let images = spread(&self.asked, IMAGES);
        let fresh = self.engine.untrained(self.learners)?;
        let all = [&self.weights[..], &fresh].concat();
        let found = self.engine.integrated_gradients(&all, &images)?;
        let likeness = |network: usize, learner: usize| {
            let original = self.place(Arm::Original, learner);
            let both = [network, original].map(|n| maps(&found, n, images.len()));
            let pairs = both[0]
                .chunks_exact(PIXELS)
                .zip(both[1].chunks_exact(PIXELS));
            pairs.map(|(a, b)| correlation(a, b)).sum::<f64>() / images.len() as f64
        };
        let random = ARMS.len() * self.learners;
        let places: Vec<usize> = (0..images.len()).collect();
        let map = |at| Map {
            image: self.example(images[at]),
            arms: self.map(&found, at, images.len()),
        };
        Ok(Attributed {
            images: images.len(),
            likeness: self.figure(&ARMS[1..], |arm, k| likeness(self.place(arm, k), k)),
            randomised: Spread::of(
                (0..self.learners)
                    .map(|k| likeness(random + k, k))
                    .collect(),
            ),
            incomplete: incomplete(&found, self.learners * images.len()),
            shown: spread(&places, SHOWN).into_iter().map(map).collect(),
        })
    }

    /// The mean maps of an image.
    fn map(&self, found: &Attributions, image: usize, images: usize) -> Vec<(Arm, Pixels)> {
        let mean = |arm: &Arm| -> Vec<f32> {
            let mut sums = vec![0f32; PIXELS];
            for learner in 0..self.learners {
                let own = maps(found, self.place(*arm, learner), images);
                sums.iter_mut()
                    .zip(&own[image * PIXELS..])
                    .for_each(|(sum, a)| *sum += a / self.learners as f32);
            }
            sums
        };
        let means: Vec<Vec<f32>> = ARMS.iter().map(mean).collect();
        let means: Vec<&[f32]> = means.iter().map(|m| &m[..]).collect();
        ARMS.into_iter().zip(Pixels::together(&means)).collect()
    }
}

/// A network's maps, [images, PIXELS].
fn maps(found: &Attributions, network: usize, images: usize) -> &[f32] {
    &found.maps[network * images * PIXELS..][..images * PIXELS]
}

/// The 95th percentile of the relative difference of a map's sum from that of the logits, over the first
/// `count` maps, those of the originals.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in the list"
)]
fn incomplete(found: &Attributions, count: usize) -> f64 {
    let maps = found.maps.chunks_exact(PIXELS).zip(&found.ends);
    let error = |(map, [at, black]): (&[f32], &[f32; 2])| {
        let difference = f64::from(*at) - f64::from(*black);
        let sum: f64 = map.iter().map(|a| f64::from(*a)).sum();
        (sum - difference).abs() / difference.abs().max(1e-9)
    };
    let mut errors: Vec<f64> = maps.take(count).map(error).collect();
    errors.sort_by(f64::total_cmp);
    let place = 0.95 * errors.len().saturating_sub(1) as f64;
    errors
        .get(place.ceil() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Pearson's correlation; 0 where a map is constant: a logit that depends on no pixel has nothing in
/// common with the original's.
fn correlation(one: &[f32], other: &[f32]) -> f64 {
    let mean =
        |values: &[f32]| values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
    let (a, b) = (mean(one), mean(other));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other) {
        let (x, y) = (f64::from(*x) - a, f64::from(*y) - b);
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    let norm = (aa * bb).sqrt();
    if norm > 0.0 { ab / norm } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_is_that_of_the_textbook() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]) - 1.0).abs() < 1e-12);
        assert!((correlation(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]) - 0.5).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[0.0, 5.0]), 0.0);
    }

    #[test]
    fn what_is_missing_is_relative_to_the_difference_of_the_logits() {
        let mut maps = vec![0.0; 2 * PIXELS];
        (maps[0], maps[PIXELS]) = (0.9, 4.0);
        let ends = vec![[3.0, 2.0], [1.0, -3.0]];
        let found = Attributions { maps, ends };
        assert!((incomplete(&found, 1) - 0.1).abs() < 1e-6);
        assert!((incomplete(&found, 2) - 0.1).abs() < 1e-6);
    }
}
