//! Doing nothing: the originals as they are.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// No stages: a method that does not beat this has not forgotten.
pub struct DoNothing;

impl Method for DoNothing {
    fn name(&self) -> &'static str {
        "do-nothing"
    }

    fn rule(&self) -> &'static str {
        "θ₀"
    }

    fn source(&self) -> &'static str {
        "a control: the originals themselves"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.0])
    }

    fn is_reference(&self) -> bool {
        true
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 0.0)
    }

    fn stages(&self, _: &Task<'_>, _: Setting) -> Result<Vec<Stage>> {
        Ok(Vec::new())
    }
}
