//! Random labels: teaches the forget samples arbitrary labels.

use super::{Method, OTHER, Recipe, Setting, Stage, Task, rates};
use crate::error::Result;

/// CE on the forget samples with a label drawn once for each, and CE on the retain samples. Two
/// variants are in use: the true label is among those drawn (`own`), or excluded.
pub struct RandomLabel {
    /// Whether the true label may be drawn.
    pub own: bool,
}

impl Method for RandomLabel {
    fn name(&self) -> &'static str {
        match self.own {
            true => "random-label",
            false => "wrong-label",
        }
    }

    fn rule(&self) -> &'static str {
        match self.own {
            true => "CE(forget → any label) + CE(retain)",
            false => "CE(forget → any label but the true one) + CE(retain)",
        }
    }

    fn source(&self) -> &'static str {
        match self.own {
            true => "random labelling of Unlearn-Saliency",
            false => "\"amnesiac\" of selective-synaptic-dampening",
        }
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.05, 0.1, 0.2, 0.3, 0.5, 0.7])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.3, 0.0)
    }

    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        Ok(vec![Stage::Train(
            1.0,
            random_labels(task, setting.rate, self.own),
        )])
    }
}

/// CE on the forget samples with labels drawn for each learner, and CE on the retain samples.
pub(super) fn random_labels(task: &Task<'_>, rate: f64, own: bool) -> Vec<Recipe> {
    let classes = u32::from(task.classes);
    task.recipes_each(rate, |learner| {
        let drawn = |&image: &u32| {
            let label = u32::from(task.labels[image as usize]);
            let drawn = match own {
                true => task.random(learner, image, classes),
                false => (label + 1 + task.random(learner, image, classes - 1)) % classes,
            };
            image | (drawn + 1) << OTHER
        };
        let samples = task.forget.iter().map(drawn);
        samples.chain(task.retain.iter().copied()).collect()
    })
}
