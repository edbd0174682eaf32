//! What is trained, on the device and in plain loops.

use std::sync::Arc;

use crate::data::{Images, builtin};
use crate::error::Result;
use crate::kernels::SOFT;
use crate::model::Model;
use crate::population::Recipe;
use crate::random::{Purpose, learner_key};
use crate::record::CLASSES;

/// Images of the training set.
const IMAGES: u32 = 500;
/// Samples of the shorter list: no multiple of a batch, so an epoch ends within one.
const FEWER: u32 = 250;
/// Seed of the wide task; see the module's text for what it must avoid.
const WIDE: u64 = 28;
/// Seed of the long task.
const LONG: u64 = 31;

/// A distribution over the digits, no two alike.
const SOFT_TARGET: [f32; CLASSES] = [0.19, 0.01, 0.17, 0.03, 0.15, 0.05, 0.13, 0.07, 0.11, 0.09];

/// What is trained: three learners that differ in rate, momentum, decay and order, two of them
/// with a sample list in common; a tenth of the samples have a soft target.
///
/// The rates make up for the momenta, so that all move about as far and none so fast that small
/// errors explode.
#[derive(Clone, Debug)]
pub struct Task {
    /// The network.
    pub model: Model,
    /// Samples per step.
    pub batch: usize,
    /// The training set.
    pub images: Images,
    /// Each learner's settings.
    pub learners: Vec<Recipe>,
    /// Each learner's key of the initial weights.
    pub weights: Vec<[u32; 2]>,
    /// Numbers of steps after which parameters are compared, ascending.
    pub points: &'static [u32],
}

impl Task {
    /// The default network, compared after 1 and 10 steps.
    ///
    /// # Errors
    /// None in practice: the network's shape is fixed.
    pub fn wide() -> Result<Self> {
        Self::new(WIDE, &[128, 64], 30, &[1, 10])
    }

    /// A narrow network (with widths that need padding), compared after 200 steps.
    ///
    /// # Errors
    /// None in practice: the network's shape is fixed.
    pub fn long() -> Result<Self> {
        Self::new(LONG, &[18, 10], 8, &[200])
    }

    /// Both tasks.
    ///
    /// # Errors
    /// As theirs.
    pub fn all() -> Result<[Self; 2]> {
        Ok([Self::wide()?, Self::long()?])
    }

    pub(super) fn new(
        seed: u64,
        hidden: &[usize],
        batch: usize,
        points: &'static [u32],
    ) -> Result<Self> {
        let soft = |i| if i % 10 == 3 { i | SOFT } else { i };
        let list = |n: u32| Arc::new((0..n).map(soft).collect());
        let (all, fewer) = (list(IMAGES), list(FEWER));
        let learner = |(number, rate, momentum, decay, samples): (_, _, _, _, &Arc<_>)| Recipe {
            samples: Arc::clone(samples),
            key: learner_key(seed, number, Purpose::Order(0)),
            soft_target: SOFT_TARGET,
            table: None,
            weights: [1.0; 2],
            rate,
            momentum,
            decay,
            strength: 0.0,
        };
        let learners = [
            (0, 0.1, 0.0, 0.0, &all),
            (1, 0.05, 0.5, 1e-4, &fewer),
            (2, 0.02, 0.9, 2e-4, &all),
        ];
        Ok(Self {
            model: Model::new(hidden)?,
            batch,
            images: builtin::train(IMAGES as usize).into(),
            learners: learners.map(learner).into(),
            weights: (learners.iter())
                .map(|learner| learner_key(seed, learner.0, Purpose::Weights))
                .collect(),
            points,
        })
    }
}
