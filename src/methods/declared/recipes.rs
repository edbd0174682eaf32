//! From a declared stage of training to what each learner is taught.

use std::sync::Arc;

use super::formula::Formula;
use super::schema::{Lesson, Order, Target, Training, Update};
use crate::error::Result;
use crate::kernels::{FORGET, INDEX, OTHER, SOFT};
use crate::methods::{By, Factors, PADDED, Stage, Task};
use crate::population::Recipe;
use crate::record::CLASSES;

/// A stage of training, being laid out.
pub(super) struct Plan<'a> {
    pub(super) training: &'a Training,
    pub(super) task: &'a Task<'a>,
    pub(super) rate: f64,
    /// The method's strength.
    pub(super) strength: f32,
    /// Number of stages of training before it.
    pub(super) number: u32,
    /// Whether it trains with the run's momentum and decay.
    pub(super) trains_on: bool,
}

/// What a recipe teaches about each list; `None` if the list takes no part.
#[derive(Clone, Copy)]
struct Lists<'a> {
    forget: Option<&'a Lesson>,
    retain: Option<&'a Lesson>,
}

/// Soft targets of a list.
enum Soft {
    /// One distribution for all samples.
    Fixed([f32; CLASSES]),
    /// A network's outputs, padded [images, 12].
    Outputs(Arc<Vec<f32>>),
    /// The mean of label and outputs in the proportions 1 and this: CE and this many times
    /// KL(outputs ‖ θ) together have the gradient (1 + this)·(softmax(z) − mean).
    Distilled(Arc<Vec<f32>>, f32),
}

