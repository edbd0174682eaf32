//! ℓ1-sparse: fine-tuning that drives weights to zero, the least needed ones first.

use super::{By, Method, Setting, Stage, Task, grid};
use crate::error::Result;

/// CE on the retain samples + α_t·‖θ‖₁ with α_t = α·(1 − t/T). The penalty's part of a step is the
/// proximal operator, w ← sign(w)·max(|w| − rate·α_t, 0), which reaches exact zeros where a
/// subgradient would oscillate around them.
pub struct L1Sparse;

impl Method for L1Sparse {
    fn name(&self) -> &'static str {
        "l1-sparse"
    }

    fn rule(&self) -> &'static str {
        "CE(retain) + α·(1 − t/T)·‖θ‖₁"
    }

    fn source(&self) -> &'static str {
        "Jia et al. 2023; OPTML-Group/Unlearn-Sparse"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.2, 0.4], &[0.0003, 0.001, 0.003])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.2, 0.001)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut recipes = task.recipes(task.retain.clone(), setting.rate);
        for recipe in &mut recipes {
            recipe.strength = setting.strength as f32;
        }
        Ok(vec![Stage::TrainBy(By::Sparse, 1.0, recipes)])
    }
}
