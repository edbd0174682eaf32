//! CF-k and EU-k: only the last k layers learn, from what they know or from fresh weights.

use super::{By, Factors, Method, Setting, Stage, Task, grid};
use crate::error::Result;

/// CE on the retain samples with all but the last k layers frozen. EU-k ("exact unlearning" of those
/// layers) gives the k layers their first weights again before.
pub struct LastLayers {
    /// Whether the layers start from fresh weights.
    pub anew: bool,
}

impl Method for LastLayers {
    fn name(&self) -> &'static str {
        match self.anew {
            true => "eu-k",
            false => "cf-k",
        }
    }

    fn rule(&self) -> &'static str {
        match self.anew {
            true => "fresh weights in the last k layers, which alone learn CE(retain)",
            false => "CE(retain) in the last k layers",
        }
    }

    fn source(&self) -> &'static str {
        "Goel et al. 2022; meghdadk/SCRUB"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("k")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.2, 0.4, 0.8], &[1.0, 2.0])
    }

    fn usual(&self) -> Setting {
        Setting::new(0.4, 2.0)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of layers"
    )]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut recipes = task.recipes(task.retain.clone(), setting.rate);
        for recipe in &mut recipes {
            recipe.strength = setting.strength as f32;
        }
        let training = Stage::TrainBy(By::Scaled(Factors::Last), 1.0, recipes);
        Ok(match self.anew {
            true => vec![Stage::Reinitialise(setting.strength as usize), training],
            false => vec![training],
        })
    }
}
