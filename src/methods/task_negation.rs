//! Task negation: reverses the effect of further training on the forget samples.

use super::{Method, Setting, Stage, Task, grid};
use crate::error::Result;

/// θ₀ − λ · (θ_f − θ₀), with θ_f the original after more training on the forget samples alone.
pub struct TaskNegation;

impl Method for TaskNegation {
    fn name(&self) -> &'static str {
        "task-negation"
    }

    fn rule(&self) -> &'static str {
        "θ₀ − λ·(θ_f − θ₀), θ_f: θ₀ after CE(forget)"
    }

    fn source(&self) -> &'static str {
        "Ilharco et al. 2023"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("λ")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.003, 0.01], &[1.0, 3.0, 9.0])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.003, 3.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let recipes = task.recipes(task.forget.clone(), setting.rate);
        let lambda = setting.strength as f32;
        let mix = Stage::Mix {
            own: -lambda,
            original: 1.0 + lambda,
        };
        Ok(vec![Stage::Train(1.0, recipes), mix])
    }
}
