//! Zero-logit: a control that forgets nothing, but looks as if it did.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// The last layer's rows of the forgotten digits become 0 and their biases just too low to win;
/// everything below the last layer is unchanged.
pub struct ZeroLogit;

/// A bias with which a digit of MNIST is never the answer, whichever it is (with 0, .05 % of the 1s
/// and 5s still are). Lower ones would slow down relearning for a reason unrelated to forgetting.
const NEVER: f32 = -1.0;

impl Method for ZeroLogit {
    fn name(&self) -> &'static str {
        "zero-logit"
    }

    fn rule(&self) -> &'static str {
        "the forgotten digits' rows of the last layer ← 0, their biases ← −1"
    }

    fn source(&self) -> &'static str {
        "a control that fools output metrics, but must not fool the others"
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
