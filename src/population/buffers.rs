//! The memory of a population.

use super::{COUNTS, Curriculum, distinct, last, steps, tables};
use crate::device::{Buffer, Device};
use crate::error::Result;
use crate::kernel::{self, LESSON, Progress};
use crate::model::{Layer, Model};

/// Everything a population allocates; the leading axis is the learner.
#[derive(Debug)]
pub(super) struct Buffers {
    pub(super) parameters: Buffer,     // [learners, parameters]
    pub(super) velocity: Buffer,       // [learners, parameters]
    pub(super) settings: Buffer,       // [learners] kernel::Learner
    pub(super) progress: Buffer,       // [learners] kernel::Progress
    pub(super) lists: Buffer,          // sample lists, end to end
    pub(super) targets: Buffer,        // [learners, padded classes + LESSON], tables
    pub(super) order: Buffer,          // [steps, learners, batch]
    pub(super) outputs: Vec<Buffer>,   // per layer [learners, batch, outputs]
    pub(super) gradients: Vec<Buffer>, // the same
    pub(super) losses: Buffer,         // [steps, learners, batch]
    pub(super) answers: Vec<Buffer>,   // per layer [learners, part, outputs], of an evaluation
    pub(super) counts: Buffer,         // [learners, COUNTS]
}

impl Buffers {
    pub(super) fn allocate(
        device: &dyn Device,
        model: &Model,
        batch: usize,
        part: usize,
        taught: &[Curriculum],
    ) -> Result<Self> {
        let learners = taught.len();
        let per_layer = |label: &str, rows: usize| -> Result<Vec<Buffer>> {
            let width = |layer: &Layer| layer.padded_outputs as usize;
            let layers = model.layers().iter();
            layers
                .map(|layer| device.allocate(label, learners * rows * width(layer)))
                .collect()
        };
        let parameters = learners * model.parameters() as usize;
        let lists: usize = distinct(taught).iter().map(|list| list.len()).sum();
        let tables: usize = tables(taught).iter().map(|table| table.len()).sum();
        let lessons = learners * (last(model).padded_outputs + LESSON) as usize;
        Ok(Self {
            parameters: device.allocate("parameters", parameters)?,
            velocity: device.allocate("velocity", parameters)?,
            settings: device.allocate("settings", learners * size_of::<kernel::Learner>() / 4)?,
            progress: device.allocate("progress", learners * size_of::<Progress>() / 4)?,
            lists: device.allocate("sample lists", lists)?,
            targets: device.allocate("targets", lessons + tables)?,
            order: device.allocate("sample order", steps(learners) * learners * batch)?,
            outputs: per_layer("layer outputs", batch)?,
            gradients: per_layer("layer gradients", batch)?,
            losses: device.allocate("losses", steps(learners) * learners * batch)?,
            answers: per_layer("evaluation outputs", part)?,
            counts: device.allocate("counts", learners * COUNTS)?,
        })
    }

    pub(super) fn all(&self) -> Vec<Buffer> {
        let single = [
            self.parameters,
            self.velocity,
            self.settings,
            self.progress,
            self.lists,
            self.targets,
            self.order,
            self.losses,
            self.counts,
        ];
        let layers = [&self.outputs, &self.gradients, &self.answers];
        let layers = layers.into_iter().flatten().copied();
        single.into_iter().chain(layers).collect()
    }
}
