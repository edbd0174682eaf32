//! Selective synaptic dampening: shrinks weights that matter far more to the forget samples than to
//! all, without any training.

use super::{Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;
use crate::population::Importance;

/// If F_forget > α·F_all, θ ← θ·min(λ·F_all/F_forget, 1), λ = 1, with the exact diagonals of the
/// empirical Fisher information: the mean over samples of squared gradients. (The authors' code
/// squares batch gradients.)
pub struct Ssd;

impl Method for Ssd {
    fn name(&self) -> &'static str {
        "ssd"
    }

    fn rule(&self) -> &'static str {
        "θ ← θ·min(F_all/F_forget, 1) where F_forget > α·F_all"
    }

    fn source(&self) -> &'static str {
        "Foster et al. 2024; selective-synaptic-dampening"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.0], &[0.75, 1.2, 1.9, 3.0, 4.8, 7.7])
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
            what: Importance::Fisher,
            alpha: setting.strength as f32,
            lambda: 1.0,
        }])
    }
}
