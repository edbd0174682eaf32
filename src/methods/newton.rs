//! Newton removal: one exact Newton step towards the optimum of the retain samples, in the last layer.

use super::{Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// Hidden layers stay as they are, so that the loss is convex in what moves: W ← W − (H + λ·I)⁻¹ ∇CE
/// of the retain samples, with the exact gradient and the Hessian of up to `SAMPLES` of them.
pub struct Newton;

/// Retain samples that the Hessian is taken from.
pub const SAMPLES: usize = 4096;

impl Method for Newton {
    fn name(&self) -> &'static str {
        "newton"
    }

    fn rule(&self) -> &'static str {
        "W − (H_retain + λ·I)⁻¹ ∇CE(retain) in the last layer"
    }

    fn source(&self) -> &'static str {
        "Guo et al. 2020, \"Certified data removal\""
    }

    fn strength(&self) -> Option<&'static str> {
        Some("λ")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.0], &[1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.retain / 3
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 1e-5)
    }

    fn stages(&self, _: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        Ok(vec![Stage::Newton {
            damping: setting.strength,
        }])
    }
}
