//! Weights as safetensors, in the names and the orientation of PyTorch, with a leading learner
//! axis: `fc1.weight` [learners, outputs, inputs], `fc1.bias` [learners, outputs], …; slice k
//! loads into `torch.nn.Linear` as it is. `load` reads such files, and others of the same networks.

mod chain;
mod load;

use std::collections::HashMap;
use std::path::Path;

use safetensors::{Dtype, serialize, tensor::TensorView};

use crate::error::{Error, Result};
use crate::files;
use crate::model::{Layer, Model};

pub use load::{Networks, load};

/// Writes an arm's `parameters` [learners, model.parameters()]; `note` goes to the file's metadata.
///
/// # Errors
/// `File` where the file cannot be written.
pub fn save(path: &Path, model: &Model, parameters: &[f32], note: &str) -> Result<()> {
    let failed = |e| Error::File {
        action: "encode",
        path: path.to_path_buf(),
        source: std::io::Error::other(e),
    };
    let bytes = encode(model, parameters, note).map_err(failed)?;
    files::write(path, &bytes)
}

fn encode(
    model: &Model,
    parameters: &[f32],
    note: &str,
) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
    let learners = parameters.len() / model.parameters() as usize;
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = (1..)
        .zip(model.layers())
        .flat_map(|(number, layer)| {
            let shape = vec![learners, layer.outputs as usize, layer.inputs as usize];
            let weights = gather(model, parameters, |p| weights(layer, p));
            let biases = gather(model, parameters, |p| {
                p[layer.biases as usize..][..layer.outputs as usize].to_vec()
            });
            [
                (format!("fc{number}.bias"), shape[..2].to_vec(), biases),
                (format!("fc{number}.weight"), shape, weights),
            ]
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((
                name.as_str(),
                TensorView::new(Dtype::F32, shape.clone(), bytes)?,
            ))
        })
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()?;
    // One entry only: more would be written in an order that changes from run to run.
    let notes = HashMap::from([("unlearn".to_owned(), note.to_owned())]);
    serialize(views, Some(notes))
}

/// Every learner's part, end to end, as bytes.
fn gather(model: &Model, parameters: &[f32], part: impl Fn(&[f32]) -> Vec<f32>) -> Vec<u8> {
    let learners = parameters.chunks_exact(model.parameters() as usize);
    let values = learners.flat_map(part);
    values.flat_map(f32::to_le_bytes).collect()
}

/// W [outputs, inputs] without its padding.
fn weights(layer: &Layer, parameters: &[f32]) -> Vec<f32> {
    let rows = parameters[layer.weights as usize..].chunks_exact(layer.padded_inputs as usize);
    rows.take(layer.outputs as usize)
        .flat_map(|row| row[..layer.inputs as usize].to_vec())
        .collect()
}
