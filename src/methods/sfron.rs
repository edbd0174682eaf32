//! SFRon: ascent on the forget samples, in weights that matter more to them than to the others, takes
//! turns with descent on the retain samples.

use super::{By, FORGET, Factors, Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// In rounds: −α_t·CE on the forget samples, which moves only weights with F_forget ≥ F_retain, for a
/// sixth of the round; CE on the retain samples, which moves all weights, for the rest. α_t falls from
/// α to 0 along a half cosine.
pub struct SfrOn;

/// Rounds that the budget is divided into.
const ROUNDS: u32 = 8;
/// The fraction of a round for the forget samples: a step for every five on the retain samples.
const FORGETTING: f64 = 1.0 / 6.0;

impl Method for SfrOn {
    fn name(&self) -> &'static str {
        "sfron"
    }

    fn rule(&self) -> &'static str {
        "−α_t·CE(forget) where F_forget ≥ F_retain, in turn with CE(retain)"
    }

    fn source(&self) -> &'static str {
        "Huang et al. 2024, NeurIPS; K1nght/Unified-Unlearning-w-Remain-Geometry"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.1, 0.3], &[0.003, 0.01, 0.03])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.forget + samples.retain
    }

    fn usual(&self) -> Setting {
        Setting::new(0.3, 0.01)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut stages = Vec::new();
        let each = 1.0 / f64::from(ROUNDS);
        for round in 0..ROUNDS {
            let turn = std::f64::consts::PI * f64::from(round) / f64::from(ROUNDS);
            let alpha = setting.strength * (1.0 + turn.cos()) / 2.0;
            let mut forget = task.recipes(task.forget_with(FORGET), setting.rate);
            for recipe in &mut forget {
                recipe.weights[1] = -alpha as f32;
                recipe.key[1] ^= round;
            }
            let mut retain = task.recipes(task.retain.clone(), setting.rate);
            retain
                .iter_mut()
                .for_each(|recipe| recipe.key[1] ^= ROUNDS + round);
            let by = By::Scaled(Factors::Specific);
            stages.push(Stage::TrainBy(by, each * FORGETTING, forget));
            stages.push(Stage::Train(each * (1.0 - FORGETTING), retain));
        }
        Ok(stages)
    }
}
