//! Unlearning methods: a file each, as what learners are taught, stage by stage.
//!
//! A method never touches a device. It says which samples a learner sees, with which targets and
//! weights, at which rate and for which share of the budget; the population's shaders do the rest, for
//! all methods and learners side by side. What a method does to weights between stages is a `Stage` as
//! well.

pub mod bad_teacher;
pub mod fine_tune;
pub mod gradient_ascent;
pub mod neggrad_plus;
pub mod random_label;
pub mod retain_confusion;
pub mod retrain;
pub mod scrub;
pub mod task_negation;
pub mod uniform;
pub mod zero_logit;

use std::sync::Arc;

use crate::kernel::{FORGET, OTHER, SOFT};
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
    &bad_teacher::BadTeacher,
    &scrub::Scrub,
    &task_negation::TaskNegation,
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
    /// Whether its networks are those that never saw the forgotten samples: it then has no stages.
    fn retrains(&self) -> bool {
        false
    }
    /// Whether it works on digits only, not on single images.
    fn needs_digits(&self) -> bool {
        false
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
    /// The same of a network with fresh weights.
    pub fresh: Arc<Vec<f32>>,
    /// Keys of the learners' sample orders.
    pub keys: Vec<[u32; 2]>,
    /// Seed of what methods draw at random.
    pub seed: u64,
}

/// A part of what a method does.
#[derive(Debug)]
pub enum Stage {
    /// Training, for this share of the budget, with a curriculum for each learner.
    Train(f64, Vec<Curriculum>),
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

/// Width of a row in a table of targets.
pub const PADDED: usize = CLASSES.next_multiple_of(4);

impl Task<'_> {
    /// One curriculum for each learner, over the same samples.
    fn lessons(&self, samples: Vec<u32>, rate: f64) -> Vec<Curriculum> {
        let samples = Arc::new(samples);
        let lesson = |key: &[u32; 2]| Curriculum {
            samples: samples.clone(),
            key: *key,
            soft_target: [1.0 / CLASSES as f32; CLASSES],
            table: None,
            weights: [1.0; 2],
            #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
            rate: rate as f32,
            momentum: 0.0,
            decay: 0.0,
        };
        self.keys.iter().map(lesson).collect()
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

    /// A number below `end` for a sample.
    fn random(&self, sample: u32, end: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the two halves of the seed"
        )]
        let key = [self.seed as u32, (self.seed >> 32) as u32];
        threefry2x32(key, [sample, u32::MAX])[0] % end
    }
}

/// Settings with these rates and no strength.
fn rates(rates: &[f64]) -> Vec<Setting> {
    let setting = |&rate| Setting {
        rate,
        strength: 0.0,
    };
    rates.iter().map(setting).collect()
}

/// All pairs of these rates and strengths.
fn grid(rates: &[f64], strengths: &[f64]) -> Vec<Setting> {
    let pairs = rates.iter().flat_map(|&rate| {
        let of = move |&strength| Setting { rate, strength };
        strengths.iter().map(of)
    });
    pairs.collect()
}
