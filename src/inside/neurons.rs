//! The first layer: its neurons as pictures, and how much of the change lies in those that mattered most
//! to what was forgotten.

use serde::{Deserialize, Serialize};

use super::subjects::{ARMS, Subjects};
use super::{Figure, Pixels};
use crate::data::PIXELS;
use crate::error::Result;
use crate::record::Arm;

/// Neurons that are shown.
const SHOWN: usize = 8;
/// The strongest neurons, at most: those that figures are about.
const STRONGEST: usize = 10;

/// Arms that are compared with the original.
const CHANGED: [Arm; 3] = [Arm::Unlearned, Arm::Relearned, Arm::Retrained];

/// The first layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neurons {
    /// Its number of neurons.
    pub width: usize,
    /// How many of them are the strongest, by the diagonal of the original's empirical Fisher information
    /// on training images of the forgotten classes, summed over a neuron's weights and bias.
    pub strongest: usize,
    /// The fraction of that information that lies in them, in the originals.
    pub information: f64,
    /// The fraction that they have in the squared change of the layer's weights from the original.
    pub share: Figure,
    /// The strongest neurons of learner 0.
    pub shown: Vec<Neuron>,
}

/// A neuron of the first layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neuron {
    /// Its number, from 0.
    pub number: usize,
    /// What was learned in each arm, on one scale: its weights less those it started from; empty where
    /// those are not known.
    pub learned: Vec<(Arm, Pixels)>,
    /// Its weights in each arm, on one scale.
    pub weights: Vec<(Arm, Pixels)>,
    /// What was added to the original's weights, on one scale.
    pub changes: Vec<(Arm, Pixels)>,
    /// The norm of the change as a fraction of that of the original's weights: over all learners, of
    /// which each has a neuron of this rank.
    pub change: Figure,
}

/// Each learner's neurons, the strongest first.
pub(super) type Strength = Vec<Vec<usize>>;

impl Subjects<'_> {
    /// Neurons by strength, and what is shown of them.
    pub(super) fn neurons(&self) -> Result<(Strength, Neurons)> {
        let images = &self.engine.observed_images()[0];
        let fisher = self.engine.fisher(self.group(Arm::Original), images)?;
        let of = |network: &[f32]| self.information(network);
        let information: Vec<Vec<f64>> = fisher.chunks_exact(self.engine.size()).map(of).collect();
        let strength: Strength = information.iter().map(|own| ranked(own)).collect();
        let width = self.engine.model.layers()[0].outputs as usize;
        let strongest = self.strongest();
        let inside = |(own, order): (&Vec<f64>, &Vec<usize>)| {
            let part: f64 = order[..strongest].iter().map(|&j| own[j]).sum();
            part / own.iter().sum::<f64>().max(f64::MIN_POSITIVE)
        };
        let shares = information.iter().zip(&strength).map(inside);
        let arms = self.corresponding(&CHANGED);
        let neurons = Neurons {
            width,
            strongest,
            information: shares.sum::<f64>() / self.learners as f64,
            share: self.figure(&arms, |arm, k| {
                self.share(arm, k, &strength[k][..strongest])
            }),
            shown: (0..SHOWN.min(width))
                .map(|rank| self.neuron(rank, &strength))
                .collect(),
        };
        Ok((strength, neurons))
    }

    /// How many neurons are the strongest: at most half of them, so that there are as many others.
    pub(super) fn strongest(&self) -> usize {
        let width = self.engine.model.layers()[0].outputs as usize;
        STRONGEST.min(width / 2)
    }

    /// The information in each neuron's weights and bias.
    fn information(&self, fisher: &[f32]) -> Vec<f64> {
        let layer = self.engine.model.layers()[0];
        let of = |j: u32| {
            let weights = row(fisher, (layer.weights + j * layer.padded_inputs) as usize);
            let all = weights
                .iter()
                .chain(&fisher[(layer.biases + j) as usize..][..1]);
            all.map(|f| f64::from(*f)).sum()
        };
        (0..layer.outputs).map(of).collect()
    }

    /// A neuron's weights.
    fn weights(&self, arm: Arm, learner: usize, neuron: usize) -> &[f32] {
        row(self.network(arm, learner), neuron * PIXELS)
    }

    fn change(&self, arm: Arm, learner: usize, neuron: usize) -> Vec<f32> {
        let [after, before] = [arm, Arm::Original].map(|arm| self.weights(arm, learner, neuron));
        after.iter().zip(before).map(|(a, b)| a - b).collect()
    }

    /// What learner 0's neuron learned in each arm; nothing where its first weights are not known.
    fn learned(&self, neuron: usize) -> Vec<Vec<f32>> {
        let Some(start) = self.start.as_ref().map(|start| row(start, neuron * PIXELS)) else {
            return Vec::new();
        };
        let less = |arm| {
            let weights = self.weights(arm, 0, neuron);
            weights.iter().zip(start).map(|(w, s)| w - s).collect()
        };
        ARMS.map(less).into()
    }

    /// The fraction of the squared change in some neurons.
    fn share(&self, arm: Arm, learner: usize, some: &[usize]) -> f64 {
        let width = self.engine.model.layers()[0].outputs as usize;
        let each: Vec<f64> = (0..width)
            .map(|j| squares(&self.change(arm, learner, j)))
            .collect();
        let part: f64 = some.iter().map(|&j| each[j]).sum();
        match each.iter().sum::<f64>() {
            all if all > 0.0 => part / all,
            // Nothing changed, as in doing nothing.
            _ => 0.0,
        }
    }

    /// The neuron of this rank.
    fn neuron(&self, rank: usize, strength: &Strength) -> Neuron {
        let number = strength[0][rank];
        let arms = self.corresponding(&CHANGED);
        let weights: Vec<&[f32]> = ARMS
            .iter()
            .map(|arm| self.weights(*arm, 0, number))
            .collect();
        let changes: Vec<Vec<f32>> = arms
            .iter()
            .map(|arm| self.change(*arm, 0, number))
            .collect();
        let changes: Vec<&[f32]> = changes.iter().map(|c| &c[..]).collect();
        let relative = |arm, learner: usize| {
            let j = strength[learner][rank];
            let norm = squares(self.weights(Arm::Original, learner, j));
            (squares(&self.change(arm, learner, j)) / norm.max(f64::MIN_POSITIVE)).sqrt()
        };
        let learned = self.learned(number);
        let learned: Vec<&[f32]> = learned.iter().map(|l| &l[..]).collect();
        Neuron {
            number,
            learned: ARMS.into_iter().zip(Pixels::together(&learned)).collect(),
            weights: ARMS.into_iter().zip(Pixels::together(&weights)).collect(),
            changes: arms
                .iter()
                .copied()
                .zip(Pixels::together(&changes))
                .collect(),
            change: self.figure(&arms, relative),
        }
    }
}

/// A neuron's numbers from this place on.
fn row(network: &[f32], at: usize) -> &[f32] {
    &network[at..][..PIXELS]
}

fn squares(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum()
}

/// Places of the numbers, the largest first.
fn ranked(values: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    places
}
