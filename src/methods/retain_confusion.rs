//! Retain-confusion (KL-R): moves the forget samples towards the mean output on the retain samples.

use super::{CLASSES, Method, PADDED, Passed, SOFT, Setting, Stage, Task, rates};
use crate::error::Result;

/// CE on the forget samples to t = mean over the retain samples of softmax(θ₀(x)), and CE on the retain
/// samples.
pub struct RetainConfusion;

impl Method for RetainConfusion {
    fn name(&self) -> &'static str {
        "retain-confusion"
    }

    fn rule(&self) -> &'static str {
        "CE(forget → mean of θ₀'s softmax over retain) + CE(retain)"
    }

    fn source(&self) -> &'static str {
        "KL-R of vedjaw/la_purge"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.05, 0.085, 0.145, 0.25, 0.43, 0.73])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.of_teacher()
    }

    fn usual(&self) -> Setting {
        Setting::new(0.25, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut recipes = task.recipes(task.both(SOFT), setting.rate);
        for (recipe, outputs) in recipes.iter_mut().zip(task.originals.get()?) {
            recipe.soft_target = mean(outputs, &task.retain);
        }
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}

/// The mean output over these images.
#[expect(clippy::cast_possible_truncation, reason = "a target in f32")]
pub(super) fn mean(outputs: &[f32], images: &[u32]) -> [f32; CLASSES] {
    let mut sums = [0.0f64; CLASSES];
    for &image in images {
        let row = &outputs[image as usize * PADDED..];
        sums.iter_mut()
            .zip(row)
            .for_each(|(s, p)| *s += f64::from(*p));
    }
    sums.map(|s| (s / images.len() as f64) as f32)
}
