//! Boundary shrink: relabels the forget samples with the nearest class across the decision
//! boundary.

use super::{Method, OTHER, Passed, Setting, Stage, Task, rates};
use crate::error::Result;

/// CE on the forget samples with the nearest wrong label: the largest other output of the original
/// network for x + ε·sign(∇CE), ε = .1 (FGSM).
pub struct BoundaryShrink;

impl Method for BoundaryShrink {
    fn name(&self) -> &'static str {
        "boundary-shrink"
    }

    fn rule(&self) -> &'static str {
        "CE(forget → nearest wrong label by FGSM)"
    }

    fn source(&self) -> &'static str {
        "Chen et al. 2023"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03])
    }

    fn passed(&self, samples: Passed) -> usize {
        2 * samples.forget
    }

    fn usual(&self) -> Setting {
        Setting::new(0.001, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let nearest = task.nearest.get()?;
        let recipes = task.recipes_each(setting.rate, |learner| {
            let labelled = task.forget.iter().zip(&*nearest[learner]);
            let entry = |(image, label): (&u32, &u8)| image | (u32::from(*label) + 1) << OTHER;
            labelled.map(entry).collect()
        });
        Ok(vec![Stage::Train(1.0, recipes)])
    }
}
