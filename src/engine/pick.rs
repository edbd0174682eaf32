//! Forget sets that are harder or easier than random ones: by memorisation and by entanglement (RUM,
//! Zhao et al., "What makes unlearning hard and what to do about it", NeurIPS 2024).
//!
//! Both scores come from one population of networks, each trained on a random part of the images.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Engine, Weights};
use crate::error::Result;
use crate::metrics::{Scope, answer};
use crate::population::Recipe;
use crate::progress::Progress;
use crate::random::{Purpose, learner_key, threefry2x32};
use crate::record::CLASSES;

/// Which training images `--forget-samples` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// Drawn at random
    #[default]
    Random,
    /// Those that networks know only if they saw them: the hardest to forget
    Memorised,
    /// Those that networks know whether they saw them or not
    Typical,
    /// Those whose representations lie among all others
    Entangled,
    /// Those whose representations lie apart
    Separate,
}

/// Networks of the population; each image is unseen by about ten of them.
pub(crate) const NETWORKS: usize = 32;
/// They are numbered from here, apart from all others.
const FIRST: u32 = 600_000;
/// Of this number of equally likely draws, `SEEN` put an image into a network's part.
const DRAWS: u32 = 10;
/// Seven of ten, as in RUM.
const SEEN: u32 = 7;
/// Key for drawing parts, next to the network's.
const PART: u32 = 0x2b7e_1516;
/// Images evaluated at a time.
const ASKED: usize = 4096;

/// An image's scores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Scores {
    /// How much likelier networks are right that saw the image (Feldman and Zhang 2020).
    memorisation: f32,
    /// The distance of its representation from the mean of all, over networks.
    distance: f32,
}

impl Pick {
    /// Before "training images": empty, or with a blank behind it.
    pub fn adjective(self) -> &'static str {
        match self {
            Self::Random => "",
            Self::Memorised => "memorised ",
            Self::Typical => "typical ",
            Self::Entangled => "entangled ",
            Self::Separate => "separate ",
        }
    }

    /// The images that this takes first, by their scores.
    fn order(self, scores: &[Scores]) -> Vec<usize> {
        let value = |i: usize| match self {
            Self::Random => 0.0,
            Self::Memorised => -scores[i].memorisation,
            Self::Typical => scores[i].memorisation.abs(),
            Self::Entangled => scores[i].distance,
            Self::Separate => -scores[i].distance,
        };
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        order
    }
}

impl Engine<'_> {
    /// Chooses the images to forget by their scores, if the case says so.
    pub(crate) fn pick(&mut self, progress: &mut dyn Progress) -> Result<()> {
        let (Scope::Samples(count), pick) = (&self.case.scope, self.case.pick) else {
            return Ok(());
        };
        if pick == Pick::Random {
            return Ok(());
        }
        let order = pick.order(&self.scores(progress)?);
        let mut forgotten = vec![false; self.labels().len()];
        order.iter().take(*count).for_each(|&i| forgotten[i] = true);
        self.forgotten = forgotten;
        Ok(())
    }

    /// The scores of all training images.
    fn scores(&self, progress: &mut dyn Progress) -> Result<Vec<Scores>> {
        let images = self.labels().len();
        let seed = self.case.seed;
        let (epochs, lr) = (self.training.epochs, self.training.lr);
        let id = format!("{} scores {seed} {epochs} {lr} {NETWORKS}", self.origin);
        let numbers = self
            .store
            .get_once((&id, 2 * images), progress, |progress| {
                let scores = self.measured(progress)?;
                Ok(scores
                    .iter()
                    .flat_map(|s| [s.memorisation, s.distance])
                    .collect())
            })?;
        let score = |pair: &[f32]| Scores {
            memorisation: pair[0],
            distance: pair[1],
        };
        Ok(numbers.chunks_exact(2).map(score).collect())
    }

    fn measured(&self, progress: &mut dyn Progress) -> Result<Vec<Scores>> {
        let images = u32::try_from(self.labels().len()).unwrap_or(u32::MAX);
        let numbers: Vec<u32> = (FIRST..).take(NETWORKS).collect();
        let saw = |network: u32, image: u32| {
            let key = learner_key(self.case.seed, network, Purpose::Order(PART));
            threefry2x32(key, [image, PART])[0] % DRAWS < SEEN
        };
        let list = |n: u32| Arc::new((0..images).filter(|&i| saw(n, i)).collect::<Vec<u32>>());
        let room = self.room(0)?;
        let steps = self
            .training
            .steps(self.labels().len() * SEEN as usize / DRAWS as usize);
        let passes = numbers.len().div_ceil(room) as u64;
        progress.begin("scores of images", passes * u64::from(steps));
        let mut counts = vec![Counts::default(); self.labels().len()];
        for some in numbers.chunks(room) {
            let taught: Vec<Recipe> = some.iter().map(|&n| self.recipe(list(n), n, 0)).collect();
            let trained = self.trained(taught, self.fresh(some)?, steps, progress)?;
            self.count(&trained, some, &saw, &mut counts)?;
        }
        Ok(counts.iter().map(Counts::scores).collect())
    }

    /// Adds what these networks make of all images.
    fn count(
        &self,
        weights: &Weights,
        numbers: &[u32],
        saw: &dyn Fn(u32, u32) -> bool,
        counts: &mut [Counts],
    ) -> Result<()> {
        let population = self.holding(weights)?;
        let layers = self.model.layers();
        let (last, width) = (
            layers.len() - 1,
            layers[layers.len() - 2].padded_outputs as usize,
        );
        let padded = layers[last].padded_outputs as usize;
        let all: Vec<u32> = (0u32..).take(self.labels().len()).collect();
        let mut hidden: Vec<Vec<f32>> = vec![Vec::new(); numbers.len()];
        for images in all.chunks(ASKED) {
            let outputs = population.activations(&self.train, images, last - 1)?;
            for (network, &number) in numbers.iter().enumerate() {
                let own = &outputs[1][network * images.len() * padded..];
                for (z, &image) in own.chunks_exact(padded).zip(images) {
                    let logits: [f32; CLASSES] = std::array::from_fn(|class| z[class]);
                    let right = answer(&logits) == usize::from(self.labels()[image as usize]);
                    counts[image as usize].add(saw(number, image), right);
                }
                let each = images.len() * width;
                hidden[network].extend(&outputs[0][network * each..][..each]);
            }
        }
        for own in &hidden {
            let distances = distances(own, width);
            counts
                .iter_mut()
                .zip(distances)
                .for_each(|(c, d)| c.distance += d);
        }
        Ok(())
    }
}

