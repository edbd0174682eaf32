//! What is to be forgotten, and the inputs available to methods.

use std::cell::OnceCell;
use std::sync::Arc;

use super::{PADDED, unsir};
use crate::error::Result;
use crate::population::Recipe;
use crate::random::threefry2x32;
use crate::record::CLASSES;

/// A value computed on first use.
pub struct Lazy<'a, T> {
    value: OnceCell<T>,
    make: Box<dyn Fn() -> Result<T> + 'a>,
}

impl<'a, T> Lazy<'a, T> {
    /// What `make` returns.
    pub fn new(make: impl Fn() -> Result<T> + 'a) -> Self {
        Self {
            value: OnceCell::new(),
            make: Box::new(make),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get(&self) -> Result<&T> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let made = (self.make)()?;
        Ok(self.value.get_or_init(|| made))
    }
}

/// What is to be forgotten, and the inputs available to methods.
pub struct Task<'a> {
    /// Labels of the training images.
    pub labels: &'a [u8],
    /// Indices of the training images to forget.
    pub forget: Vec<u32>,
    /// Indices of all other training images.
    pub retain: Vec<u32>,
    /// The digits to forget; empty if single images are forgotten.
    pub digits: Vec<u8>,
    /// The number of classes: labels are below it. Networks have `CLASSES` outputs whatever it is.
    pub classes: u8,
    /// For each learner the softmax outputs of its original network for all training images, padded
    /// [images, 12].
    pub originals: Lazy<'a, Vec<Arc<Vec<f32>>>>,
    /// The same for a freshly initialised network per learner.
    pub fresh: Lazy<'a, Vec<Arc<Vec<f32>>>>,
    /// For each learner and each image of `forget` the nearest wrong label (`boundary_shrink`).
    pub nearest: Lazy<'a, Vec<Arc<Vec<u8>>>>,
    /// Keys of the learners' sample orders.
    pub keys: Vec<[u32; 2]>,
    /// The learners' numbers.
    pub numbers: Vec<u32>,
    /// Steps of the originals' training.
    pub steps: u32,
    /// Learning rate of the originals' training.
    pub rate: f64,
    /// Momentum of the originals' training.
    pub momentum: f64,
    /// Weight decay of the originals' training.
    pub decay: f64,
}

impl Task<'_> {
    /// One recipe for each learner, over the same samples.
    pub(super) fn recipes(&self, samples: Vec<u32>, rate: f64) -> Vec<Recipe> {
        let samples = Arc::new(samples);
        let keys = self.keys.iter();
        keys.map(|key| self.recipe(samples.clone(), *key, rate))
            .collect()
    }

    /// The same, with rate, momentum and decay of the originals' training.
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub(super) fn as_trained(&self, samples: Vec<u32>) -> Vec<Recipe> {
        let mut recipes = self.recipes(samples, self.rate);
        for recipe in &mut recipes {
            recipe.momentum = self.momentum as f32;
            recipe.decay = self.decay as f32;
        }
        recipes
    }

    /// One recipe for each learner, over samples of its own.
    pub(super) fn recipes_each(
        &self,
        rate: f64,
        samples: impl Fn(usize) -> Vec<u32>,
    ) -> Vec<Recipe> {
        let keys = self.keys.iter().enumerate();
        keys.map(|(learner, key)| self.recipe(samples(learner).into(), *key, rate))
            .collect()
    }

    /// Plain training, with the uniform distribution over the classes as soft target.
    fn recipe(&self, samples: Arc<Vec<u32>>, key: [u32; 2], rate: f64) -> Recipe {
        Recipe {
            soft_target: self.uniform(),
            ..Recipe::plain(samples, key, rate)
        }
    }

    /// The uniform distribution over the classes.
    pub(super) fn uniform(&self) -> [f32; CLASSES] {
        let taught = usize::from(self.classes);
        let share = 1.0 / f32::from(self.classes);
        std::array::from_fn(|class| if class < taught { share } else { 0.0 })
    }

    /// A learner's noise images, which come after the training images (`unsir`).
    pub(super) fn noise(&self, learner: usize) -> impl Iterator<Item = u32> + Clone {
        (0u32..)
            .skip(self.labels.len() + learner * unsir::NOISE)
            .take(unsir::NOISE)
    }

    /// The mean of label and teacher for all retain samples, in the proportions 1 and `weight`: CE
    /// and `weight` times KL(teacher ‖ θ) together have the gradient (1 + weight)·(softmax(z) −
    /// mean).
    pub(super) fn distilled(&self, teacher: &[f32], weight: f32) -> Vec<f32> {
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

    /// The forget samples with these bits in their entries.
    pub(super) fn forget_with(&self, bits: u32) -> Vec<u32> {
        self.forget.iter().map(|f| f | bits).collect()
    }

    /// A learner's number below `end` for a sample.
    pub(super) fn random(&self, learner: usize, sample: u32, end: u32) -> u32 {
        threefry2x32(self.keys[learner], [sample, u32::MAX])[0] % end
    }
}
