//! The networks that the section runs: learner 0 of every stage, as its checkpoint has it.

use std::path::Path;

use crate::checkpoint;
use crate::error::Result;
use crate::model::{Layer, Model};
use crate::report::html::{STAGES, Stage};
use crate::run_folder;
use crate::run_record::RunRecord;
use half::f16;

/// The most bytes of weights on a page. In base64 they are a third more, and a page stays below 3 MB.
const ROOM: usize = 1_900_000;

/// One learner.
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) stage: &'static Stage,
    /// Widths from the pixels to the logits.
    pub(super) widths: Vec<u32>,
    /// By layer W [outputs, inputs], then b [outputs], without padding.
    pub(super) weights: Vec<f16>,
}

/// The networks of a run's folder, and the titles of those that are missing, damaged or too large.
pub(super) fn open(record: &RunRecord, folder: &Path) -> (Vec<Network>, Vec<&'static str>) {
    let (mut found, mut absent) = (Vec::new(), Vec::new());
    let mut room = ROOM;
    for stage in &STAGES {
        if record.outcome(stage.phase, stage.arm).is_none() {
            continue;
        }
        let network = read(stage, folder).ok();
        let bytes = |network: &Network| size_of::<f16>() * network.weights.len();
        match network.filter(|network| network.is_finite() && bytes(network) <= room) {
            Some(network) => {
                room -= bytes(&network);
                found.push(network);
            }
            None => absent.push(stage.title),
        }
    }
    (found, absent)
}

fn read(stage: &'static Stage, folder: &Path) -> Result<Network> {
    let path = run_folder::checkpoint_of(folder, stage.phase, stage.arm);
    let networks = checkpoint::load(&path)?;
    let model = Model::new(&networks.hidden)?;
    Ok(Network::new(stage, &model, &networks.weights))
}

impl Network {
    /// The first learner of `parameters` [learners, model.parameters()].
    fn new(stage: &'static Stage, model: &Model, parameters: &[f32]) -> Self {
        let outputs = model.layers().iter().map(|layer| layer.outputs);
        let inputs = model.layers().first().map(|layer| layer.inputs);
        let numbers = model.layers().iter().flat_map(|l| numbers(l, parameters));
        Self {
            stage,
            widths: inputs.into_iter().chain(outputs).collect(),
            weights: numbers.map(f16::from_f32).collect(),
        }
    }

    /// Whether 16 bits hold its weights.
    fn is_finite(&self) -> bool {
        self.weights.iter().all(|weight| weight.is_finite())
    }
}

/// A layer's weights and biases without their padding.
fn numbers(layer: &Layer, parameters: &[f32]) -> impl Iterator<Item = f32> {
    let (inputs, outputs) = (layer.inputs as usize, layer.outputs as usize);
    let rows = parameters[layer.weights as usize..].chunks_exact(layer.padded_inputs as usize);
    let weights = rows.take(outputs).flat_map(move |row| &row[..inputs]);
    let biases = &parameters[layer.biases as usize..][..outputs];
    weights.chain(biases).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_come_without_padding_and_for_one_learner() {
        let model = Model::new(&[3, 5]).unwrap();
        let size = model.parameters() as usize;
        let mut parameters = vec![f32::NAN; 2 * size];
        let mut next = 0.0;
        for layer in model.layers() {
            for row in 0..layer.outputs {
                let start = (layer.weights + row * layer.padded_inputs) as usize;
                for weight in &mut parameters[start..start + layer.inputs as usize] {
                    *weight = next;
                    next += 1.0;
                }
            }
            for bias in &mut parameters[layer.biases as usize..][..layer.outputs as usize] {
                *bias = next;
                next += 1.0;
            }
        }
        let network = Network::new(&STAGES[0], &model, &parameters);
        assert_eq!(network.widths, [784, 3, 5, 10]);
        assert_eq!(network.weights.len(), model.weights());
        // Every integer is there, in order, as far as 16 bits tell them apart.
        let exact = network.weights.iter().take(2048).enumerate();
        assert!(exact.into_iter().all(|(i, w)| w.to_f64() == i as f64));
        assert!(network.is_finite());
        let large = Network::new(&STAGES[0], &model, &vec![1e5; size]);
        assert!(!large.is_finite());
    }
}