/// What networks made of an image.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Networks, and those that are right: of those that did not see the image, and of those that did.
    networks: [u32; 2],
    right: [u32; 2],
    /// The sum of distances from the centre of all images.
    distance: f32,
}

impl Counts {
    fn add(&mut self, saw: bool, right: bool) {
        self.networks[usize::from(saw)] += 1;
        self.right[usize::from(saw)] += u32::from(right);
    }

    fn scores(&self) -> Scores {
        let share = |saw: usize| self.right[saw] as f32 / self.networks[saw].max(1) as f32;
        let both = self.networks.iter().all(|n| *n > 0);
        Scores {
            memorisation: if both { share(1) - share(0) } else { 0.0 },
            distance: self.distance,
        }
    }
}

/// The distance of every row from the mean row, relative to the mean distance, [rows, width].
fn distances(rows: &[f32], width: usize) -> Vec<f32> {
    let count = (rows.len() / width).max(1) as f32;
    let mut centre = vec![0.0f32; width];
    for row in rows.chunks_exact(width) {
        centre
            .iter_mut()
            .zip(row)
            .for_each(|(c, x)| *c += x / count);
    }
    let apart = |row: &[f32]| {
        let squares = row.iter().zip(&centre).map(|(x, c)| (x - c).powi(2));
        squares.sum::<f32>().sqrt()
    };
    let all: Vec<f32> = rows.chunks_exact(width).map(apart).collect();
    let mean = all.iter().sum::<f32>() / count;
    all.iter()
        .map(|d| d / mean.max(f32::MIN_POSITIVE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memorisation_is_the_difference_that_seeing_makes() {
        let mut counts = Counts::default();
        for (saw, right) in [(true, true), (true, true), (false, true), (false, false)] {
            counts.add(saw, right);
        }
        assert_eq!(counts.scores().memorisation, 0.5);
        // Without a network that did not see it, nothing is known.
        let mut one = Counts::default();
        one.add(true, true);
        assert_eq!(one.scores().memorisation, 0.0);
    }

    /// (0, 0), (2, 0), (1, 3): the centre is (1, 1).
    #[test]
    fn distances_are_from_the_centre_of_all() {
        let d = distances(&[0.0, 0.0, 2.0, 0.0, 1.0, 3.0], 2);
        let mean = (2.0 * 2f32.sqrt() + 2.0) / 3.0;
        for (own, expected) in d.iter().zip([2f32.sqrt(), 2f32.sqrt(), 2.0]) {
            assert!((own - expected / mean).abs() < 1e-6);
        }
    }

    #[test]
    fn each_pick_takes_its_end_of_the_scores() {
        let scores = [(0.1, 3.0), (0.9, 1.0), (-0.2, 2.0)].map(|(memorisation, distance)| Scores {
            memorisation,
            distance,
        });
        let first = |pick: Pick| pick.order(&scores)[0];
        assert_eq!(first(Pick::Memorised), 1);
        assert_eq!(first(Pick::Typical), 0);
        assert_eq!(first(Pick::Entangled), 1);
        assert_eq!(first(Pick::Separate), 0);
    }
}
