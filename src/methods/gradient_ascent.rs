//! Gradient ascent (NegGrad) on the loss of the forget samples.

use super::{FORGET, Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// −CE on the forget samples, without protection of the others.
pub struct GradientAscent;

impl Method for GradientAscent {
    fn name(&self) -> &'static str {
        "gradient-ascent"
    }

    fn rule(&self) -> &'static str {
        "−CE(forget)"
    }

    fn source(&self) -> &'static str {
        "NegGrad; OPTML-Group/Unlearn-Sparse"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[
            0.000_04, 0.000_052, 0.000_068, 0.000_088, 0.000_114, 0.000_149,
        ])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.000_068, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut recipes = task.recipes(task.forget_with(FORGET), setting.rate);
        for recipe in &mut recipes {
            recipe.weights = [1.0, -1.0];
        }
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}
