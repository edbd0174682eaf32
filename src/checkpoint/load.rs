//! Reads networks of any origin: whatever tensors are called, their shapes say how they belong together.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use super::chain::{self, Widths};
use crate::error::{Error, Result};
use crate::model::{Layer, Model};

/// Networks from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Networks {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The number of networks.
    pub count: usize,
    /// Their parameters, [count, `Model::parameters`].
    pub weights: Vec<f32>,
}

/// The most tensors that an error lists.
const SHOWN: usize = 24;

const NEEDED: &str = "Needed are a layer's weights [out, in] and biases [out] for each layer, in F32, from 784 \
                      inputs to 10 outputs, as PyTorch's state_dict has them: fc1.weight [128, 784], \
                      fc1.bias [128], fc2.weight [10, 128], fc2.bias [10]. For several networks every tensor \
                      has a leading axis: fc1.weight [4, 128, 784]";

/// A tensor of the file.
#[derive(Clone, Debug)]
struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// A layer's tensors, those of all networks.
struct Dense {
    weights: Tensor,
    biases: Tensor,
    widths: Widths,
}

/// Reads the networks of a safetensors file: dense layers with ReLU between them, from 784 pixels to 10
/// logits. Tensors may have any names by which a layer's weights and biases pair up (`fc1.weight`,
/// `net.0.weight`, `W1`), and layers any order in which their widths chain.
///
/// # Errors
/// `File` if it cannot be read; `Data` if it holds something else: the error lists what was found, and
/// what is needed.
pub fn load(path: &Path) -> Result<Networks> {
    let bytes = std::fs::read(path).map_err(Error::file("read", path))?;
    let refuse = |what: &str, found: &str| {
        Error::Data(format!("{} {what}.{found} {NEEDED}", path.display()))
    };
    let tensors = tensors(&bytes).map_err(|e| refuse(&e, ""))?;
    networks(&tensors).map_err(|what| refuse(&what, &format!(" It holds {}.", listed(&tensors))))
}

/// The tensors of a file.
fn tensors(bytes: &[u8]) -> std::result::Result<Vec<Tensor>, String> {
    let file =
        SafeTensors::deserialize(bytes).map_err(|e| format!("is not a safetensors file ({e})"))?;
    let tensor = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        let numbers = view.data().as_chunks::<4>().0.iter();
        Tensor {
            name,
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            values: numbers.map(|b| f32::from_le_bytes(*b)).collect(),
        }
    };
    let mut tensors: Vec<Tensor> = file.tensors().into_iter().map(tensor).collect();
    tensors.sort_by_key(|tensor| chain::natural(&tensor.name));
    Ok(tensors)
}

fn networks(tensors: &[Tensor]) -> std::result::Result<Networks, String> {
    if let Some(other) = tensors.iter().find(|tensor| tensor.dtype != Dtype::F32) {
        return Err(format!(
            "has {} as {:?}, not F32 (in PyTorch: .float())",
            other.name, other.dtype
        ));
    }
    let layers = layers(tensors)?;
    let count = count(&layers)?;
    let widths: Vec<(&str, Widths)> = layers
        .iter()
        .map(|layer| (layer.weights.name.as_str(), layer.widths))
        .collect();
    let order = chain::order(&widths)?;
    let hidden: Vec<usize> = order
        .iter()
        .skip(1)
        .map(|&l| layers[l].widths.inputs)
        .collect();
    let model = Model::new(&hidden).map_err(|_| {
        format!(
            "has hidden layers of widths {hidden:?}, where 1 to 8 of widths 1 to 4096 are possible"
        )
    })?;
    let infinite = |tensor: &&Tensor| tensor.values.iter().any(|value| !value.is_finite());
    if let Some(tensor) = tensors.iter().find(infinite) {
        return Err(format!("has NaN or infinite numbers in {}", tensor.name));
    }
    let size = model.parameters() as usize;
    let mut weights = vec![0.0; count * size];
    for (layer, &number) in model.layers().iter().zip(&order) {
        let own = weights.chunks_exact_mut(size).enumerate();
        own.for_each(|(network, to)| place(layer, &layers[number], network, to));
    }
    Ok(Networks {
        hidden,
        count,
        weights,
    })
}

