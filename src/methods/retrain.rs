//! Retraining: the gold standard for all other methods.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// Networks with fresh weights that only see the retain samples, for as many steps as the
/// originals.
pub struct Retrain;

impl Method for Retrain {
    fn name(&self) -> &'static str {
        "retrain"
    }

    fn rule(&self) -> &'static str {
        "fresh weights, CE(retain), as long as the originals"
    }

    fn source(&self) -> &'static str {
        "the definition of exact unlearning"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.0])
    }

    fn retrains(&self) -> bool {
        true
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 0.0)
    }

    fn stages(&self, _: &Task<'_>, _: Setting) -> Result<Vec<Stage>> {
        Ok(Vec::new())
    }
}
