//! The networks that everything is compared with: originals and retrained ones, with a second set of
//! both, on which settings are chosen.

use std::sync::Arc;

use super::observe::SAMPLES;
use super::{Lab, Watch, Weights};
use crate::device::Limits;
use crate::error::{Error, Result};
use crate::kernels::FORGET;
use crate::memory::size;
use crate::methods::PADDED;
use crate::metrics::cka;
use crate::population::{Curriculum, DeviceImages, Population, Rule, largest, most, words};
use crate::random::{Purpose, learner_key};
use crate::record::CLASSES;

/// Original networks on which settings are tried.
pub(super) const TRIED: usize = 2;
/// Retrained networks by which settings are chosen: others than those that methods are scored by.
pub(super) const CHOOSERS: usize = 6;
/// Numbers of the networks of the second set begin here, and are larger by this for fresh ones.
pub(super) const SECOND: u32 = 100_000;

/// Networks that no method has touched.
pub(crate) struct Base {
    pub(crate) originals: Weights,
    pub(crate) retrained: Weights,
    /// Originals on which settings are tried.
    pub(crate) tried: Weights,
    /// Retrained networks by which they are chosen.
    pub(crate) choosers: Weights,
}

/// Networks that are trained alike, with the numbers from `first` on.
struct Group {
    /// With all training images, or with those alone that are not to be forgotten.
    all: bool,
    first: u32,
    count: usize,
}

/// Groups that are not in the cache yet, to be trained side by side.
struct Missing<'a> {
    lab: &'a Lab<'a>,
    recipe: String,
    group: Group,
    list: Arc<Vec<u32>>,
}