impl Plan<'_> {
    /// The stage, with a recipe for each learner.
    pub(super) fn stage(&self) -> Result<Stage> {
        let share = self.training.share;
        Ok(match &self.training.update {
            None => Stage::Train(share, self.recipes(0.0)?),
            Some(Update::Sparse(penalty)) => {
                Stage::TrainBy(By::Sparse, share, self.recipes(penalty.at(self.strength))?)
            }
            Some(Update::Masked(fraction)) => Stage::TrainBy(
                By::Scaled(Factors::Salient),
                share,
                self.recipes(fraction.at(self.strength))?,
            ),
            Some(Update::Projected) => Stage::TrainBy(By::Projected, share, self.pairs()?),
        })
    }

    fn lists(&self) -> Lists<'_> {
        Lists {
            forget: self.training.forget.as_ref(),
            retain: self.training.retain.as_ref(),
        }
    }

    /// A recipe for each learner, over all lists.
    fn recipes(&self, strength: f32) -> Result<Vec<Recipe>> {
        let lists = self.lists();
        // Learners share a list unless labels are drawn for each of them.
        let shared = match lists.labels_of_their_own() {
            true => None,
            false => Some(Arc::new(self.samples(0, lists)?)),
        };
        let recipe = |learner| {
            let samples = match &shared {
                Some(samples) => Arc::clone(samples),
                None => Arc::new(self.samples(learner, lists)?),
            };
            let recipe = self.recipe(learner, lists, samples)?;
            Ok(Recipe { strength, ..recipe })
        };
        (0..self.task.keys.len()).map(recipe).collect()
    }

    /// A pair of recipes for each learner: on the samples to forget, and on the others. A rate of 0
    /// and a momentum of 1 accumulate gradients in the velocities, where the projection reads them.
    fn pairs(&self) -> Result<Vec<Recipe>> {
        let Lists { forget, retain } = self.lists();
        let alone = [(forget, None), (None, retain)];
        let alone = alone.map(|(forget, retain)| Lists { forget, retain });
        let mut pairs = Vec::new();
        for learner in 0..self.task.keys.len() {
            for lists in alone {
                let samples = Arc::new(self.samples(learner, lists)?);
                let recipe = self.recipe(learner, lists, samples)?;
                pairs.push(Recipe {
                    strength: if lists.forget.is_some() {
                        recipe.rate
                    } else {
                        0.0
                    },
                    rate: 0.0,
                    momentum: 1.0,
                    ..recipe
                });
            }
        }
        Ok(pairs)
    }

    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    fn recipe(&self, learner: usize, lists: Lists<'_>, samples: Arc<Vec<u32>>) -> Result<Recipe> {
        let mut key = self.task.keys[learner];
        // Every stage walks through its samples in an order of its own.
        key[1] ^= self.number;
        let mut recipe = Recipe::plain(samples, key, self.rate);
        recipe.weights = [lists.retain, lists.forget].map(|lesson| self.weight(lesson));
        if self.trains_on {
            recipe.momentum = self.task.momentum as f32;
            recipe.decay = self.task.decay as f32;
        }
        self.aim(&mut recipe, learner, lists)?;
        Ok(recipe)
    }

    /// A list's weight.
    fn weight(&self, lesson: Option<&Lesson>) -> f32 {
        let value = |formula: &Option<Formula>| formula.as_ref().map(|f| f.at(self.strength));
        let weight = lesson.and_then(|lesson| value(&lesson.weight));
        let distil = lesson.and_then(|lesson| value(&lesson.distil));
        weight.unwrap_or(1.0) * (1.0 + distil.unwrap_or(0.0))
    }

    /// The order entries of a learner.
    fn samples(&self, learner: usize, lists: Lists<'_>) -> Result<Vec<u32>> {
        let entries = |lesson: Option<&Lesson>, list: &[u32], mark| match lesson {
            Some(lesson) => self.entries(learner, lesson, list, mark),
            None => Ok(Vec::new()),
        };
        // Samples to forget need a mark only if a weight is given.
        let mut taught = [lists.forget, lists.retain].into_iter().flatten();
        let mark = if taught.any(Lesson::is_weighted) {
            FORGET
        } else {
            0
        };
        let forget = entries(lists.forget, &self.task.forget, mark)?;
        let retain = entries(lists.retain, &self.task.retain, 0)?;
        Ok(match self.training.order {
            Order::ForgetFirst => [forget, retain].concat(),
            Order::ByIndex => {
                let mut all = [forget, retain].concat();
                all.sort_unstable_by_key(|entry| entry & INDEX);
                all
            }
            Order::Halves => {
                let half = forget.len().max(retain.len());
                let forget = forget.iter().cycle().take(half);
                forget
                    .chain(retain.iter().cycle().take(half))
                    .copied()
                    .collect()
            }
        })
    }

    /// The order entries of a list.
    fn entries(
        &self,
        learner: usize,
        lesson: &Lesson,
        list: &[u32],
        mark: u32,
    ) -> Result<Vec<u32>> {
        let nearest = match lesson.target {
            Target::NearestLabel => Some(self.task.nearest.get()?[learner].clone()),
            _ => None,
        };
        let classes = u32::from(self.task.classes);
        let entry = |(place, &image): (usize, &u32)| {
            let own = u32::from(self.task.labels[image as usize]);
            let drawn = |end| self.task.random(learner, image, end);
            let other = match (&lesson.target, &nearest) {
                (Target::AnyLabel, _) => Some(drawn(classes)),
                (Target::WrongLabel, _) => Some((own + 1 + drawn(classes - 1)) % classes),
                (Target::NearestLabel, Some(nearest)) => Some(u32::from(nearest[place])),
                (Target::Digit(digit), _) => Some(u32::from(*digit)),
                _ => None,
            };
            let bits = if lesson.is_soft() { SOFT | mark } else { mark };
            image | bits | other.map_or(0, |label| (label + 1) << OTHER)
        };
        Ok(list.iter().enumerate().map(entry).collect())
    }

    /// Sets a recipe's soft targets.
    fn aim(&self, recipe: &mut Recipe, learner: usize, lists: Lists<'_>) -> Result<()> {
        let soft = |lesson: Option<&Lesson>| match lesson {
            Some(lesson) => self.soft(learner, lesson),
            None => Ok(None),
        };
        match (soft(lists.forget)?, soft(lists.retain)?) {
            (None, None) => {}
            (Some(Soft::Fixed(own)), None) | (None, Some(Soft::Fixed(own))) => {
                recipe.soft_target = own;
            }
            (Some(Soft::Outputs(own)), None) | (None, Some(Soft::Outputs(own))) => {
                recipe.table = Some(own);
            }
            (forget, retain) => {
                let mut table = vec![0.0; self.task.labels.len() * PADDED];
                self.fill(&mut table, &self.task.forget, forget);
                self.fill(&mut table, &self.task.retain, retain);
                recipe.table = Some(table.into());
            }
        }
        Ok(())
    }

    /// A list's soft targets; `None` if it has labels.
    fn soft(&self, learner: usize, lesson: &Lesson) -> Result<Option<Soft>> {
        let originals = || Ok(self.task.originals.get()?[learner].clone());
        Ok(Some(match (&lesson.target, &lesson.distil) {
            (Target::Uniform, _) => Soft::Fixed(self.task.uniform()),
            (Target::Distribution(own), _) => Soft::Fixed(*own),
            (Target::RetainMean, _) => Soft::Fixed(mean(&originals()?, &self.task.retain)),
            (Target::Original, _) => Soft::Outputs(originals()?),
            (Target::Fresh, _) => Soft::Outputs(self.task.fresh.get()?[learner].clone()),
            (_, Some(distil)) => Soft::Distilled(originals()?, distil.at(self.strength)),
            (_, None) => return Ok(None),
        }))
    }

    /// Fills the rows of these images.
    fn fill(&self, table: &mut [f32], images: &[u32], soft: Option<Soft>) {
        let Some(soft) = soft else {
            return;
        };
        for &image in images {
            let image = image as usize;
            let at = image * PADDED..(image + 1) * PADDED;
            let row = &mut table[at.clone()];
            match &soft {
                Soft::Fixed(own) => row[..CLASSES].copy_from_slice(own),
                Soft::Outputs(outputs) => row.copy_from_slice(&outputs[at]),
                Soft::Distilled(outputs, weight) => {
                    for (class, (t, output)) in row.iter_mut().zip(&outputs[at]).enumerate() {
                        let own = class == usize::from(self.task.labels[image]);
                        *t = (f32::from(u8::from(own)) + weight * output) / (1.0 + weight);
                    }
                }
            }
        }
    }
}

impl Lists<'_> {
    /// Whether every learner has labels of its own.
    fn labels_of_their_own(self) -> bool {
        let own = [Target::AnyLabel, Target::WrongLabel, Target::NearestLabel];
        let mut lessons = [self.forget, self.retain].into_iter().flatten();
        lessons.any(|lesson| own.contains(&lesson.target))
    }
}

/// The mean output over these images.
#[expect(clippy::cast_possible_truncation, reason = "a target in f32")]
fn mean(outputs: &[f32], images: &[u32]) -> [f32; CLASSES] {
    let mut sums = [0.0f64; CLASSES];
    for &image in images {
        let row = &outputs[image as usize * PADDED..];
        let classes = sums.iter_mut().zip(row);
        classes.for_each(|(sum, output)| *sum += f64::from(*output));
    }
    sums.map(|sum| (sum / images.len() as f64) as f32)
}
