//! Fisher forgetting: adds noise, more of it to weights that matter less to the retain samples.

use super::{Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// θ ← θ + √(α / max(F_retain, `LEAST_FISHER`))·n, n of mean 0 and variance 1, with the exact
/// diagonal of the empirical Fisher information at the images' own labels (the authors use the
/// model's). Their special treatment of the last layer, which zeroes the rows of forgotten classes,
/// is left out.
pub struct FisherForgetting;

/// Lower limit of the information: weights that do not matter at all would otherwise get unbounded
/// noise.
pub const LEAST_FISHER: f32 = 1e-3;

impl Method for FisherForgetting {
    fn name(&self) -> &'static str {
        "fisher"
    }

    fn rule(&self) -> &'static str {
        "θ + √(α/F_retain)·N(0, 1)"
    }

    fn source(&self) -> &'static str {
        "Golatkar et al. 2020; SelectiveForgetting"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.0], &[1e-7, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4])
    }

    fn passed(&self, samples: Passed) -> usize {
        samples.retain
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 1e-7)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn stages(&self, _: &Task<'_>, setting: Setting) -> Result<Vec<Stage>> {
        Ok(vec![Stage::Noise {
            alpha: setting.strength as f32,
        }])
    }
}
