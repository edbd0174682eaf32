//! SCRUB: away from the teacher on the forget samples, then back towards it on the others.

use super::{FORGET, Method, Passed, SOFT, Setting, Stage, Task, grid};
use crate::error::Result;

/// For a first part of the budget, KL(θ₀ ‖ θ) is maximised on the forget samples, and the sum of
/// γ·CE and α·KL(θ₀ ‖ θ) is minimised on the retain samples; then only the latter. γ and the
/// temperature are 1. Both losses of a retain sample share one gradient, (γ + α)·(softmax(z) − t),
/// with t the mean of label and teacher in the proportions γ and α.
pub struct Scrub;

/// The fraction of the budget in which the forget samples take part.
const MAXIMISING: f64 = 0.5;
/// The weight of the ascent on the forget samples.
const CLIMB: f32 = -0.1;

impl Method for Scrub {
    fn name(&self) -> &'static str {
        "scrub"
    }

    fn rule(&self) -> &'static str {
        "half the budget −0.1·KL(θ₀ ‖ θ) on forget; all of it CE + α·KL(θ₀ ‖ θ) on retain"
    }

    fn source(&self) -> &'static str {
        "Kurmanji et al. 2023; meghdadk/SCRUB"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.01, 0.03, 0.1], &[0.01, 0.03, 0.1])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.of_teacher()
    }

    fn usual(&self) -> Setting {
        Setting::new(0.03, 0.03)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let alpha = setting.strength as f32;
        let retain: Vec<u32> = task.retain.iter().map(|r| r | SOFT).collect();
        let mut both = task.forget_with(SOFT | FORGET);
        both.extend(&retain);
        let mut first = task.recipes(both, setting.rate);
        let mut second = task.recipes(retain, setting.rate);
        // Its own walk through the samples.
        second.iter_mut().for_each(|recipe| recipe.key[1] ^= 1);
        for ((one, other), original) in first.iter_mut().zip(&mut second).zip(task.originals.get()?)
        {
            let table = std::sync::Arc::new(task.distilled(original, alpha));
            for recipe in [one, other] {
                recipe.table = Some(table.clone());
                recipe.weights = [1.0 + alpha, CLIMB];
            }
        }
        Ok(vec![
            Stage::Train(MAXIMISING, first),
            Stage::Train(1.0 - MAXIMISING, second),
        ])
    }
}
