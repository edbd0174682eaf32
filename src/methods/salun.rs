//! SalUn: random labels, taught only to the weights most salient for the forget samples.

use super::random_label::random_labels;
use super::{By, Factors, Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// Only the fraction q of weights with the largest nonzero |Σ ∇CE(forget)| moves, by CE on the
/// forget samples with a label drawn once for each, and CE on the retain samples. All other weights
/// stay bitwise unchanged.
pub struct SalUn;

impl Method for SalUn {
    fn name(&self) -> &'static str {
        "salun"
    }

    fn rule(&self) -> &'static str {
        "random-label on the fraction q of weights with the largest |Σ∇CE(forget)| > 0"
    }

    fn source(&self) -> &'static str {
        "Fan et al. 2024; OPTML-Group/Unlearn-Saliency"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("q")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.25, 0.5], &[0.05, 0.1, 0.2])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.forget
    }

    fn most(&self) -> f64 {
        1.0
    }

    fn usual(&self) -> Setting {
        Setting::new(0.5, 0.1)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        let mut recipes = random_labels(task, setting.rate, true);
        for recipe in &mut recipes {
            recipe.strength = setting.strength as f32;
        }
        Ok(vec![Stage::TrainBy(
            By::Scaled(Factors::Salient),
            1.0,
            recipes,
        )])
    }
}
