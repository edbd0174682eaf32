//! Fine-tuning: continues training on the retain samples only.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// CE on the retain samples.
pub struct FineTune;

impl Method for FineTune {
    fn name(&self) -> &'static str {
        "fine-tune"
    }

    fn rule(&self) -> &'static str {
        "CE(retain)"
    }

    fn source(&self) -> &'static str {
        "catastrophic forgetting as a baseline; OPTML-Group/Unlearn-Sparse"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.05, 0.085, 0.145, 0.25, 0.43, 0.73])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.43, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let recipes = task.recipes(task.retain.clone(), setting.rate);
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}
