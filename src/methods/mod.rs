//! Unlearning methods, one file each, defined by what learners are taught, stage by stage.
//!
//! A method never touches a device. It specifies which samples a learner sees, with which targets,
//! weights and rate, and for which fraction of the budget; the population's shaders execute that
//! for all methods and learners side by side. Edits of weights between training are stages as well.

pub mod boundary_expand;
mod declared;
pub mod delete;
pub mod do_nothing;
pub mod fisher_forgetting;
pub mod influence;
pub mod last_layers;
pub mod lfssd;
pub mod msg;
pub mod newton;
pub mod retrain;
pub mod scrub;
pub mod sfron;
mod task;
pub mod unsir;
pub mod zero_logit;

use std::sync::LazyLock;

use crate::error::Result;
use crate::kernels::{FORGET, OTHER, SOFT};
use crate::lists::near;
use crate::population::{Importance, Recipe};
use crate::record::CLASSES;

use Row::{File, Rust};
pub use declared::{Declared, is_file};
pub use task::{Lazy, Task};

/// All methods, in table order.
pub static METHODS: LazyLock<Vec<&dyn Method>> = LazyLock::new(|| {
    let method = |row: &Row| match *row {
        Rust(method) => Some(method),
        // A test holds that all of them are valid.
        File(text) => declared::built_in(text),
    };
    ROWS.iter().filter_map(method).collect()
});

/// Where a built-in method comes from.
enum Row {
    /// An implementation.
    Rust(&'static dyn Method),
    /// A declaration.
    File(&'static str),
}

static ROWS: &[Row] = &[
    Rust(&retrain::Retrain::Exact),
    Rust(&retrain::Retrain::Longer),
    Rust(&retrain::Retrain::Shorter),
    Rust(&do_nothing::DoNothing),
    Rust(&zero_logit::ZeroLogit),
    File(include_str!("declared/fine-tune.toml")),
    Rust(&last_layers::LastLayers { anew: false }),
    Rust(&last_layers::LastLayers { anew: true }),
    File(include_str!("declared/l1-sparse.toml")),
    Rust(&msg::Msg),
    File(include_str!("declared/uniform.toml")),
    File(include_str!("declared/uniform-alone.toml")),
    File(include_str!("declared/retain-confusion.toml")),
    File(include_str!("declared/random-label.toml")),
    File(include_str!("declared/wrong-label.toml")),
    File(include_str!("declared/salun.toml")),
    File(include_str!("declared/gradient-ascent.toml")),
    File(include_str!("declared/neggrad-plus.toml")),
    Rust(&sfron::SfrOn),
    File(include_str!("declared/bad-teacher.toml")),
    Rust(&scrub::Scrub),
    Rust(&delete::Delete),
    File(include_str!("declared/boundary-shrink.toml")),
    Rust(&boundary_expand::BoundaryExpand),
    File(include_str!("declared/purge.toml")),
    Rust(&unsir::Unsir),
    File(include_str!("declared/amnesiac.toml")),
    File(include_str!("declared/task-negation.toml")),
    File(include_str!("declared/ssd.toml")),
    Rust(&lfssd::Lfssd),
    Rust(&fisher_forgetting::FisherForgetting),
    Rust(&influence::Influence),
    Rust(&newton::Newton),
];

/// The method with this name.
pub fn named(name: &str) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|m| m.name() == name)
}

/// That no method has this name, with the one that may be meant, or else with all that may be chosen.
pub fn unknown<'a>(name: &str, choices: impl Iterator<Item = &'a str> + Clone) -> String {
    let more = match near(name, choices.clone()) {
        Some(other) => format!("did you mean {other}? (`unlearn methods` lists all)"),
        None => format!(
            "choose from {}, or name a file such as my.toml",
            choices.collect::<Vec<_>>().join(", ")
        ),
    };
    format!("there is no such method; {more}")
}

/// A method's setting.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Setting {
    /// Learning rate.
    pub rate: f64,
    /// The method's own parameter, such as α or λ; 0 if it has none.
    pub strength: f64,
}

impl Setting {
    /// A rate and a strength.
    pub const fn new(rate: f64, strength: f64) -> Self {
        Self { rate, strength }
    }
}

/// Sample counts.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// Samples to forget.
    pub forget: usize,
    /// Samples to retain.
    pub retain: usize,
    /// Samples of the method's steps.
    pub trained: usize,
}

impl Passed {
    /// A teacher's forward pass on every sample of the steps costs a third of a step.
    fn of_teacher(self) -> usize {
        self.trained.min(self.forget + self.retain) / 3
    }
}

/// A way to make networks forget.
pub trait Method: Sync {
    /// Its name at the command line.
    fn name(&self) -> &str;
    /// Its rule, in one line.
    fn rule(&self) -> &str;
    /// Its source.
    fn source(&self) -> &str;
    /// The meaning of `Setting::strength`; `None` if the method has no strength.
    fn strength(&self) -> Option<&str> {
        None
    }
    /// The settings that a sweep tries.
    fn settings(&self) -> Vec<Setting>;
    /// The setting that a sweep chose for one digit of MNIST; the default of a single run.
    fn usual(&self) -> Setting;
    /// Whether it works on digits only, not on single images.
    fn needs_digits(&self) -> bool {
        false
    }
    /// Whether it is a control that shows what metrics are worth, rather than a method.
    fn is_control(&self) -> bool {
        self.is_reference()
    }
    /// Whether it forgets by definition, or not at all: retraining, and doing nothing.
    fn is_reference(&self) -> bool {
        false
    }
    /// Training steps that it takes with this budget, if the originals took that many.
    fn steps(&self, budget: u32, _originals: u32) -> u32 {
        match self.usual().rate > 0.0 {
            true => budget,
            false => 0,
        }
    }
    /// Samples that pass through networks in addition to those counted by its steps.
    fn passed(&self, _: Passed) -> usize {
        0
    }
    /// The largest valid strength.
    fn most(&self) -> f64 {
        1e30
    }
    /// Whether it undoes steps of the originals' training, which must then be plain SGD.
    fn takes_back_steps(&self) -> bool {
        false
    }
    /// Whether a run keeps training its networks with its own rate, momentum and decay.
    fn trains_on(&self) -> bool {
        false
    }
    /// Its TOML, if it is declared.
    fn declaration(&self) -> Option<&str> {
        None
    }
    /// The learners' stages.
    ///
    /// # Errors
    /// If its inputs cannot be computed.
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Result<Vec<Stage>>;
}

