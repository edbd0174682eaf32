//! Zero-logit: a control that forgets nothing, and looks as if it did.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// The last layer's rows of the forgotten digits become 0 and their biases so low that they never win:
/// everything below the last layer is as it was.
pub struct ZeroLogit;

/// A bias with which a digit never is the answer. Not lower, or relearning would have to climb out of
/// a hole, and be slow for that reason alone.
const NEVER: f32 = -6.0;

impl Method for ZeroLogit {
    fn name(&self) -> &'static str {
        "zero-logit"
    }

    fn rule(&self) -> &'static str {
        "the forgotten digits' rows of the last layer ← 0, their biases ← −6"
    }

    fn source(&self) -> &'static str {
        "a control: output metrics must be fooled by it, and the others not"
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.0])
    }

    fn is_control(&self) -> bool {
        true
    }

    fn needs_digits(&self) -> bool {
        true
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 0.0)
    }

    fn stages(&self, task: &Task<'_>, _: Setting) -> Result<Vec<Stage>> {
        Ok(vec![Stage::Silence(task.digits.clone(), NEVER)])
    }
}
