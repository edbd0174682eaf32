//! The training data and settings of a learner.

use std::sync::Arc;

use crate::record::CLASSES;

/// What a learner is taught in a phase.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Order entries: an image's index, with [`SOFT`](crate::kernels::SOFT) if its target is the
    /// soft one. Learners that share a list share the `Arc`.
    pub samples: Arc<Vec<u32>>,
    /// Key of the sample order.
    pub key: [u32; 2],
    /// The soft target, a distribution over the digits.
    pub soft_target: [f32; CLASSES],
    /// A distribution for every training image instead, padded [images, 12]. Learners that share a
    /// table share the `Arc`.
    pub table: Option<Arc<Vec<f32>>>,
    /// Weights of samples without and with [`FORGET`](crate::kernels::FORGET) in their entry. A
    /// negative weight ascends the loss.
    pub weights: [f32; 2],
    /// Learning rate.
    pub rate: f32,
    /// Momentum.
    pub momentum: f32,
    /// Weight decay.
    pub decay: f32,
    /// A parameter of the population's `Rule`; 0 if unused.
    pub strength: f32,
}

/// The default learning rate.
pub const LEARNING_RATE: f64 = 0.1;

impl Recipe {
    /// Plain training on these images, with their labels, at this rate.
    ///
    /// ```
    /// use unlearn::population::Recipe;
    ///
    /// let plain = Recipe::plain(vec![0, 1, 2].into(), [1, 2], 0.1);
    /// let climbing = Recipe { weights: [-1.0; 2], ..plain };
    /// assert_eq!(climbing.samples.len(), 3);
    /// ```
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub fn plain(samples: Arc<Vec<u32>>, key: [u32; 2], rate: f64) -> Self {
        Self {
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
}

/// The distinct sample lists of a population.
pub(super) fn distinct(taught: &[Recipe]) -> Vec<&Arc<Vec<u32>>> {
    let mut lists: Vec<&Arc<Vec<u32>>> = Vec::new();
    for recipe in taught {
        if !lists.iter().any(|l| Arc::ptr_eq(l, &recipe.samples)) {
            lists.push(&recipe.samples);
        }
    }
    lists
}

/// The distinct target tables of a population.
pub(super) fn tables(taught: &[Recipe]) -> Vec<&Arc<Vec<f32>>> {
    let mut tables: Vec<&Arc<Vec<f32>>> = Vec::new();
    for table in taught.iter().filter_map(|c| c.table.as_ref()) {
        if !tables.iter().any(|t| Arc::ptr_eq(t, table)) {
            tables.push(table);
        }
    }
    tables
}