/// Trains the networks of all cases that no method touches and that are not in the cache: in one
/// population, as far as the device holds them. Cases with the same seed have the same originals.
pub(super) fn train(labs: &[Lab<'_>], watch: &mut dyn Watch) -> Result<()> {
    let Some(any) = labs.first() else {
        return Ok(());
    };
    let missing = missing(labs);
    let number = |m: &Missing<'_>| (m.group.first..).take(m.group.count);
    let networks: Vec<(Curriculum, [u32; 2])> = missing
        .iter()
        .flat_map(|m| number(m).map(|n| m.network(n)))
        .collect();
    let room = any.room(0)?;
    let passes = networks.len().div_ceil(room) as u64;
    let what = "originals and retrained networks";
    watch.begin(what, passes * u64::from(any.steps()));
    let mut trained = Weights::new();
    for some in networks.chunks(room) {
        trained.extend(any.trained(some, watch)?);
    }
    let mut rest = &trained[..];
    for m in &missing {
        let (own, others) = rest.split_at(m.group.count * any.model.parameters() as usize);
        any.cache.keep(&m.recipe, own)?;
        rest = others;
    }
    Ok(())
}

fn missing<'a>(labs: &'a [Lab<'a>]) -> Vec<Missing<'a>> {
    let mut missing: Vec<Missing<'a>> = Vec::new();
    for lab in labs {
        let lists = [false, true].map(|all| Arc::new(lab.list(all)));
        for group in lab.groups() {
            let recipe = lab.recipe(&group);
            let numbers = group.count * lab.model.parameters() as usize;
            let known = missing.iter().any(|m| m.recipe == recipe);
            if !known && lab.cache.find(&recipe, numbers).is_none() {
                let list = lists[usize::from(group.all)].clone();
                missing.push(Missing {
                    lab,
                    recipe,
                    group,
                    list,
                });
            }
        }
    }
    missing
}

impl Missing<'_> {
    /// What a network is taught, and the key of its first weights.
    fn network(&self, number: u32) -> (Curriculum, [u32; 2]) {
        let lesson = self.lab.lesson(self.list.clone(), number, 0);
        let key = learner_key(self.lab.case.seed, number, Purpose::Weights);
        (lesson, key)
    }
}

impl Lab<'_> {
    /// What every cached weight depends on: this program, the data, the device and the network.
    pub(super) fn origin(&self) -> String {
        let s = self.settings;
        format!(
            "{} {} {:?} {} {} {:?}",
            self.program, self.digest, s.hidden, s.batch, s.device, s.variants
        )
    }

    /// What a group's weights depend on.
    fn recipe(&self, group: &Group) -> String {
        let s = self.settings;
        let images = match group.all {
            true => "all".to_owned(),
            false => format!("all but {:?}", self.case.scope),
        };
        let Group { first, count, .. } = group;
        format!(
            "{} base {images} {first} {count} {} {} {}",
            self.origin(),
            self.case.seed,
            s.epochs,
            s.lr
        )
    }

    /// The groups of a case. The k-th original and the k-th retrained network begin with the same
    /// weights.
    fn groups(&self) -> [Group; 4] {
        let s = self.settings;
        let groups = [
            (true, 0, s.learners),
            (false, 0, s.retrained),
            (true, SECOND, TRIED),
            (false, SECOND, CHOOSERS),
        ];
        groups.map(|(all, first, count)| Group { all, first, count })
    }

    /// What the training of originals depends on, but for their numbers.
    pub(super) fn originals_recipe(&self) -> String {
        let [originals, ..] = self.groups();
        self.recipe(&originals)
    }

    /// All training images, those to forget with the bit that says so.
    pub(super) fn marked(&self) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.forgotten);
        let entry = |(i, forgotten): (u32, &bool)| if *forgotten { i | FORGET } else { i };
        numbered.map(entry).collect()
    }

    /// Networks that fit in one population, each with a table of targets at the worst.
    pub(super) fn room(&self, images: usize) -> Result<usize> {
        let limits = self.device.limits();
        let by_size = largest(limits, &self.model, self.settings.batch);
        let table = (images * PADDED) as u64;
        let by_tables = usize::try_from(limits.buffer_words / (table + 64)).unwrap_or(usize::MAX);
        let need = |networks| self.need(limits, networks, images);
        match most(by_size.min(by_tables), |n| need(n) <= limits.memory) {
            0 => Err(Error::Usage(format!(
                "{} cannot hold a network with a table of targets for {images} images: it needs about \
                 {} of memory, and {} are left. Choose another --device, or a smaller --hidden or \
                 --batch",
                self.device.record().name,
                size(need(1)),
                size(limits.memory)
            ))),
            room => Ok(room),
        }
    }

    /// Bytes of the machine's memory for so many networks that train, each with a table of targets for
    /// so many images: a second population may ask them something, and their weights are on the host
    /// as before, as after, and as what a rule goes by.
    fn need(&self, limits: Limits, networks: usize, images: usize) -> u64 {
        let tables = networks * images * PADDED;
        let batch = self.settings.batch;
        let population = |tables| {
            let lists = 2 * self.labels.len();
            words(limits, &self.model, batch, networks, [lists, tables])
        };
        let weights = networks as u64 * u64::from(self.model.parameters());
        let device = population(tables) + population(0) + 2 * weights;
        limits.need(device, 4 * (4 * weights + tables as u64))
    }

    /// Bytes on the host of what is known of all networks when they are judged: answers and weights of
    /// each, and of retrained ones also what metrics make of them, for groups of two sizes.
    fn known(&self, methods: usize, learners: usize) -> u64 {
        let asked = [true, false].map(|forgotten| {
            let images = self.images(forgotten).len();
            images / images.div_ceil(SAMPLES).max(1)
        });
        let layers = self.model.layers();
        let hidden = layers.len() - 1;
        let widths: usize = layers[..hidden]
            .iter()
            .map(|l| l.padded_outputs as usize)
            .sum();
        let parameters = self.model.parameters() as usize;
        let images: usize = asked.iter().sum();
        let answers = (images + self.test_labels.len()) * (4 * CLASSES + 1);
        let fresh = 8 * CLASSES * asked[0];
        let network = 4 * (3 * parameters + images * widths) + answers + fresh;
        let square = |n: &usize| (n / n.div_ceil(cka::SAMPLES).max(1)).pow(2);
        let squares: usize = asked.iter().map(square).sum();
        let features = 8 * (hidden * squares + parameters);
        let retrained = self.settings.retrained + CHOOSERS;
        let networks = (methods + 1) * learners + retrained;
        (networks * network + 2 * retrained * features) as u64
    }

    /// Refuses more networks than methods can be applied to, all originals at a time, some of them
    /// twice; or more than memory holds.
    pub(super) fn check_room(&self, methods: usize) -> Result<()> {
        let (learners, name) = (self.settings.learners, &self.device.record().name);
        let by_device = self.room(self.labels.len())?.min(self.room(0)? / 2);
        let limits = self.device.limits();
        let need = |n| {
            let training = self.need(limits, n, self.labels.len());
            // What is known of all, beside a population that learns again, of one network at the least.
            training.max(self.known(methods, n) + self.need(limits, 1, 0))
        };
        let room = most(by_device, |n| need(n) <= limits.memory);
        if room >= learners {
            return Ok(());
        }
        let remedy = match room {
            0 => "not even one fits: use fewer --methods or --retrained, a smaller --hidden or --batch, \
                  or another --device"
                .to_owned(),
            _ => format!("the most that fit are {room}"),
        };
        Err(Error::Usage(match need(learners) > limits.memory {
            true => format!(
                "--learners {learners} need about {} of memory for {methods} methods on each, and {} are \
                 left: {remedy}",
                size(need(learners)),
                size(limits.memory)
            ),
            false => format!(
                "--learners {learners} are more than {name} can apply methods to at a time: {remedy}"
            ),
        }))
    }

    /// Indices of the training images that are to be forgotten, or are not.
    pub(super) fn images(&self, forgotten: bool) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.forgotten);
        let chosen = numbered.filter(|(_, f)| **f == forgotten);
        chosen.map(|(i, _)| i).collect()
    }

    /// The training images of a network that sees them all, or those alone that are to be kept.
    fn list(&self, all: bool) -> Vec<u32> {
        match all {
            true => (0u32..).take(self.labels.len()).collect(),
            false => self.images(false),
        }
    }

    /// This case's networks that no method touches, which `train` has put into the cache.
    pub(super) fn base(&self) -> Result<Base> {
        let kept = |group: &Group| {
            let numbers = group.count * self.model.parameters() as usize;
            let found = self.cache.find(&self.recipe(group), numbers);
            found.ok_or_else(|| {
                Error::Data(
                    "trained networks have gone from the cache folder, or are damaged: start the \
                     comparison again"
                        .to_owned(),
                )
            })
        };
        let [originals, retrained, tried, choosers] = self.groups();
        Ok(Base {
            originals: kept(&originals)?,
            retrained: kept(&retrained)?,
            tried: kept(&tried)?,
            choosers: kept(&choosers)?,
        })
    }

    /// Networks with fresh weights, by their numbers.
    pub(super) fn fresh(&self, numbers: &[u32]) -> Result<Weights> {
        let population = self.idle(numbers.len())?;
        let key = |&n| learner_key(self.case.seed, n, Purpose::Weights);
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

    /// Trains networks side by side.
    fn trained(
        &self,
        networks: &[(Curriculum, [u32; 2])],
        watch: &mut dyn Watch,
    ) -> Result<Weights> {
        let (taught, keys): (Vec<Curriculum>, Vec<[u32; 2]>) = networks.iter().cloned().unzip();
        let population = self.population(&taught)?;
        population.initialise(&keys)?;
        population.train(self.steps(), &mut |done| watch.advance(done.into()))?;
        let weights = population.parameters()?;
        if weights.iter().any(|w| !w.is_finite()) {
            return Err(Error::Usage(format!(
                "the training of the networks that methods are compared on diverged: use a smaller \
                 --lr than {}",
                self.settings.lr
            )));
        }
        Ok(weights)
    }

    /// Plain training of a network with this number.
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub(super) fn lesson(&self, samples: Arc<Vec<u32>>, number: u32, phase: u32) -> Curriculum {
        Curriculum {
            samples,
            key: learner_key(self.case.seed, number, Purpose::Order(phase)),
            soft_target: [1.0 / CLASSES as f32; CLASSES],
            table: None,
            weights: [1.0; 2],
            rate: self.settings.lr as f32,
            momentum: 0.0,
            decay: 0.0,
            strength: 0.0,
        }
    }

    /// A population that is taught this.
    pub(super) fn population(&self, taught: &[Curriculum]) -> Result<Population<'_>> {
        self.ruled(&self.train, taught, Rule::Gradient)
    }

    /// A population that is taught this, with these images, by a rule.
    pub(super) fn ruled(
        &self,
        images: &DeviceImages,
        taught: &[Curriculum],
        rule: Rule<'_>,
    ) -> Result<Population<'_>> {
        let images = [images, &self.test];
        let batch = self.settings.batch;
        Population::ruled(self.device, &self.model, batch, images, taught, rule)
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
}
