//! Fisher forgetting's noise.

use super::{Engine, Subject, Weights};
use crate::error::Result;
use crate::methods::fisher_forgetting::{FORGOTTEN, LEAST, MORE, MOST};
use crate::model::{Layer, Model};
use crate::population::Importance;
use crate::random::{Purpose, learner_key};

impl Engine<'_> {
    /// Adds noise to all weights, and leaves nothing else of those that lead to the forgotten digits.
    pub(super) fn add_noise(
        &self,
        weights: &mut Weights,
        subject: &Subject<'_>,
        alpha: f32,
    ) -> Result<()> {
        let task = &subject.task;
        let key = |n: &u32| learner_key(self.case.seed, *n, Purpose::Noise);
        let keys: Vec<[u32; 2]> = task.numbers.iter().map(key).collect();
        let fisher = self.importance(subject, false, Importance::Fisher)?;
        // The kernel divides by the information.
        let inverse = fisher.chunks_exact(self.size()).flat_map(|fisher| {
            let variances = variances(&self.model, fisher, alpha.into(), &task.digits);
            variances.into_iter().map(|v| 1.0 / v)
        });
        let population = self.holding(weights)?;
        population.add_noise(&keys, &inverse.collect::<Vec<_>>(), 1.0, 0.0)?;
        let noisy = population.parameters()?;
        let before = std::mem::replace(weights, noisy);
        let layers = self.model.layers();
        let networks = weights.chunks_exact_mut(self.size());
        for (noisy, before) in networks.zip(before.chunks_exact(self.size())) {
            for at in leading(&layers[layers.len() - 1], &task.digits) {
                noisy[at] -= before[at];
            }
        }
        Ok(())
    }
}

/// The places of a last layer's weights and biases that lead to these digits.
fn leading(last: &Layer, digits: &[u8]) -> impl Iterator<Item = usize> {
    let (weights, biases) = (last.weights as usize, last.biases as usize);
    let width = last.padded_inputs as usize;
    let digits: Vec<usize> = digits.iter().map(|d| usize::from(*d)).collect();
    digits.into_iter().flat_map(move |digit| {
        let start = weights + digit * width;
        (start..start + width).chain([biases + digit])
    })
}

/// The noise's variance for each weight of a network, from its Fisher information: never 0.
#[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
fn variances(model: &Model, fisher: &[f32], alpha: f64, digits: &[u8]) -> Vec<f32> {
    let mut variances = vec![1.0f32; fisher.len()];
    let layers = model.layers();
    for (number, layer) in layers.iter().enumerate() {
        let is_last = number + 1 == layers.len();
        let most = MOST[usize::from(is_last)];
        let inverse = |at: usize| (1.0 / (f64::from(fisher[at]) + LEAST)).min(most);
        let more = if is_last { MORE } else { 1.0 };
        let width = layer.padded_inputs as usize;
        for output in 0..layer.outputs as usize {
            let start = layer.weights as usize + output * width;
            let own = start..start + layer.inputs as usize;
            let mean = own.clone().map(inverse).sum::<f64>() / f64::from(layer.inputs);
            variances[own].fill((more * alpha * mean) as f32);
            let bias = layer.biases as usize + output;
            variances[bias] = (MORE * alpha * inverse(bias)) as f32;
        }
    }
    for at in leading(&layers[layers.len() - 1], digits) {
        variances[at] = (MORE * FORGOTTEN) as f32;
    }
    variances
        .iter_mut()
        .for_each(|v| *v = v.max(f32::MIN_POSITIVE));
    variances
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, with information that is too small to count in one of a unit's weights.
    #[test]
    fn variances_are_those_of_the_authors() {
        let model = Model::new(&[4]).unwrap();
        let [hidden, last] = model.layers() else {
            panic!("two layers");
        };
        let mut fisher = vec![0.01f32; model.parameters() as usize];
        fisher[hidden.weights as usize] = 0.0;
        fisher[hidden.biases as usize + 1] = 0.5;
        fisher[last.weights as usize + 4] = 1.0;
        let v = variances(&model, &fisher, 1e-3, &[7]);
        let near = |at: u32, expected: f64| {
            let got = f64::from(v[at as usize]);
            assert!(
                (got / expected - 1.0).abs() < 1e-4,
                "{at}: {got} {expected}"
            );
        };
        // 783 weights of 100 and one of at most 1000; all of a unit alike.
        near(hidden.weights, 1e-3 * (783.0 * 100.0 + 1000.0) / 784.0);
        near(
            hidden.weights + 783,
            1e-3 * (783.0 * 100.0 + 1000.0) / 784.0,
        );
        near(hidden.weights + 784, 1e-3 * 100.0);
        near(hidden.biases + 1, 10.0 * 1e-3 * 2.0);
        near(last.weights, 10.0 * 1e-3 * 100.0);
        near(last.weights + 4, 10.0 * 1e-3 * (3.0 * 100.0 + 1.0) / 4.0);
        near(last.biases, 10.0 * 1e-3 * 100.0);
        near(last.weights + 7 * 4 + 3, 1e-3);
        near(last.biases + 7, 1e-3);
    }
}
