//! DELETE: distils what the original says about other classes, as if the true one did not exist.

use super::{Method, PADDED, Passed, SOFT, Setting, Stage, Task, rates};
use crate::error::Result;

/// KL(t ‖ θ) on the forget samples, with t the original's softmax over all classes but the label's. As
/// in the paper, the retain samples take no part: the other classes' proportions are what protects
/// them.
pub struct Delete;

impl Method for Delete {
    fn name(&self) -> &'static str {
        "delete"
    }

    fn rule(&self) -> &'static str {
        "KL(θ₀'s softmax without the label's logit ‖ θ) on forget"
    }

    fn source(&self) -> &'static str {
        "Zhou et al. 2025, CVPR; shaaaaron/DELETE"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.002, 0.004, 0.008, 0.016, 0.032, 0.064])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.forget / 3
    }

    fn usual(&self) -> Setting {
        Setting::new(0.016, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut recipes = task.recipes(task.forget_with(SOFT), setting.rate);
        for (recipe, original) in recipes.iter_mut().zip(task.originals.get()?) {
            let mut table = original.to_vec();
            for &image in &task.forget {
                let row = &mut table[image as usize * PADDED..][..PADDED];
                remove(row, usize::from(task.labels[image as usize]));
            }
            recipe.table = Some(table.into());
        }
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}

/// The distribution over all classes but this one, in the same proportions; the row's padding is 0.
pub fn remove(row: &mut [f32], class: usize) {
    row[class] = 0.0;
    let total: f32 = row.iter().sum();
    row.iter_mut()
        .for_each(|p| *p /= total.max(f32::MIN_POSITIVE));
}
