//! Retraining: the gold standard for all other methods, and what it is worth with more steps and with
//! fewer.

use super::{Method, Setting, Stage, Task, rates};
use crate::error::Result;

/// Networks with fresh weights that only see the retain samples, trained as the originals were. They
/// start from their originals' own first weights, with a new sample order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retrain {
    /// For as many steps as the originals.
    Exact,
    /// For those and the budget: as many steps as originals and methods take together.
    Longer,
    /// For the budget only: what a method costs.
    Shorter,
}

impl Method for Retrain {
    fn name(&self) -> &'static str {
        match self {
            Self::Exact => "retrain",
            Self::Longer => "retrain-longer",
            Self::Shorter => "retrain-shorter",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Exact => "fresh weights, CE(retain), as long as the originals",
            Self::Longer => "fresh weights, CE(retain), as long as originals and methods together",
            Self::Shorter => "fresh weights, CE(retain), for the budget of a method",
        }
    }

    fn source(&self) -> &'static str {
        match self {
            Self::Exact => "the definition of exact unlearning",
            Self::Longer | Self::Shorter => "a control: retraining with another number of steps",
        }
    }

    fn settings(&self) -> Vec<Setting> {
        rates(&[0.0])
    }

    fn is_reference(&self) -> bool {
        true
    }

    fn steps(&self, budget: u32, originals: u32) -> u32 {
        match self {
            Self::Exact => originals,
            Self::Longer => originals + budget,
            Self::Shorter => budget,
        }
    }

    fn usual(&self) -> Setting {
        Setting::new(0.0, 0.0)
    }

    fn stages(&self, task: &Task<'_>, _: Setting) -> Result<Vec<Stage>> {
        let recipes = task.as_trained(task.retain.clone());
        let training = match self {
            Self::Exact => Stage::TrainAnew(0.0, recipes),
            Self::Longer => Stage::TrainAnew(1.0, recipes),
            Self::Shorter => Stage::Train(1.0, recipes),
        };
        Ok(vec![Stage::Reinitialise(usize::MAX), training])
    }
}
