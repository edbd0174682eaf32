//! The canonical form of a network among all that compute the same function.
//!
//! ReLU is positively homogeneous: a hidden layer's weights and biases times c > 0, and the next
//! layer's weights divided by c, are the same function. But its weights, and how fast it learns from
//! there, are not the same: layer-wise learning rates differ by c² (Dinh et al. 2017, "Sharp minima can
//! generalize for deep nets"). Metrics must not depend on what does not change the function.

use crate::model::{Layer, Model};

/// The Frobenius norm that a hidden layer's weights get: √(2·outputs), about that of fresh weights,
/// which have a variance of 2/inputs.
fn reference(layer: &Layer) -> f64 {
    (2.0 * f64::from(layer.outputs)).sqrt()
}

/// The same function with hidden layers whose weights have the norm of `reference`; the last layer
/// takes up the rest. A layer whose weights are all zero, or not finite, keeps its scale. `weights`
/// are those of any number of networks, [networks, `model.parameters()`].
pub(super) fn canonical(model: &Model, weights: &[f32]) -> Vec<f32> {
    let mut all = weights.to_vec();
    for network in all.chunks_exact_mut(model.parameters() as usize) {
        // How much larger the activations before a layer are than they were.
        let mut before = 1.0;
        let hidden = model.layers().len() - 1;
        for (number, layer) in model.layers().iter().enumerate() {
            let (matrix, biases) = parts(network, layer);
            let norm = matrix
                .iter()
                .map(|w| f64::from(*w).powi(2))
                .sum::<f64>()
                .sqrt();
            let after = match number == hidden {
                true => 1.0,
                false if norm > 0.0 && norm.is_finite() => before * reference(layer) / norm,
                false => before,
            };
            scale(matrix, after / before);
            scale(biases, after);
            before = after;
        }
    }
    all
}

/// A layer's weights and biases.
fn parts<'a>(network: &'a mut [f32], layer: &Layer) -> (&'a mut [f32], &'a mut [f32]) {
    let own = &mut network[layer.weights as usize..]
        [..(layer.biases - layer.weights + layer.padded_outputs) as usize];
    own.split_at_mut((layer.biases - layer.weights) as usize)
}

#[expect(clippy::cast_possible_truncation, reason = "networks are f32")]
fn scale(values: &mut [f32], by: f64) {
    values
        .iter_mut()
        .for_each(|w| *w = (f64::from(*w) * by) as f32);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::random::threefry2x32;

    /// Multiplies the outputs of hidden layer k by `by`, and divides the next layer's weights by it.
    pub(in super::super) fn rescaled(
        model: &Model,
        weights: &[f32],
        k: usize,
        by: f64,
    ) -> Vec<f32> {
        let mut all = weights.to_vec();
        for network in all.chunks_exact_mut(model.parameters() as usize) {
            let (matrix, biases) = parts(network, &model.layers()[k]);
            scale(matrix, by);
            scale(biases, by);
            scale(parts(network, &model.layers()[k + 1]).0, 1.0 / by);
        }
        all
    }

    fn random(model: &Model, networks: u32) -> Vec<f32> {
        let number = |i| threefry2x32([3, 4], [i, 0])[0] as f32 / u32::MAX as f32 - 0.4;
        (0..networks * model.parameters()).map(number).collect()
    }

    /// Logits of x by the plain formula, in f64; padding has no part.
    fn logits(model: &Model, network: &[f32], x: &[f64]) -> Vec<f64> {
        let mut x = x.to_vec();
        for (number, layer) in model.layers().iter().enumerate() {
            let output = |row: u32| {
                let start = (layer.weights + row * layer.padded_inputs) as usize;
                let sum: f64 = network[start..]
                    .iter()
                    .zip(&x)
                    .map(|(w, x)| f64::from(*w) * x)
                    .sum();
                let sum = sum + f64::from(network[(layer.biases + row) as usize]);
                if number + 1 < model.layers().len() {
                    sum.max(0.0)
                } else {
                    sum
                }
            };
            x = (0..layer.outputs).map(output).collect();
        }
        x
    }

    #[test]
    fn the_function_stays_and_hidden_layers_have_the_reference_s_norm() {
        let model = Model::new(&[12, 8]).unwrap();
        let weights = random(&model, 2);
        let own = canonical(&model, &weights);
        let size = model.parameters() as usize;
        let x: Vec<f64> = (0..784).map(|i| f64::from(i % 7) / 7.0).collect();
        for network in 0..2 {
            let at = network * size..(network + 1) * size;
            let before = logits(&model, &weights[at.clone()], &x);
            let after = logits(&model, &own[at.clone()], &x);
            for (a, b) in before.iter().zip(&after) {
                assert!((a - b).abs() < 1e-5 * (1.0 + a.abs()), "{a} {b}");
            }
            let mut network = own[at].to_vec();
            for (layer, norm) in model.layers()[..2].iter().zip([24f64.sqrt(), 4.0]) {
                let (matrix, _) = parts(&mut network, layer);
                let squares: f64 = matrix.iter().map(|w| f64::from(*w).powi(2)).sum();
                assert!((squares.sqrt() - norm).abs() < 1e-5, "{squares}");
            }
        }
    }

    #[test]
    fn rescaled_networks_have_the_same_form() {
        let model = Model::new(&[12, 8]).unwrap();
        let weights = random(&model, 2);
        let own = canonical(&model, &weights);
        for (layer, by) in [(0, 1.05), (1, 0.3)] {
            let theirs = canonical(&model, &rescaled(&model, &weights, layer, by));
            for (a, b) in own.iter().zip(&theirs) {
                assert!((a - b).abs() < 1e-6 * (1.0 + a.abs()), "{a} {b}");
            }
        }
        // Powers of two lose no bits.
        assert_eq!(canonical(&model, &rescaled(&model, &weights, 0, 2.0)), own);
    }

    #[test]
    fn what_has_no_norm_keeps_its_scale() {
        let model = Model::new(&[4]).unwrap();
        let mut weights = vec![0.0; model.parameters() as usize];
        assert_eq!(canonical(&model, &weights), weights);
        weights[0] = f32::NAN;
        assert!(canonical(&model, &weights)[0].is_nan());
        assert!(canonical(&model, &weights)[1..].iter().all(|w| *w == 0.0));
    }
}
