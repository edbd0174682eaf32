//! The networks that everything is compared with: originals and retrained ones, with a second set of
//! both, on which settings are chosen.

use std::sync::Arc;

use super::{Lab, Watch, Weights};
use crate::error::{Error, Result};
use crate::methods::{PADDED, Task};
use crate::population::{Curriculum, Population, largest};
use crate::random::{Purpose, learner_key};
use crate::record::CLASSES;

/// Original networks on which settings are tried.
pub(super) const TRIED: usize = 2;
/// Retrained networks by which settings are chosen: others than those that methods are scored by.
pub(super) const CHOOSERS: usize = 6;
/// Numbers of the networks of the second set begin here, and are larger by this for fresh ones.
const SECOND: u32 = 100_000;

/// Networks that no method has touched.
pub(crate) struct Base {
    pub(crate) originals: Weights,
    pub(crate) retrained: Weights,
    /// Originals on which settings are tried.
    pub(crate) tried: Weights,
    /// Retrained networks by which they are chosen.
    pub(crate) choosers: Weights,
    /// A network with fresh weights.
    pub(crate) fresh: Weights,
}

/// What a group of networks is taught, and their numbers.
struct Group {
    list: Arc<Vec<u32>>,
    first: u32,
    count: usize,
}

impl Lab<'_> {
    /// What every cached weight depends on: this program, the data, the device and the seed.
    pub(super) fn origin(&self) -> String {
        let s = self.settings;
        format!(
            "{} {} {:?} {:?} {} {} {} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.digest,
            s.hidden,
            s.forget,
            s.batch,
            s.seed,
            s.device,
            s.variants
        )
    }

    /// Networks that fit in one population, each with a table of targets at the worst.
    pub(super) fn room(&self, images: usize) -> Result<usize> {
        let limits = self.device.limits();
        let by_size = largest(limits, &self.model, self.settings.batch);
        let table = (images * PADDED) as u64;
        let by_tables = usize::try_from(limits.buffer_words / (table + 64)).unwrap_or(usize::MAX);
        match by_size.min(by_tables) {
            0 => Err(Error::Usage(format!(
                "{} cannot hold a network with a table of targets for {images} images: choose another \
                 --device",
                self.device.record().name
            ))),
            room => Ok(room),
        }
    }

    /// Indices of the training images that are to be forgotten, or are not.
    pub(super) fn images(&self, forgotten: bool) -> Vec<u32> {
        let numbered = (0u32..).zip(self.labels);
        let chosen = numbered.filter(|(_, l)| self.settings.forget.contains(l) == forgotten);
        chosen.map(|(i, _)| i).collect()
    }

    /// Trains, or finds in the cache, all networks that no method touches.
    pub(super) fn base(&self, watch: &mut dyn Watch) -> Result<Base> {
        let s = self.settings;
        let all: Arc<Vec<u32>> = Arc::new((0u32..).take(self.labels.len()).collect());
        let retain = Arc::new(self.images(false));
        let group = |list: &Arc<Vec<u32>>, first, count| Group {
            list: list.clone(),
            first,
            count,
        };
        // The k-th original and the k-th retrained network begin with the same weights.
        let groups = [
            group(&all, 0, s.learners),
            group(&retain, 0, s.retrained),
            group(&all, SECOND, TRIED),
            group(&retain, SECOND, CHOOSERS),
        ];
        let trained = self.trained(&groups, watch)?;
        let size = self.model.parameters() as usize;
        let mut rest = &trained[..];
        let mut next = |count: usize| {
            let (own, others) = rest.split_at(count * size);
            rest = others;
            own.to_vec()
        };
        let [originals, retrained, tried, choosers] = groups.map(|g| next(g.count));
        Ok(Base {
            originals,
            retrained,
            tried,
            choosers,
            fresh: self.fresh(&[2 * SECOND])?,
        })
    }

    /// Networks with fresh weights, by their numbers.
    pub(super) fn fresh(&self, numbers: &[u32]) -> Result<Weights> {
        let population = self.idle(numbers.len())?;
        let key = |&n| learner_key(self.settings.seed, n, Purpose::Weights);
        population.initialise(&numbers.iter().map(key).collect::<Vec<_>>())?;
        population.parameters()
    }

    /// Steps that originals and retrained networks get.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "settings bound the epochs"
    )]
    pub(super) fn steps(&self) -> u32 {
        let s = self.settings;
        (s.epochs * self.labels.len() as f64 / s.batch as f64).ceil() as u32
    }

    fn trained(&self, groups: &[Group], watch: &mut dyn Watch) -> Result<Weights> {
        let s = self.settings;
        let networks: usize = groups.iter().map(|g| g.count).sum();
        let recipe = format!(
            "{} base {} {} {} {}",
            self.origin(),
            s.learners,
            s.retrained,
            s.epochs,
            s.lr
        );
        let steps = self.steps();
        let numbers: Vec<u32> = groups
            .iter()
            .flat_map(|g| (g.first..).take(g.count))
            .collect();
        watch.begin("originals and retrained networks", steps.into());
        self.cache
            .get(&recipe, networks * self.model.parameters() as usize, || {
                let taught = groups.iter().flat_map(|g| {
                    let lesson = |number| self.lesson(g.list.clone(), number, 0);
                    (g.first..).take(g.count).map(lesson)
                });
                let population = self.population(&taught.collect::<Vec<_>>())?;
                let key = |&n: &u32| learner_key(s.seed, n, Purpose::Weights);
                population.initialise(&numbers.iter().map(key).collect::<Vec<_>>())?;
                population.train(steps, &mut |done| watch.advance(done.into()))?;
                let weights = population.parameters()?;
                if weights.iter().any(|w| !w.is_finite()) {
                    return Err(Error::Usage(format!(
                        "the training of the networks that methods are compared on diverged: use a \
                     smaller --lr than {}",
                        s.lr
                    )));
                }
                Ok(weights)
            })
    }

    /// Plain training of a network with this number.
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub(super) fn lesson(&self, samples: Arc<Vec<u32>>, number: u32, phase: u32) -> Curriculum {
        Curriculum {
            samples,
            key: learner_key(self.settings.seed, number, Purpose::Order(phase)),
            soft_target: [1.0 / CLASSES as f32; CLASSES],
            table: None,
            weights: [1.0; 2],
            rate: self.settings.lr as f32,
            momentum: 0.0,
            decay: 0.0,
        }
    }

    /// A population that is taught this.
    pub(super) fn population(&self, taught: &[Curriculum]) -> Result<Population<'_>> {
        Population::new(
            self.device,
            &self.model,
            self.settings.batch,
            &self.train,
            &self.test,
            taught,
        )
    }

    /// A population that is not trained.
    pub(super) fn idle(&self, networks: usize) -> Result<Population<'_>> {
        let list = Arc::new(vec![0]);
        let taught: Vec<Curriculum> = (0u32..)
            .take(networks)
            .map(|n| self.lesson(list.clone(), n, 0))
            .collect();
        self.population(&taught)
    }

    /// A population with these weights that is not trained.
    pub(super) fn holding(&self, weights: &Weights) -> Result<Population<'_>> {
        let population = self.idle(weights.len() / self.model.parameters() as usize)?;
        population.set_parameters(weights)?;
        Ok(population)
    }

    /// What methods may draw on for these originals, whose sample orders are those of phase 1.
    pub(super) fn task(
        &self,
        originals: &Weights,
        first: u32,
        fresh: &Weights,
    ) -> Result<Task<'_>> {
        let size = self.model.parameters() as usize;
        let all: Vec<u32> = (0u32..).take(self.labels.len()).collect();
        let last = self.model.layers().len() - 1;
        let outputs = |weights: &Weights| -> Result<Arc<Vec<f32>>> {
            let population = self.holding(weights)?;
            let layers = population.activations(&self.train, &all, last)?;
            Ok(Arc::new(probabilities(&layers[0])))
        };
        let networks = originals.chunks_exact(size);
        let outputs_of_all: Result<Vec<_>> = networks.map(|w| outputs(&w.to_vec())).collect();
        let numbers = (first..).take(originals.len() / size);
        Ok(Task {
            labels: self.labels,
            forget: self.images(true),
            retain: self.images(false),
            digits: self.settings.forget.clone(),
            originals: outputs_of_all?,
            fresh: outputs(fresh)?,
            keys: numbers
                .map(|n| learner_key(self.settings.seed, n, Purpose::Order(1)))
                .collect(),
            seed: self.settings.seed,
        })
    }
}

/// Softmax of padded rows of logits; the padding is zero.
fn probabilities(logits: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; logits.len()];
    for (z, p) in logits
        .chunks_exact(PADDED)
        .zip(out.chunks_exact_mut(PADDED))
    {
        let largest = z[..CLASSES]
            .iter()
            .fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        let mut total = 0.0;
        for (z, p) in z[..CLASSES].iter().zip(&mut *p) {
            *p = (z - largest).exp();
            total += *p;
        }
        p.iter_mut().for_each(|p| *p /= total);
    }
    out
}
