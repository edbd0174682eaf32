//! Uniform target: moves the forget samples towards 1/classes everywhere.

use super::{Method, SOFT, Setting, Stage, Task, rates};
use crate::error::Result;

/// CE to the uniform distribution on the forget samples, dz = softmax(z) − 1/C; with protection,
/// also CE on the retain samples.
pub struct Uniform {
    /// Whether the retain samples are rehearsed.
    pub protected: bool,
}

impl Method for Uniform {
    fn name(&self) -> &'static str {
        match self.protected {
            true => "uniform",
            false => "uniform-alone",
        }
    }

    fn rule(&self) -> &'static str {
        match self.protected {
            true => "CE(forget → uniform) + CE(retain)",
            false => "CE(forget → uniform)",
        }
    }

    fn source(&self) -> &'static str {
        "the base case of this project"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(match self.protected {
            true => &[0.05, 0.085, 0.145, 0.25, 0.43, 0.73],
            false => &[0.000_03, 0.0001, 0.0003, 0.001, 0.003, 0.01],
        })
    }

    fn usual(&self) -> Setting {
        Setting::new(if self.protected { 0.25 } else { 0.0001 }, 0.0)
    }

    fn trains_on(&self) -> bool {
        self.protected
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        if !self.protected {
            let recipes = task.recipes(task.forget_with(SOFT), setting.rate);
            return Ok(vec![Stage::Train(1.0, recipes)]);
        }
        let mut recipes = task.recipes(task.all(SOFT), setting.rate);
        for recipe in &mut recipes {
            recipe.momentum = task.momentum as f32;
            recipe.decay = task.decay as f32;
        }
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}
