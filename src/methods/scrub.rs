//! SCRUB: away from the teacher on the forget samples, then back towards it on the others.

use std::sync::Arc;

use super::{FORGET, Method, Passed, Recipe, SOFT, Setting, Stage, Task, grid};
use crate::error::Result;

/// As its authors do, in `ROUNDS` rounds that go through the training set once together: in each of
/// the first `MAXIMISING`, β·KL(θ₀ ‖ θ) is maximised on the forget samples; then, in every round,
/// γ·CE + α·KL(θ₀ ‖ θ) is minimised on the retain samples. A round's steps are shared in proportion
/// to the numbers of samples. γ = 1, α = .5, and the temperature is 1. Both losses of a retain sample
/// share one gradient, (γ + α)·(softmax(z) − t), with t the mean of label and teacher in the
/// proportions γ and α.
///
/// At θ = θ₀ the KL has no gradient: the first ascent does next to nothing. β is 1 with the authors'
/// Adam, which takes steps of one length; without it the gradient grows with the KL.
pub struct Scrub;

/// Rounds that the budget is divided into.
const ROUNDS: u32 = 10;
/// The first of them, in which the forget samples take part.
const MAXIMISING: u32 = 3;
/// The weight of KL on the retain samples, next to that of CE.
const ALPHA: f32 = 0.5;

impl Method for Scrub {
    fn name(&self) -> &'static str {
        "scrub"
    }

    fn rule(&self) -> &'static str {
        "in ten rounds: −β·KL(θ₀ ‖ θ) on forget (the first three), then CE + .5·KL(θ₀ ‖ θ) on retain"
    }

    fn source(&self) -> &'static str {
        "Kurmanji et al. 2023; meghdadk/SCRUB"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("β")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.03, 0.1], &[0.12, 0.2, 0.33])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.of_teacher()
    }

    fn usual(&self) -> Setting {
        Setting::new(0.1, 0.12)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let tables: Vec<Arc<Vec<f32>>> = task
            .originals
            .get()?
            .iter()
            .map(|original| Arc::new(task.distilled(original, ALPHA)))
            .collect();
        // Every round walks through the samples in its own order.
        let taught = |samples: &[u32], weights: [f32; 2], round: u32| -> Vec<Recipe> {
            let mut recipes = task.recipes(samples.to_vec(), setting.rate);
            for (recipe, table) in recipes.iter_mut().zip(&tables) {
                recipe.table = Some(table.clone());
                recipe.weights = weights;
                recipe.key[1] ^= round;
            }
            recipes
        };
        let forget = task.forget_with(SOFT | FORGET);
        let retain: Vec<u32> = task.retain.iter().map(|r| r | SOFT).collect();
        let round = 1.0 / f64::from(ROUNDS);
        let share = forget.len() as f64 / task.labels.len() as f64;
        let mut stages = Vec::new();
        for number in 0..MAXIMISING {
            let away = taught(&forget, [1.0, -setting.strength as f32], number);
            stages.push(Stage::Train(round * share, away));
            let back = taught(&retain, [1.0 + ALPHA, 1.0], ROUNDS + number);
            stages.push(Stage::Train(round * (1.0 - share), back));
        }
        let rest = f64::from(ROUNDS - MAXIMISING);
        let back = taught(&retain, [1.0 + ALPHA, 1.0], 2 * ROUNDS);
        stages.push(Stage::Train(round * rest, back));
        Ok(stages)
    }
}
