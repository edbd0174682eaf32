//! NegGrad+: ascent on the forget samples, descent on the retain samples, in one step.

use super::{FORGET, Method, Setting, Stage, Task, grid};
use crate::error::Result;

/// α · CE(retain) − (1 − α) · CE(forget). The original rule takes a batch of each. Here half of a
/// batch comes from each list in expectation, with the shorter list repeated, and both weights are
/// doubled so that the expected gradient is the same.
pub struct NegGradPlus;

impl Method for NegGradPlus {
    fn name(&self) -> &'static str {
        "neggrad-plus"
    }

    fn rule(&self) -> &'static str {
        "α·CE(retain) − (1 − α)·CE(forget)"
    }

    fn source(&self) -> &'static str {
        "Kurmanji et al. 2023; meghdadk/SCRUB"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.01, 0.03, 0.09], &[0.99, 0.997])
    }

    fn most(&self) -> f64 {
        1.0
    }

    fn usual(&self) -> Setting {
        Setting::new(0.03, 0.997)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let half = task.retain.len().max(task.forget.len());
        let cycled = |list: &[u32], bits: u32| -> Vec<u32> {
            let cycled = list.iter().cycle().take(half);
            cycled.map(|entry| entry | bits).collect()
        };
        let samples = [cycled(&task.forget, FORGET), cycled(&task.retain, 0)].concat();
        let mut recipes = task.recipes(samples, setting.rate);
        let alpha = setting.strength as f32;
        for recipe in &mut recipes {
            recipe.weights = [2.0 * alpha, -2.0 * (1.0 - alpha)];
        }
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}
