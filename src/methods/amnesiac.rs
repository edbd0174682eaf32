//! Amnesiac unlearning: undoes the training steps that saw forget samples.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// θ₀ − Σ Δθ over all steps of the original's training whose batch contained a forget sample, then
/// CE on the retain samples. Meant for few samples: if nearly every batch contained one, what
/// remains is close to the initial weights, and the repair amounts to retraining.
pub struct Amnesiac;

impl Method for Amnesiac {
    fn name(&self) -> &'static str {
        "amnesiac"
    }

    fn rule(&self) -> &'static str {
        "θ₀ − Σ Δθ of the batches with forget samples, then CE(retain)"
    }

    fn source(&self) -> &'static str {
        "Graves et al. 2021"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.05, 0.085, 0.145, 0.25, 0.43, 0.73])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.25, 0.0)
    }

    fn takes_back_steps(&self) -> bool {
        true
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let repair = task.recipes(task.retain.clone(), setting.rate);
        Ok(vec![Stage::Undo, Stage::Train(1.0, repair)])
    }
}