/// Puts a network's layer into its padded place.
fn place(layer: &Layer, from: &Dense, network: usize, to: &mut [f32]) {
    let Widths { inputs, outputs } = from.widths;
    let rows = from.weights.values[network * inputs * outputs..].chunks_exact(inputs);
    for (number, row) in rows.take(outputs).enumerate() {
        let start = layer.weights as usize + number * layer.padded_inputs as usize;
        to[start..start + inputs].copy_from_slice(row);
    }
    let biases = &from.biases.values[network * outputs..][..outputs];
    to[layer.biases as usize..][..outputs].copy_from_slice(biases);
}

/// Pairs the tensors up, by what is left of their names without the words for weights and biases.
fn layers(tensors: &[Tensor]) -> std::result::Result<Vec<Dense>, String> {
    let mut named: BTreeMap<String, Vec<&Tensor>> = BTreeMap::new();
    for tensor in tensors {
        named
            .entry(chain::layer(&tensor.name))
            .or_default()
            .push(tensor);
    }
    if named.is_empty() {
        return Err("holds no tensors".to_owned());
    }
    let mut layers = Vec::new();
    for pair in named.into_values() {
        let (weights, biases) = match pair[..] {
            [a, b] if a.shape.len() == b.shape.len() + 1 => (a, b),
            [a, b] if b.shape.len() == a.shape.len() + 1 => (b, a),
            [only] if only.shape.len() >= 2 => {
                return Err(format!("has no biases beside {}", only.name));
            }
            _ => {
                let names: Vec<&str> = pair.iter().map(|tensor| tensor.name.as_str()).collect();
                let verb = if names.len() == 1 { "is" } else { "are" };
                return Err(format!(
                    "has {}, which {verb} not a layer's weights and biases",
                    names.join(", ")
                ));
            }
        };
        let widths = widths(weights, biases)?;
        layers.push(Dense {
            weights: weights.clone(),
            biases: biases.clone(),
            widths,
        });
    }
    layers.sort_by_key(|layer| chain::natural(&layer.weights.name));
    Ok(layers)
}

/// A layer's widths.
fn widths(weights: &Tensor, biases: &Tensor) -> std::result::Result<Widths, String> {
    let (outputs, inputs) = match weights.shape[..] {
        [outputs, inputs] | [_, outputs, inputs] => (outputs, inputs),
        _ => {
            return Err(format!(
                "has {} with {} axes, where a layer's weights have two, or three for several networks",
                weights.name,
                weights.shape.len()
            ));
        }
    };
    match biases.shape.last() {
        Some(&own) if own == outputs => Ok(Widths { inputs, outputs }),
        Some(&own) if own == inputs => Err(format!(
            "has {} {:?} beside {own} biases: it seems to be transposed, [in, out], as in TensorFlow and \
             JAX; PyTorch's is [out, in]. Transpose it (.T)",
            weights.name, weights.shape
        )),
        own => Err(format!(
            "has {} {:?} for {outputs} outputs, but {} with {} biases",
            weights.name,
            weights.shape,
            biases.name,
            own.unwrap_or(&0)
        )),
    }
}

/// The number of networks, the same in all tensors.
fn count(layers: &[Dense]) -> std::result::Result<usize, String> {
    let leading = |tensor: &Tensor, own: usize| match tensor.shape.len() > own {
        true => Some(tensor.shape[0]),
        false => None,
    };
    let mut known: Option<(&str, Option<usize>)> = None;
    for layer in layers {
        for (tensor, own) in [(&layer.weights, 2), (&layer.biases, 1)] {
            let found = leading(tensor, own);
            match known {
                Some((first, count)) if count != found => {
                    let words = |count: Option<usize>| {
                        count.map_or("no axis of networks".to_owned(), |n| {
                            format!("{n} networks")
                        })
                    };
                    return Err(format!(
                        "has {} in {first}, but {} in {}",
                        words(count),
                        words(found),
                        tensor.name
                    ));
                }
                _ => known = Some((&tensor.name, found)),
            }
        }
    }
    match known.and_then(|(_, count)| count).unwrap_or(1) {
        0 => Err("holds no networks: its leading axis is 0".to_owned()),
        count => Ok(count),
    }
}

/// The tensors with their types and shapes, for errors.
fn listed(tensors: &[Tensor]) -> String {
    let words = tensors
        .iter()
        .map(|t| format!("{} {:?} {:?}", t.name, t.dtype, t.shape));
    let mut list = words.take(SHOWN).collect::<Vec<_>>().join(", ");
    if tensors.is_empty() {
        list = "nothing".to_owned();
    }
    if tensors.len() > SHOWN {
        list += &format!(" and {} more", tensors.len() - SHOWN);
    }
    list
}

#[cfg(test)]
mod tests;
