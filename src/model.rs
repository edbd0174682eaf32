//! The network: its shape, and each parameter's place in a learner's allocation.
//!
//! All parameters of a learner are one allocation; a layer's weight matrix is [outputs, inputs] as
//! in `torch.nn.Linear`, followed by its biases. Widths are padded to multiples of four with zeros,
//! which stay zero in training (their activations, gradients and decay are all zero), so every
//! kernel reads and writes whole vec4s.

use crate::data::PIXELS;
use crate::error::{Error, Result};
use crate::record::CLASSES;

/// One dense layer: y = x Wᵀ + b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Width of x.
    pub inputs: u32,
    /// Width of y.
    pub outputs: u32,
    /// Width of x, padded.
    pub padded_inputs: u32,
    /// Width of y, padded.
    pub padded_outputs: u32,
    /// Offset of W [`padded_outputs`, `padded_inputs`] in a learner's parameters.
    pub weights: u32,
    /// Offset of b (`padded_outputs` numbers).
    pub biases: u32,
}

/// A stack of dense layers with ReLU between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    layers: Vec<Layer>,
    parameters: u32,
}

/// `width`, rounded up to a multiple of four.
fn padded(width: u32) -> u32 {
    width.next_multiple_of(4)
}

impl Model {
    /// The network 784 – `hidden`… – 10.
    ///
    /// ```
    /// # use unlearn::model::Model;
    /// let model = Model::new(&[128, 64])?;
    /// assert_eq!(model.weights(), 785 * 128 + 129 * 64 + 65 * 10);
    /// # Ok::<(), unlearn::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Usage` if there is no hidden layer, or one of width 0 or over 4096.
    pub fn new(hidden: &[usize]) -> Result<Self> {
        if hidden.is_empty() || hidden.len() > 8 || hidden.iter().any(|&w| w == 0 || w > 4096) {
            return Err(Error::Usage(format!(
                "--hidden {hidden:?} makes no network: give the widths of 1 to 8 hidden layers, \
                 each from 1 to 4096, such as --hidden 128,64"
            )));
        }
        let widths = std::iter::once(PIXELS)
            .chain(hidden.iter().copied())
            .chain([CLASSES])
            .map(|w| u32::try_from(w).unwrap_or(u32::MAX));
        Ok(Self::from_widths(&widths.collect::<Vec<_>>()))
    }

    fn from_widths(widths: &[u32]) -> Self {
        let mut parameters = 0;
        let layers = widths
            .windows(2)
            .map(|pair| {
                let (padded_inputs, padded_outputs) = (padded(pair[0]), padded(pair[1]));
                let weights = parameters;
                let biases = weights + padded_inputs * padded_outputs;
                parameters = biases + padded_outputs;
                Layer {
                    inputs: pair[0],
                    outputs: pair[1],
                    padded_inputs,
                    padded_outputs,
                    weights,
                    biases,
                }
            })
            .collect();
        Self { layers, parameters }
    }

    /// The layers, from the pixels to the logits.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Weights and biases of a learner, without the padding.
    pub fn weights(&self) -> usize {
        let own = |l: &Layer| (l.inputs as usize + 1) * l.outputs as usize;
        self.layers.iter().map(own).sum()
    }

    /// Parameters of a learner, padding included; a multiple of four.
    pub fn parameters(&self) -> u32 {
        self.parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_lie_end_to_end_on_multiples_of_four() {
        for hidden in [&[128, 64][..], &[30, 17], &[1], &[5, 5, 5]] {
            let model = Model::new(hidden).unwrap();
            let mut end = 0;
            for layer in model.layers() {
                assert_eq!(layer.weights, end);
                assert_eq!(
                    layer.biases,
                    layer.weights + layer.padded_inputs * layer.padded_outputs
                );
                end = layer.biases + layer.padded_outputs;
                assert_eq!((layer.weights % 4, layer.biases % 4), (0, 0));
            }
            assert_eq!(model.parameters(), end);
        }
    }

    #[test]
    fn weights_are_those_that_a_person_counts() {
        let model = Model::new(&[30, 17]).unwrap();
        assert_eq!(model.weights(), 785 * 30 + 31 * 17 + 18 * 10);
    }

    #[test]
    fn a_network_without_hidden_units_is_refused() {
        for hidden in [&[][..], &[0], &[128, 0], &[5000]] {
            assert!(Model::new(hidden).is_err());
        }
    }
}
