//! Influence unlearning: one step against the influence of the forget samples, by the inverse Fisher
//! information.

use super::{Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// θ₀ + α·F⁻¹(n_f/n)(∇CE(forget) − ∇CE(retain)), with F = λ·I + the mean of g·gᵀ over `SAMPLES` retain
/// samples, inverted exactly by the Woodbury identity.
///
/// A diagonal would be cheaper, but gradients of a network's weights are far from independent: what
/// it calls a small step moves outputs a lot.
pub struct Influence;

/// Retain samples that the Fisher information is taken from.
pub const SAMPLES: usize = 512;
/// λ, the information that every weight has: where the authors' recursion starts from.
pub const LEAST: f64 = 1.0;

impl Method for Influence {
    fn name(&self) -> &'static str {
        "influence"
    }

    fn rule(&self) -> &'static str {
        "θ₀ + α·F_retain⁻¹(∇CE(forget) − ∇CE(retain))"
    }

    fn source(&self) -> &'static str {
        "Koh and Liang 2017; WoodFisher of OPTML-Group/Unlearn-Sparse"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.0], &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.forget + samples.retain + SAMPLES
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 8.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, _: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        Ok(vec![Stage::Influence {
            alpha: setting.strength as f32,
        }])
    }
}