/// A stage of a method.
#[derive(Debug)]
pub enum Stage {
    /// Training for this fraction of the budget, with a recipe for each learner.
    Train(f64, Vec<Recipe>),
    /// Training whose steps do more than follow the gradient.
    TrainBy(By, f64, Vec<Recipe>),
    /// Training for as many steps as the originals had, and this fraction of the budget more.
    TrainAnew(f64, Vec<Recipe>),
    /// The weights that the original started from, in this number of layers from the last one on.
    Reinitialise(usize),
    /// Weights of a fresh network in place of this share of each hidden layer's matrix, where the
    /// original's gradients of forget and retain samples differ least.
    Renew(f32),
    /// Selective synaptic dampening of the original network.
    Dampen {
        /// What tells how much a weight matters.
        what: Importance,
        /// How many times more a weight must matter to the forget samples than to all.
        alpha: f32,
        /// λ in the dampening factor.
        lambda: f32,
    },
    /// Noise, larger for weights of the original network that matter less to the retain samples; in
    /// place of the weights that lead to the forgotten digits.
    Noise {
        /// The scale of its variance.
        alpha: f32,
    },
    /// θ ← θ₀ + α · F⁻¹(∇CE(forget) − ∇CE(retain)).
    Influence {
        /// The step's length.
        alpha: f32,
    },
    /// A Newton step of the retain samples' loss in the last layer.
    Newton {
        /// Added to the diagonal of the Hessian.
        damping: f64,
    },
    /// Adds a class to the last layer, with weights of a fresh network.
    Widen,
    /// Takes that class away.
    Narrow,
    /// Undoes every step of the original's training whose batch contained forget samples.
    Undo,
    /// θ ← own · θ + original · θ₀ for every weight.
    Mix {
        /// The factor of the current weights.
        own: f32,
        /// The factor of the original network's weights.
        original: f32,
    },
    /// Keeps these digits from ever being the answer: their rows of the last layer become 0, and
    /// their biases this value.
    Silence(Vec<u8>, f32),
}

/// What steps do beyond the gradient; `population::Rule` has the formulas, with
/// `Recipe::strength` as a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// An ℓ1 penalty that fades out by the end of the stage.
    Sparse,
    /// Every weight takes a fraction of its step.
    Scaled(Factors),
    /// Pairs of recipes; the second one's loss must not increase.
    Projected,
    /// One class more, between `Stage::Widen` and `Stage::Narrow`.
    Widened,
}

/// The fraction of its step that each weight takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factors {
    /// 1 for the share `Recipe::strength` of weights with the largest nonzero |Σ ∇CE(forget)|, 0 for
    /// the others.
    Salient,
    /// 1 for weights that matter at least as much to the forget samples as to the others, 0 else.
    Specific,
    /// 1 for `Recipe::strength` layers from the last one on, 0 for the others.
    Last,
    /// 1 for the weights that `Stage::Renew` replaces, biases and the last layer, .1 for the others.
    Renewed,
}

/// `By::Projected` clips gradients to this length.
pub const CLIP: f32 = 1.0;

/// Width of a row in a table of targets.
pub const PADDED: usize = CLASSES.next_multiple_of(4);

/// Settings with these rates and no strength.
fn rates(rates: &[f64]) -> Vec<Setting> {
    rates.iter().map(|&rate| Setting::new(rate, 0.0)).collect()
}

/// All combinations of these rates and strengths.
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
        for method in METHODS.iter() {
            let tried = method.settings();
            assert!(tried.contains(&method.usual()), "{}", method.name());
            assert_eq!(method.strength().is_some(), method.usual().strength > 0.0);
        }
    }

    /// No method may be better because more was tried.
    #[test]
    fn every_method_has_as_many_trials() {
        for method in METHODS.iter() {
            let tried = method.settings();
            let tuned = method.usual() != Setting::new(0.0, 0.0);
            assert_eq!(tried.len(), if tuned { 6 } else { 1 }, "{}", method.name());
        }
    }

    /// Rates and strengths in equal ratios, to the digits they are written with; a share near 1 by
    /// what is missing.
    #[test]
    fn grids_are_geometric() {
        for method in METHODS.iter().filter(|m| m.settings().len() > 1) {
            let distinct = |of: fn(&Setting) -> f64| {
                let mut values: Vec<f64> = method.settings().iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                values.dedup();
                values
            };
            for values in [distinct(|s| s.rate), distinct(|s| s.strength)] {
                let near_one = values[0] > 0.9 && values[values.len() - 1] < 1.0;
                let size = |v: &f64| if near_one { 1.0 - v } else { *v };
                let ratios: Vec<f64> = values
                    .windows(2)
                    .map(|w| size(&w[1]) / size(&w[0]))
                    .collect();
                for ratio in &ratios {
                    let off = (ratio / ratios[0]).ln() / ratios[0].ln();
                    assert!(off.abs() < 0.15, "{}: {values:?}", method.name());
                }
            }
        }
    }
}
