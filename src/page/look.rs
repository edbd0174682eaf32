//! The script that shows one image to networks.

use serde_json::{Value, json};

use super::Offer;
use crate::data::{Dataset, Images, PIXELS};
use crate::device::scribe::{Reads, Scribe};
use crate::device::script::{Blobs, Op, Script, Step};
use crate::engine::Store;
use crate::error::Result;
use crate::population::DeviceImages;
use crate::run::engine;

/// The script, and the numbers of its buffers: it ends before the one recording that shows the image.
///
/// # Errors
/// `Usage` or `Data` if so many networks do not fit.
pub(super) fn script(offer: &Offer<'_>, blobs: &Blobs) -> Result<Value> {
    let learners = 3 * offer.most();
    let scribe = Scribe::new(blobs, Reads::Nothing);
    let blank = Images {
        pixels: vec![0; PIXELS],
        labels: vec![0],
    };
    let data = Dataset {
        train: blank.clone(),
        test: blank,
        ..offer.data.clone()
    };
    let layers = offer.model.layers();
    let last = layers.len() - 1;
    let (image, parameters, logits) = {
        let store = Store::nowhere();
        let engine = engine(offer.config, &data, &scribe, "", &store)?;
        let population = engine.idle(learners)?;
        let images = DeviceImages::upload(&scribe, &data.test)?;
        population.activations(&images, &[0], last)?;
        let last_of = |label| scribe.buffers(label).last().map(|(number, _)| *number);
        let numbers = ["images", "parameters", "evaluation outputs"].map(last_of);
        (numbers[0], numbers[1], numbers[2])
    };
    let mut script = scribe.finish();
    until_run(&mut script);
    Ok(json!({
        "script": script,
        "learners": learners,
        "image": image,
        "parameters": parameters,
        "logits": logits,
        "classes": layers[last].padded_outputs,
        "first_layer": {
            "at": layers[0].weights,
            "width": layers[0].padded_inputs,
            "neurons": layers[0].outputs,
        },
    }))
}

/// Ends a script before its last run of kernels, and returns the number of that recording.
pub(super) fn until_run(script: &mut Script) -> Option<usize> {
    let dispatches = |steps: &Vec<Step>| steps.iter().any(|s| matches!(s, Step::Dispatch { .. }));
    let runs = script.ops.iter().rposition(|op| match op {
        Op::Run { recording, .. } => dispatches(&script.recordings[*recording]),
        _ => false,
    })?;
    let Op::Run { recording, .. } = script.ops[runs] else {
        return None;
    };
    script.ops.truncate(runs);
    Some(recording)
}
