//! Fisher forgetting: adds noise, more of it to weights that matter less to the retain samples.

use super::{Method, Passed, Setting, Stage, Task, grid};
use crate::error::Result;

/// θ ← θ + √v·n, n of mean 0 and variance 1, v = α·min(1/F_retain, `MOST`) averaged over a unit's
/// weights, and `MORE` times that in biases and the last layer. What leads to the forgotten digits in
/// the last layer becomes noise of variance `MORE · FORGOTTEN` alone. F is the exact diagonal of the
/// empirical Fisher information, at the images' own labels.
pub struct FisherForgetting;

/// The least information that counts has this inverse: in hidden layers, and in the last one.
pub const MOST: [f64; 2] = [1e3, 1e2];
/// Added to the information before it is inverted.
pub const LEAST: f64 = 1e-8;
/// The factor of the variance in biases and the last layer.
pub const MORE: f64 = 10.0;
/// The variance, before that factor, of weights that lead to forgotten digits.
pub const FORGOTTEN: f64 = 1e-4;

impl Method for FisherForgetting {
    fn name(&self) -> &'static str {
        "fisher"
    }

    fn rule(&self) -> &'static str {
        "θ + √(α/F_retain)·N(0, 1), with the forgotten digits' last weights 0"
    }

    fn source(&self) -> &'static str {
        "Golatkar et al. 2020; SelectiveForgetting"
    }

    fn strength(&self) -> Option<&'static str> {
        Some("α")
    }

    fn settings(&self) -> Vec<Setting> {
        grid(&[0.0], &[1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4])
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
