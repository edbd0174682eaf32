//! Whole training steps as scripts, for timing.

use serde_json::{Value, json};

use super::look::until_run;
use crate::bench::{BATCH, Images, operations, populate};
use crate::data::Dataset;
use crate::device::Device;
use crate::device::scribe::{Reads, Scribe};
use crate::device::script::Blobs;
use crate::error::Result;
use crate::model::Model;

/// The seed of weights and orders.
const SEED: u32 = 1;

/// Steps of populations of these sizes.
///
/// # Errors
/// `Usage` or `Data` if so many networks do not fit.
pub(super) fn steps(data: &Dataset, sizes: &[u32], blobs: &Blobs) -> Result<Value> {
    let model = Model::new(&[128, 64])?;
    let row = |&learners: &u32| -> Result<Value> {
        let scribe = Scribe::new(blobs, Reads::Nothing);
        let steps = {
            let images = Images::upload(&scribe, data)?;
            let population = populate(&scribe, &model, &images, learners, SEED)?;
            let (steps, program) = population.steps();
            scribe.run(program, 1, &mut |_| {})?;
            steps
        };
        let mut script = scribe.finish();
        let recording = until_run(&mut script);
        Ok(json!({
            "learners": learners,
            "batch": BATCH,
            "train": data.train.len(),
            "flops": operations(&model, learners),
            "script": script,
            "recording": recording,
            "steps": steps,
        }))
    };
    let rows: Vec<Value> = sizes.iter().map(row).collect::<Result<_>>()?;
    Ok(json!({ "seed": SEED, "steps": rows }))
}
