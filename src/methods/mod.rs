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
pub mod task_negation;
pub mod uniform;
pub mod unsir;
pub mod zero_logit;

use std::sync::Arc;

use crate::kernels::{FORGET, OTHER, SOFT};
use crate::population::Curriculum;
use crate::random::threefry2x32;
use crate::record::CLASSES;

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
    /// What the learners go through.
    fn stages(&self, task: &Task<'_>, setting: Setting) -> Vec<Stage>;
}

/// What is to be forgotten, and what methods may draw on.
pub struct Task<'a> {
    /// Labels of the training images.
    pub labels: &'a [u8],
    /// Indices of the training images to forget.
    pub forget: Vec<u32>,
    /// Indices of all others.
    pub retain: Vec<u32>,
    /// The digits to forget; none where single images are.
    pub digits: Vec<u8>,
    /// For each learner the softmax outputs of its original network for all training images, padded
    /// [images, 12].
    pub originals: Vec<Arc<Vec<f32>>>,
    /// The same of a network with fresh weights for each learner.
    pub fresh: Vec<Arc<Vec<f32>>>,
    /// For each learner and each image of `forget` the nearest wrong label (`boundary_shrink`).
    pub nearest: Vec<Arc<Vec<u8>>>,
    /// Keys of the learners' sample orders.
    pub keys: Vec<[u32; 2]>,
    /// The learners' numbers.
    pub numbers: Vec<u32>,
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

impl Task<'_> {
    /// One curriculum for each learner, over the same samples.
    fn lessons(&self, samples: Vec<u32>, rate: f64) -> Vec<Curriculum> {
        let samples = Arc::new(samples);
        let keys = self.keys.iter();
        keys.map(|key| lesson(*key, samples.clone(), rate))
            .collect()
    }

    /// One curriculum for each learner, over samples of its own.
    fn lessons_each(&self, rate: f64, samples: impl Fn(usize) -> Vec<u32>) -> Vec<Curriculum> {
        let keys = self.keys.iter().enumerate();
        keys.map(|(learner, key)| lesson(*key, samples(learner).into(), rate))
            .collect()
    }

    /// A learner's images of noise, which follow on the training images (`unsir`).
    fn noise(&self, learner: usize) -> impl Iterator<Item = u32> + Clone {
        (0u32..)
            .skip(self.labels.len() + learner * unsir::NOISE)
            .take(unsir::NOISE)
    }

    /// For all retain samples the mean of label and teacher, in the proportions 1 and `weight`: CE and
    /// `weight` times KL(teacher ‖ θ) together have the gradient (1 + weight)·(softmax(z) − that).
    fn distilled(&self, teacher: &[f32], weight: f32) -> Vec<f32> {
        let mut table = teacher.to_vec();
        for &image in &self.retain {
            let image = image as usize;
            let row = &mut table[image * PADDED..][..PADDED];
            for (class, t) in row.iter_mut().enumerate() {
                let label = f32::from(u8::from(class == usize::from(self.labels[image])));
                *t = (label + weight * *t) / (1.0 + weight);
            }
        }
        table
    }

    /// The forget samples with these bits in their entries, then the retain samples.
    fn both(&self, bits: u32) -> Vec<u32> {
        let marked = self.forget.iter().map(|f| f | bits);
        marked.chain(self.retain.iter().copied()).collect()
    }

    /// The forget samples with these bits in their entries.
    fn forget_with(&self, bits: u32) -> Vec<u32> {
        self.forget.iter().map(|f| f | bits).collect()
    }

    /// A learner's number below `end` for a sample.
    fn random(&self, learner: usize, sample: u32, end: u32) -> u32 {
        threefry2x32(self.keys[learner], [sample, u32::MAX])[0] % end
    }
}

/// Plain training on these samples.
#[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
fn lesson(key: [u32; 2], samples: Arc<Vec<u32>>, rate: f64) -> Curriculum {
    Curriculum {
        samples,
        key,
        soft_target: [1.0 / CLASSES as f32; CLASSES],
        table: None,
        weights: [1.0; 2],
        rate: rate as f32,
        momentum: 0.0,
        decay: 0.0,
        strength: 0.0,
    }
}

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
