//! A method with a setting, laid out in steps.

use sha2::{Digest, Sha256};

use super::{Job, Weights};
use crate::error::Result;
use crate::files::hex;
use crate::methods::{By, Stage, Task};
use crate::population::Recipe;

/// A part of a method's training: its first and last step, what its steps do beyond the gradient,
/// and the networks' recipes.
pub(super) struct Part {
    pub(super) steps: std::ops::Range<u32>,
    pub(super) by: Option<By>,
    pub(super) taught: Vec<Recipe>,
}

impl Part {
    /// Number of steps.
    pub(super) fn length(&self) -> u32 {
        self.steps.end - self.steps.start
    }
}

/// A job over time: what trains networks, and the edits of weights before certain steps.
pub(crate) struct Schedule {
    pub(super) parts: Vec<Part>,
    pub(super) edits: Vec<(u32, Stage)>,
}

impl Schedule {
    /// Plain training of `steps` steps, with a recipe for each network.
    pub(crate) fn plain(taught: Vec<Recipe>, steps: u32) -> Self {
        let (steps, by) = (0..steps, None);
        Self {
            parts: vec![Part { steps, by, taught }],
            edits: Vec::new(),
        }
    }

    /// Whether it is plain training from the first step to the last.
    pub(crate) fn is_plain(&self, steps: u32) -> bool {
        let whole = |part: &Part| part.steps == (0..steps) && part.by.is_none();
        self.edits.is_empty() && matches!(&self.parts[..], [part] if whole(part))
    }

    /// A job with a budget of `budget` steps.
    ///
    /// # Errors
    /// `Device` if what the method draws on cannot be computed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the budget"
    )]
    pub(crate) fn new(job: &Job, task: &Task<'_>, budget: u32) -> Result<Self> {
        let (mut parts, mut edits) = (Vec::new(), Vec::new());
        // In steps, and not yet rounded.
        let mut done = 0.0;
        let at = |steps: f64| steps.round() as u32;
        for stage in job.method.stages(task, job.setting)? {
            let (by, more, taught) = match stage {
                Stage::Train(share, taught) => (None, share * f64::from(budget), taught),
                Stage::TrainBy(by, share, taught) => (Some(by), share * f64::from(budget), taught),
                Stage::TrainAnew(share, taught) => {
                    let steps = f64::from(task.steps) + share * f64::from(budget);
                    (None, steps, taught)
                }
                edit => {
                    edits.push((at(done), edit));
                    continue;
                }
            };
            let steps = at(done)..at(done + more);
            done += more;
            parts.push(Part { steps, by, taught });
        }
        Ok(Self { parts, edits })
    }

    /// The recipes in this step.
    pub(super) fn part(&self, step: u32) -> Option<&Part> {
        self.parts.iter().find(|p| p.steps.contains(&step))
    }

    /// Steps until everything is done.
    pub(super) fn length(&self) -> u32 {
        self.bounds().max().unwrap_or(0)
    }

    /// The steps at which something begins or ends.
    pub(super) fn bounds(&self) -> impl Iterator<Item = u32> {
        let parts = self.parts.iter().flat_map(|p| [p.steps.start, p.steps.end]);
        parts.chain(self.edits.iter().map(|(step, _)| *step))
    }

    /// Identifies everything that results depend on: what networks are taught and when, their
    /// edits, and the initial weights.
    pub(super) fn fingerprint(&self, originals: &Weights) -> String {
        let mut hash = Sha256::new();
        hash.update(bytemuck::cast_slice::<f32, u8>(originals));
        hash.update(format!("{:?}", self.edits));
        for part in &self.parts {
            hash.update(format!("{:?} {:?}", part.steps, part.by));
            for recipe in &part.taught {
                let rates = (recipe.rate, recipe.momentum, recipe.decay, recipe.strength);
                let numbers = (recipe.key, recipe.soft_target, recipe.weights, rates);
                hash.update(format!("{numbers:?}"));
                hash.update(bytemuck::cast_slice::<u32, u8>(&recipe.samples));
                if let Some(table) = &recipe.table {
                    hash.update(bytemuck::cast_slice::<f32, u8>(table));
                }
            }
        }
        hex(&hash.finalize()[..16])
    }
}
