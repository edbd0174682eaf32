//! Bad teacher: imitates an untrained network on the forget samples, and the original elsewhere.

use super::{Method, PADDED, Passed, SOFT, Setting, Stage, Task, rates};
use crate::error::Result;

/// KL(teacher ‖ student), with gradient softmax(z) − teacher. A freshly initialised network teaches
/// the forget samples, the original the retain samples.
pub struct BadTeacher;

impl Method for BadTeacher {
    fn name(&self) -> &'static str {
        "bad-teacher"
    }

    fn rule(&self) -> &'static str {
        "KL(fresh network ‖ θ) on forget + KL(θ₀ ‖ θ) on retain"
    }

    fn source(&self) -> &'static str {
        "Chundawat et al. 2023, at temperature 1"
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
        let samples = task.both(0).into_iter().map(|entry| entry | SOFT).collect();
        let mut recipes = task.recipes(samples, setting.rate);
        let teachers = task.originals.get()?.iter().zip(task.fresh.get()?);
        for (recipe, (original, fresh)) in recipes.iter_mut().zip(teachers) {
            let mut table = original.to_vec();
            for &image in &task.forget {
                let row = image as usize * PADDED..(image as usize + 1) * PADDED;
                table[row.clone()].copy_from_slice(&fresh[row]);
            }
            recipe.table = Some(table.into());
        }
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}
