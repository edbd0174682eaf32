//! PURGE's projection: follows the forget samples' gradient, minus the part that would harm the
//! others.

use super::retain_confusion::mean;
use super::{By, Method, Passed, SOFT, Setting, Stage, Task, rates};
use crate::error::Result;

/// g_f: the gradient of CE on the forget samples to the mean output of θ₀ over the retain samples;
/// g_r: that of CE + 3·KL(θ₀ ‖ θ) on the retain samples. If g_f·g_r < 0, g_f ← g_f −
/// (g_f·g_r/‖g_r‖²) g_r; clipped to length 1, it is the step. Left out of the authors' method:
/// erasure of hidden layers, gates, and stopping by the retain loss.
pub struct Purge;

/// The gradient's length is clipped to this.
pub const CLIP: f32 = 1.0;
/// The weight of distillation relative to the label.
const DISTILLATION: f32 = 3.0;

impl Method for Purge {
    fn name(&self) -> &'static str {
        "purge"
    }

    fn rule(&self) -> &'static str {
        "CE(forget → mean of θ₀'s softmax over retain), gradient projected off CE(retain)'s"
    }

    fn source(&self) -> &'static str {
        "vedjaw/la_purge; the projection of A-GEM"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.0003, 0.001, 0.003, 0.01, 0.03, 0.1])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.of_teacher() + samples.trained
    }

    fn usual(&self) -> Setting {
        Setting::new(0.001, 0.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut forget = task.recipes(task.forget_with(SOFT), 0.0);
        let marked = task.retain.iter().map(|r| r | SOFT).collect();
        let mut retain = task.recipes(marked, 0.0);
        let both = forget.iter_mut().zip(&mut retain);
        for ((f, r), original) in both.zip(task.originals.get()?) {
            f.soft_target = mean(original, &task.retain);
            f.strength = setting.rate as f32;
            r.table = Some(task.distilled(original, DISTILLATION).into());
            r.weights = [1.0 + DISTILLATION; 2];
            // A rate of 0 and a momentum of 1 accumulate gradients in the velocities, where the
            // projection reads them.
            (f.momentum, r.momentum) = (1.0, 1.0);
        }
        let pairs = forget.into_iter().zip(retain).flat_map(|(f, r)| [f, r]);
        Ok(vec![Stage::TrainBy(By::Projected, 1.0, pairs.collect())])
    }
}
