//! Unlearning methods: a file each, as what learners are taught, stage by stage.
//!
//! A method never touches a device. It says which samples a learner sees, with which targets and
//! weights, at which rate and for which share of the budget; the population's shaders do the rest, for
//! all methods and learners side by side. What a method does to weights between stages is a `Stage` as
//! well.

pub mod amnesiac;
pub mod bad_teacher;
pub mod boundary_shrink;
pub mod fine_tune;
pub mod fisher_forgetting;
pub mod gradient_ascent;
pub mod l1_sparse;
pub mod neggrad_plus;
pub mod purge;
pub mod random_label;
pub mod retain_confusion;
pub mod retrain;
pub mod salun;
pub mod scrub;
pub mod ssd;
mod task;
pub mod task_negation;
pub mod uniform;
pub mod unsir;
pub mod zero_logit;

use crate::error::Result;
use crate::kernels::{FORGET, OTHER, SOFT};
use crate::population::Curriculum;
use crate::record::CLASSES;

pub use task::{Lazy, Task};

/// All methods, in the order of tables.
pub static METHODS: &[&dyn Method] = &[
    &retrain::Retrain,
    &fine_tune::FineTune,
    &uniform::Uniform { protected: true },
    &uniform::Uniform { protected: false },
    &retain_confusion::RetainConfusion,
    &random_label::RandomLabel { own: true },
    &random_label::RandomLabel { own: false },
    &gradient_ascent::GradientAscent,
    &neggrad_plus::NegGradPlus,
    &l1_sparse::L1Sparse,
    &bad_teacher::BadTeacher,
    &scrub::Scrub,
    &ssd::Ssd,
    &salun::SalUn,
    &boundary_shrink::BoundaryShrink,
    &unsir::Unsir,
    &amnesiac::Amnesiac,
    &task_negation::TaskNegation,
    &purge::Purge,
    &fisher_forgetting::FisherForgetting,
    &zero_logit::ZeroLogit,
];

/// The method with this name.
pub fn named(name: &str) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|m| m.name() == name)
}

/// What a method can be set to.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Setting {
    /// Learning rate.
    pub rate: f64,
    /// The method's own parameter, such as α or λ; 0 where it has none.
    pub strength: f64,
}

impl Setting {
    /// A rate and a strength.
    pub const fn new(rate: f64, strength: f64) -> Self {
        Self { rate, strength }
    }
}

/// Numbers of samples.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// Those to forget.
    pub forget: usize,
    /// Those to retain.
    pub retain: usize,
    /// Those of the method's steps.
    pub trained: usize,
}

impl Passed {
    /// A teacher answers to every sample of the steps, once: forwards alone, a third of a step.
    fn of_teacher(self) -> usize {
        self.trained.min(self.forget + self.retain) / 3
    }
}

/// A way to make networks forget.
pub trait Method: Sync {
    /// Its name at the command line.
    fn name(&self) -> &'static str;
    /// Its rule, in a line.
    fn rule(&self) -> &'static str;
    /// Where it comes from.
    fn source(&self) -> &'static str;
    /// What `Setting::strength` is here; none where there is no such thing.
    fn strength(&self) -> Option<&'static str> {
        None
    }
    /// The settings that a sweep tries.
    fn settings(&self) -> Vec<Setting>;
    /// The one of them that a sweep chose for one digit of MNIST, and a single run takes by default.
    fn usual(&self) -> Setting;
    /// Whether its networks are those that never saw the forgotten samples: it then has no stages.
    fn retrains(&self) -> bool {
        false
    }
    /// Whether it works on digits only, not on single images.
    fn needs_digits(&self) -> bool {
        false
    }
    /// Whether it is no method, but a control by which metrics are tried.
    fn is_control(&self) -> bool {
        false
    }
    /// Samples that go through networks besides those that its steps are counted by.
    fn passed(&self, _: Passed) -> usize {
        0
    }
    /// The largest strength that makes sense.
    fn most(&self) -> f64 {
        1e30
    }
    /// Whether it takes back steps of the originals' training, which must be plain SGD then.
    fn takes_back_steps(&self) -> bool {
        false
    }
    /// Whether a run trains its networks on, with its own rate, momentum and decay.
    fn trains_on(&self) -> bool {
        false
    }
    /// What the learners go through.
    ///
    /// # Errors
    /// Where what it draws on cannot be computed.
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>>;
}

/// A part of what a method does.
#[derive(Debug)]
pub enum Stage {
    /// Training, for this share of the budget, with a curriculum for each learner.
    Train(f64, Vec<Curriculum>),
    /// Training whose steps are more than the gradient.
    TrainBy(By, f64, Vec<Curriculum>),
    /// Selective synaptic dampening of the original network.
    Dampen {
        /// How many times more a weight must matter to the forget samples.
        alpha: f32,
        /// How much is left of it.
        lambda: f32,
    },
    /// Noise, the more the less a weight of the original network matters to the retain samples.
    Noise {
        /// The scale of its variance.
        alpha: f32,
    },
    /// All that steps with forget samples changed in the original's training is taken back.
    Undo,
    /// θ ← own · θ + original · θ₀ of every weight.
    Mix {
        /// The factor of the present weights.
        own: f32,
        /// The factor of the original network's.
        original: f32,
    },
    /// The logits of these digits can no longer win: their rows of the last layer become 0, and
    /// their biases this.
    Silence(Vec<u8>, f32),
}

/// How steps are more than the gradient: `population::Rule` has the formulas, in which
/// `Curriculum::strength` plays a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// With an ℓ1 penalty that fades until the end of the stage.
    Sparse,
    /// Only weights move that the forget samples pull at.
    Masked,
    /// Pairs of curricula, of which the second one's loss must not climb.
    Projected,
}

/// Width of a row in a table of targets.
pub const PADDED: usize = CLASSES.next_multiple_of(4);

/// Settings with these rates and no strength.
fn rates(rates: &[f64]) -> Vec<Setting> {
    rates.iter().map(|&rate| Setting::new(rate, 0.0)).collect()
}

/// All pairs of these rates and strengths.
fn grid(rates: &[f64], strengths: &[f64]) -> Vec<Setting> {
    let pairs = rates
        .iter()
        .flat_map(|&rate| strengths.iter().map(move |&s| Setting::new(rate, s)));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_setting_is_one_that_a_sweep_tries() {
        for method in METHODS {
            let tried = method.settings();
            assert!(tried.contains(&method.usual()), "{}", method.name());
            assert_eq!(method.strength().is_some(), method.usual().strength > 0.0);
        }
    }
}
