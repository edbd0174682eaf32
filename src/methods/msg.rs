//! MSG (masked small gradients): replaces the weights that tell forget and retain samples apart least,
//! and lets the others follow slowly.

use super::{By, Factors, Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// In each hidden layer's matrix the share p of weights with the smallest |∇CE(retain) − ∇CE(forget)|
/// becomes that of a fresh network; then CE on the retain samples, with a tenth of a step for the
/// matrices' other weights. Biases and the last layer learn as usual.
pub struct Msg;

/// The fraction of a step that weights take which keep their value at first.
pub const SLOW: f32 = 0.1;

impl Method for Msg {
    fn name(&self) -> &'static str {
        "msg"
    }

    fn rule(&self) -> &'static str {
        "fresh weights for the share p with the smallest |∇CE(r) − ∇CE(f)|, CE(retain) at .1 elsewhere"
    }

    fn source(&self) -> &'static str {
        "2nd place of the NeurIPS 2023 challenge; Cadet et al. 2024, xcadet/deepunlearn"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("p")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.2, 0.4, 0.8], &[0.3, 0.6])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.forget + samples.retain
    }

    fn most(&self) -> f64 {
        1.0
    }

    fn usual(&self) -> Setting {
        Setting::new(0.4, 0.6)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let share = setting.strength as f32;
        let mut recipes = task.recipes(task.retain.clone(), setting.rate);
        recipes
            .iter_mut()
            .for_each(|recipe| recipe.strength = share);
        Ok(vec![
            Stage::Renew(share),
            Stage::TrainBy(By::Scaled(Factors::Renewed), 1.0, recipes),
        ])
    }
}
