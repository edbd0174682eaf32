//! Label-free selective synaptic dampening: as SSD, with the sensitivity of the outputs in place of
//! the loss's gradient.

use super::{Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;
use crate::population::Importance;

/// As `ssd` with I in place of F: the mean over samples of |∂‖z‖²/∂θ|, z the logits.
/// Labels are not needed.
pub struct Lfssd;

impl Method for Lfssd {
    fn name(&self) -> &'static str {
        "lfssd"
    }

    fn rule(&self) -> &'static str {
        "θ ← θ·min(I_all/I_forget, 1) where I_forget > α·I_all, I: mean |∂‖z‖²/∂θ|"
    }

    fn source(&self) -> &'static str {
        "Foster et al. 2024, \"Loss-free machine unlearning\"; selective-synaptic-dampening"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.0], &[1.5, 2.1, 3.0, 4.2, 6.0, 8.5])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.forget + samples.retain
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 3.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, _: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        Ok(vec![Stage::Dampen {
            what: Importance::Absolute,
            alpha: setting.strength as f32,
            lambda: 1.0,
        }])
    }
}
