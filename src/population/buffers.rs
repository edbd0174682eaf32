//! The buffers of a population.

use super::{COUNTS, Recipe, distinct, last, steps, tables};
use crate::device::Buffer;
use crate::error::Result;
use crate::kernels::{Clock, LESSON, Learner};
use crate::model::{Layer, Model};

/// Everything a population allocates; the leading axis is the learner.
#[derive(Debug)]
pub(super) struct Buffers {
    pub(super) parameters: Buffer,     // [learners, parameters]
    pub(super) velocity: Buffer,       // [learners, parameters]
    pub(super) settings: Buffer,       // [learners] kernels::Learner
    pub(super) progress: Buffer,       // [learners] kernels::Clock
    pub(super) lists: Buffer,          // sample lists, end to end
    pub(super) targets: Buffer,        // [learners, padded classes + LESSON], tables
    pub(super) order: Buffer,          // [steps, learners, batch]
    pub(super) outputs: Vec<Buffer>,   // per layer [learners, batch, outputs]
    pub(super) gradients: Vec<Buffer>, // the same
    pub(super) losses: Buffer,         // [steps, learners, batch]
    pub(super) answers: Vec<Buffer>,   // per layer [learners, part, outputs], of an evaluation
    pub(super) counts: Buffer,         // [learners, COUNTS]
}

/// The sizes that determine the buffers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) learners: usize,
    /// Entries of all sample lists.
    pub(super) lists: usize,
    /// Numbers in all tables of targets.
    pub(super) tables: usize,
}

impl Size {
    pub(super) fn of(taught: &[Recipe]) -> Self {
        Self {
            learners: taught.len(),
            lists: distinct(taught).iter().map(|list| list.len()).sum(),
            tables: tables(taught).iter().map(|table| table.len()).sum(),
        }
    }
}

impl Buffers {
    /// The total size of all buffers in words.
    pub(super) fn words(model: &Model, batch: usize, part: usize, size: Size) -> u64 {
        let mut words = 0;
        let mut count = |_: &str, more: usize| {
            words += more as u64;
            Ok(Buffer::default())
        };
        // Counting cannot fail.
        let _ = Self::allocate(&mut count, model, batch, part, size);
        words
    }

    /// Allocates the buffers with `allocate`, which takes a label and a number of words.
    pub(super) fn allocate(
        allocate: &mut dyn FnMut(&str, usize) -> Result<Buffer>,
        model: &Model,
        batch: usize,
        part: usize,
        size: Size,
    ) -> Result<Self> {
        let Size {
            learners,
            lists,
            tables,
        } = size;
        let mut per_layer = |label: &str, rows: usize| -> Result<Vec<Buffer>> {
            let width = |layer: &Layer| layer.padded_outputs as usize;
            let layers = model.layers().iter();
            layers
                .map(|layer| allocate(label, learners * rows * width(layer)))
                .collect()
        };
        let parameters = learners * model.parameters() as usize;
        let lessons = learners * (last(model).padded_outputs + LESSON) as usize;
        let outputs = per_layer("layer outputs", batch)?;
        let gradients = per_layer("layer gradients", batch)?;
        let answers = per_layer("evaluation outputs", part)?;
        Ok(Self {
            parameters: allocate("parameters", parameters)?,
            velocity: allocate("velocity", parameters)?,
            settings: allocate("settings", learners * size_of::<Learner>() / 4)?,
            progress: allocate("progress", learners * size_of::<Clock>() / 4)?,
            lists: allocate("sample lists", lists)?,
            targets: allocate("targets", lessons + tables)?,
            order: allocate("sample order", steps(learners) * learners * batch)?,
            outputs,
            gradients,
            losses: allocate("losses", steps(learners) * learners * batch)?,
            answers,
            counts: allocate("counts", learners * COUNTS)?,
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
