//! The networks that methods start from and are measured against: originals, retrained networks and
//! their twins, and the smaller set on which settings are tuned.

use std::rc::Rc;
use std::sync::Arc;

use super::Lab;
use crate::engine::{Engine, SECOND, Weights};
use crate::error::{Error, Result};
use crate::population::Recipe;
use crate::progress::Progress;
use crate::random::{Purpose, learner_key};

/// Original networks for tuning.
pub(super) const TRIED: usize = 2;
/// Retrained networks for tuning.
pub(super) const CHOOSERS: usize = 6;
/// The phase whose sample order twins see: that of no other network.
const TWIN_ORDER: u32 = 8;

/// Networks without unlearning.
pub(crate) struct Base {
    pub(crate) originals: Rc<Weights>,
    pub(crate) retrained: Weights,
    /// Retrained networks that start from the weights of the first of `retrained` and see the samples
    /// in another order.
    pub(crate) twins: Weights,
}

/// The networks of the tuning.
pub(crate) struct Tuners {
    pub(crate) originals: Rc<Weights>,
    pub(crate) retrained: Weights,
}

/// Networks trained alike, numbered from `first` on.
struct Group<'a> {
    engine: &'a Engine<'a>,
    /// On all training images, or only on those to keep.
    all: bool,
    first: u32,
    count: usize,
    /// The sample order's phase.
    order: u32,
}

/// Groups missing from the cache, to be trained side by side.
struct Missing<'a> {
    id: String,
    group: Group<'a>,
    list: Arc<Vec<u32>>,
}

/// Trains the networks of all cases that are not in the cache, in as few populations as the device has
/// room for. Cases with the same seed share their originals.
pub(super) fn train(labs: &[Lab<'_>], progress: &mut dyn Progress) -> Result<()> {
    let scored = labs.iter().flat_map(Lab::groups);
    train_groups(scored, "originals and retrained networks", progress)?;
    let tuned = labs.iter().filter(|lab| lab.tunes());
    let tuners = tuned.flat_map(Lab::tuning_groups);
    train_groups(tuners, "networks for tuning", progress)
}

fn train_groups<'a>(
    groups: impl Iterator<Item = Group<'a>>,
    what: &str,
    progress: &mut dyn Progress,
) -> Result<()> {
    let missing = missing(groups);
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let number = |m: &Missing<'_>| (m.group.first..).take(m.group.count);
    let networks: Vec<(Recipe, [u32; 2])> = missing
        .iter()
        .flat_map(|m| number(m).map(|n| m.network(n)))
        .collect();
    let engine = first.group.engine;
    let steps = engine.training.steps(engine.labels().len());
    let room = engine.room(0)?;
    let passes = networks.len().div_ceil(room) as u64;
    progress.begin(what, passes * u64::from(steps));
    let mut trained = Weights::new();
    for some in networks.chunks(room) {
        let (taught, keys): (Vec<Recipe>, Vec<[u32; 2]>) = some.iter().cloned().unzip();
        let fresh = engine.initialised(&keys)?;
        trained.extend(engine.trained(taught, fresh, steps, progress)?);
    }
    if trained.iter().any(|w| !w.is_finite()) {
        return Err(Error::Usage(format!(
            "the training of the networks that methods are compared on diverged: use a smaller --lr \
             than {}",
            engine.training.lr
        )));
    }
    let mut rest = &trained[..];
    for m in &missing {
        let (own, others) = rest.split_at(m.group.count * engine.size());
        engine.store.keep(&m.id, own)?;
        rest = others;
    }
    Ok(())
}

fn missing<'a>(groups: impl Iterator<Item = Group<'a>>) -> Vec<Missing<'a>> {
    let mut missing: Vec<Missing<'a>> = Vec::new();
    for group in groups {
        let (id, numbers) = (group.id(), group.count * group.engine.size());
        let known = missing.iter().any(|m| m.id == id);
        if !known && group.engine.store.find(&id, numbers).is_none() {
            let list = group.engine.list(group.all).into();
            missing.push(Missing { id, group, list });
        }
    }
    missing
}

impl Missing<'_> {
    /// A network's recipe, and the key of its initial weights.
    fn network(&self, number: u32) -> (Recipe, [u32; 2]) {
        let Group { engine, order, .. } = self.group;
        let recipe = engine.recipe(self.list.clone(), number, order);
        let key = learner_key(engine.case.seed, number, Purpose::Weights);
        (recipe, key)
    }
}

impl Group<'_> {
    /// Everything that a group's weights depend on.
    fn id(&self) -> String {
        let Self {
            engine,
            all,
            first,
            count,
            order,
        } = self;
        let images = match all {
            true => "all".to_owned(),
            false => format!("all but {:?} {:?}", engine.case.scope, engine.case.pick),
        };
        let (origin, seed) = (&engine.origin, engine.case.seed);
        let (epochs, lr) = (engine.training.epochs, engine.training.lr);
        format!("{origin} base {images} {first} {count} {order} {seed} {epochs} {lr}")
    }

    /// The group's networks, which `train` has put into the cache.
    fn kept(&self) -> Result<Weights> {
        let numbers = self.count * self.engine.size();
        let found = self.engine.store.find(&self.id(), numbers);
        found.ok_or_else(|| {
            Error::Data(
                "trained networks in the cache folder are missing or damaged: start the \
                 comparison again"
                    .to_owned(),
            )
        })
    }
}

impl Lab<'_> {
    /// The groups of a case. The k-th original, the k-th retrained network and the k-th twin start from
    /// the same weights.
    fn groups(&self) -> [Group<'_>; 3] {
        let s = self.settings;
        let twins = s.learners.min(s.retrained);
        let groups = [
            (true, s.learners, 0),
            (false, s.retrained, 0),
            (false, twins, TWIN_ORDER),
        ];
        groups.map(|(all, count, order)| Group {
            engine: &self.engine,
            all,
            first: 0,
            count,
            order,
        })
    }

    /// The groups of the tuning.
    fn tuning_groups(&self) -> [Group<'_>; 2] {
        [(true, TRIED), (false, CHOOSERS)].map(|(all, count)| Group {
            engine: &self.tuning,
            all,
            first: SECOND,
            count,
            order: 0,
        })
    }

    /// This case's networks.
    pub(super) fn base(&self) -> Result<Base> {
        let [originals, retrained, twins] = self.groups();
        Ok(Base {
            originals: originals.kept()?.into(),
            retrained: retrained.kept()?,
            twins: twins.kept()?,
        })
    }

    /// This case's networks for tuning.
    pub(super) fn tuners(&self) -> Result<Tuners> {
        let [originals, retrained] = self.tuning_groups();
        Ok(Tuners {
            originals: originals.kept()?.into(),
            retrained: retrained.kept()?,
        })
    }
}
