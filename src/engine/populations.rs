//! Populations of an engine's networks.

use std::sync::Arc;

use super::{Engine, Training, Weights};
use crate::error::Result;
use crate::population::{DeviceImages, Population, Recipe, Rule};
use crate::random::{Purpose, learner_key};

/// Networks that are never trained are numbered from here.
const UNTRAINED: u32 = 500_000;

impl Training {
    /// Steps of training with this number of images.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "settings bound the epochs"
    )]
    pub(crate) fn steps(&self, images: usize) -> u32 {
        (self.epochs * images as f64 / self.batch as f64).ceil() as u32
    }
}

impl<'a> Engine<'a> {
    /// Networks with fresh weights, by their numbers.
    pub(crate) fn fresh(&self, numbers: &[u32]) -> Result<Weights> {
        let key = |&n| learner_key(self.case.seed, n, Purpose::Weights);
        self.initialised(&numbers.iter().map(key).collect::<Vec<_>>())
    }

    /// This number of networks that learn nothing, apart from all others.
    pub(crate) fn untrained(&self, networks: usize) -> Result<Weights> {
        self.fresh(&(UNTRAINED..).take(networks).collect::<Vec<_>>())
    }

    /// Networks with fresh weights from these keys.
    pub(crate) fn initialised(&self, keys: &[[u32; 2]]) -> Result<Weights> {
        let population = self.idle(keys.len())?;
        population.initialise(keys)?;
        population.parameters()
    }

    /// Plain training of the network with this number, in the phase with this number.
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub(crate) fn recipe(&self, samples: Arc<Vec<u32>>, number: u32, phase: u32) -> Recipe {
        let Training {
            lr,
            momentum,
            decay,
            ..
        } = self.training;
        let key = learner_key(self.case.seed, number, Purpose::Order(phase));
        Recipe {
            momentum: momentum as f32,
            decay: decay as f32,
            ..Recipe::plain(samples, key, lr)
        }
    }

    /// A population with these recipes.
    pub(crate) fn population(&self, taught: &[Recipe]) -> Result<Population<'a>> {
        self.ruled(&self.train, taught, Rule::Gradient)
    }

    /// A population with these recipes, images and rule.
    pub(crate) fn ruled(
        &self,
        images: &DeviceImages,
        taught: &[Recipe],
        rule: Rule<'_>,
    ) -> Result<Population<'a>> {
        let images = [images, &self.test];
        let batch = self.training.batch;
        Population::ruled(self.device, &self.model, batch, images, taught, rule)
    }

    /// A population that does not train.
    pub(crate) fn idle(&self, networks: usize) -> Result<Population<'a>> {
        let list = Arc::new(vec![0]);
        let taught: Vec<Recipe> = (0u32..)
            .take(networks)
            .map(|n| self.recipe(list.clone(), n, 0))
            .collect();
        self.population(&taught)
    }

    /// A population with these weights that does not train.
    pub(crate) fn holding(&self, weights: &[f32]) -> Result<Population<'a>> {
        let population = self.idle(weights.len() / self.size())?;
        population.set_parameters(weights)?;
        Ok(population)
    }

    /// A population with these weights and this batch size that does not train.
    pub(crate) fn asking(&self, weights: &[f32], batch: usize) -> Result<Population<'a>> {
        let networks = (0u32..).take(weights.len() / self.size());
        let recipe = |n| self.recipe(vec![0].into(), n, 0);
        let population = Population::new(
            self.device,
            &self.model,
            batch,
            &self.train,
            &self.test,
            &networks.map(recipe).collect::<Vec<_>>(),
        )?;
        population.set_parameters(weights)?;
        Ok(population)
    }
}
