//! Parts of one network put into another: how much of the forgotten classes comes back with a part of the
//! original, and how much goes with a part of the other network.

use serde::{Deserialize, Serialize};

use super::Figure;
use super::neurons::Strength;
use super::subjects::{ARMS, Subjects};
use crate::engine::Weights;
use crate::error::Result;
use crate::model::Model;
use crate::random::threefry2x32;
use crate::record::Arm;

/// What is moved from one network to the same place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Weights and biases of the layer with this number, from 0.
    Layer(usize),
    /// The strongest neurons of the first layer for what was forgotten, with the weights from and to them.
    Strongest,
    /// As many others, drawn at random.
    Random,
}

/// Accuracies from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Both {
    /// On test images of the forgotten classes.
    pub forget: Figure,
    /// On those of the others.
    pub keep: Figure,
}

/// A part that was moved, in both directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transplant {
    /// What was moved.
    pub part: Part,
    /// The original's part in the network of the arm.
    pub restored: Both,
    /// The arm's part in the original.
    pub ablated: Both,
}

/// Accuracies with parts of other networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transplants {
    /// Of the networks as they are.
    pub whole: Both,
    /// With parts moved.
    pub parts: Vec<Transplant>,
}

/// Arms that exchange parts with the original.
const OTHERS: [Arm; 2] = [Arm::Unlearned, Arm::Retrained];
/// Key for drawing neurons, next to the case's seed.
const DRAWN: u32 = 0x7a4e_0b1d;

impl Subjects<'_> {
    pub(super) fn transplants(&self, strength: &Strength) -> Result<Transplants> {
        let arms = self.corresponding(&OTHERS);
        let mut parts: Vec<Part> = (0..=self.hidden()).map(Part::Layer).collect();
        if self.strongest() > 0 {
            parts.extend([Part::Strongest, Part::Random]);
        }
        let mut scores = Vec::new();
        for part in &parts {
            let mut hybrids = Weights::new();
            for arm in &arms {
                for pair in [(*arm, Arm::Original), (Arm::Original, *arm)] {
                    (0..self.learners)
                        .for_each(|k| hybrids.extend(self.hybrid(*part, pair, k, &strength[k])));
                }
            }
            scores.extend(self.scores(&hybrids)?);
        }
        let both = |part: usize, direction: usize| {
            let value = |which: usize| {
                self.figure(&arms, |arm, learner| {
                    let place = arms.iter().position(|other| *other == arm).unwrap_or(0);
                    let group = (part * arms.len() + place) * 2 + direction;
                    scores[group * self.learners + learner][which]
                })
            };
            Both {
                forget: value(0),
                keep: value(1),
            }
        };
        let transplant = |(number, part): (usize, &Part)| Transplant {
            part: *part,
            restored: both(number, 0),
            ablated: both(number, 1),
        };
        Ok(Transplants {
            whole: self.whole(),
            parts: parts.iter().enumerate().map(transplant).collect(),
        })
    }

    fn whole(&self) -> Both {
        let answers = [&self.of_asked, &self.of_kept];
        let [forget, keep] = answers.map(|answers| {
            self.figure(&ARMS, |arm, k| {
                answers.outputs(self.place(arm, k)).accuracy(|_| true)
            })
        });
        Both { forget, keep }
    }

    /// Accuracies of networks on the forgotten classes and on the others.
    fn scores(&self, networks: &[f32]) -> Result<Vec<[f64; 2]>> {
        let last = self.hidden();
        let of = |images| self.engine.answers(networks, (false, images), last);
        let (asked, kept) = (of(&self.asked)?, of(&self.kept)?);
        let accuracy = |network| [&asked, &kept].map(|a| a.outputs(network).accuracy(|_| true));
        Ok((0..networks.len() / self.engine.size())
            .map(accuracy)
            .collect())
    }

    /// The first arm's network with a part of the second one's.
    fn hybrid(
        &self,
        part: Part,
        (to, from): (Arm, Arm),
        learner: usize,
        strength: &[usize],
    ) -> Vec<f32> {
        let mut network = self.network(to, learner).to_vec();
        let other = self.network(from, learner);
        let model = &self.engine.model;
        let count = self.strongest();
        match part {
            Part::Layer(number) => move_layer(model, number, &mut network, other),
            Part::Strongest => move_neurons(model, &strength[..count], &mut network, other),
            Part::Random => {
                let drawn = self.drawn(&strength[count..], (count, learner));
                move_neurons(model, &drawn, &mut network, other);
            }
        }
        network
    }

    /// This number of neurons of a list, by the case's seed and the learner.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "half of the seed, and layers have at most 4096 neurons"
    )]
    fn drawn(&self, neurons: &[usize], (count, learner): (usize, usize)) -> Vec<usize> {
        let key = [self.engine.case.seed as u32, DRAWN];
        let mut drawn = neurons.to_vec();
        drawn.sort_by_cached_key(|&j| threefry2x32(key, [j as u32, learner as u32]));
        drawn.truncate(count);
        drawn
    }
}

/// Replaces a layer by another network's.
fn move_layer(model: &Model, number: usize, network: &mut [f32], other: &[f32]) {
    let layer = model.layers()[number];
    let own = layer.weights as usize..(layer.biases + layer.padded_outputs) as usize;
    network[own.clone()].copy_from_slice(&other[own]);
}

/// Replaces neurons of the first layer by another network's: the weights to them, their biases, and the
/// weights from them.
fn move_neurons(model: &Model, neurons: &[usize], network: &mut [f32], other: &[f32]) {
    let (first, next) = (model.layers()[0], model.layers()[1]);
    let width = first.padded_inputs as usize;
    for &j in neurons {
        let row = first.weights as usize + j * width;
        network[row..row + width].copy_from_slice(&other[row..row + width]);
        let column =
            (0..next.outputs).map(|o| (next.weights + o * next.padded_inputs) as usize + j);
        for at in column.chain([first.biases as usize + j]) {
            network[at] = other[at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(model: &Model) -> [Vec<f32>; 2] {
        [1.0, 2.0].map(|w| vec![w; model.parameters() as usize])
    }

    #[test]
    fn all_layers_together_are_the_other_network() {
        let model = Model::new(&[6, 5]).unwrap();
        let [mut network, other] = pair(&model);
        (0..3).for_each(|layer| move_layer(&model, layer, &mut network, &other));
        assert_eq!(network, other);
    }

    /// 784 weights to a neuron, a bias, and 5 weights from it.
    #[test]
    fn a_neuron_takes_what_comes_and_what_goes() {
        let model = Model::new(&[6, 5]).unwrap();
        let [mut network, other] = pair(&model);
        move_neurons(&model, &[1, 4], &mut network, &other);
        let moved = network.iter().filter(|w| **w == 2.0).count();
        assert_eq!(moved, 2 * (784 + 1 + 5));
        let next = model.layers()[1];
        assert_eq!(
            network[(next.weights + next.padded_inputs) as usize + 4],
            2.0
        );
    }
}
