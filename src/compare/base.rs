//! The networks that methods start from and are measured against: originals, retrained networks and
//! their twins, and the smaller set on which settings are tuned.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::Lab;
use crate::engine::{Engine, SECOND, Wanted, Weights};
use crate::error::{Error, Result};
use crate::population::Recipe;
use crate::progress::Progress;
use crate::random::{Purpose, learner_key};

/// Original networks for tuning.
pub(super) const TRIED: usize = 2;
/// Retrained networks for tuning.
pub(super) const CHOOSERS: usize = 6;
/// Networks that the store keeps together, at most: the least that a process takes from a group.
const CHUNK: usize = 32;
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
#[derive(Clone, Copy)]
struct Group<'a> {
    engine: &'a Engine<'a>,
    /// On all training images, or only on those to keep.
    all: bool,
    first: u32,
    count: usize,
    /// The sample order's phase.
    order: u32,
}

/// Networks that the store keeps together.
pub(super) struct Segment<'a> {
    pub(super) id: String,
    group: Group<'a>,
}

/// Trains the networks of all cases that are not in the cache, in as few populations as the device has
/// room for. Cases with the same seed share their originals.
pub(super) fn train(labs: &[Lab<'_>], progress: &mut dyn Progress) -> Result<()> {
    for alike in alike(labs) {
        train_groups(scored(&alike), SCORED, progress)?;
        train_groups(tuners(&alike), TUNERS, progress)?;
    }
    Ok(())
}

/// The tasks of `train`, and the work of each in steps of networks.
pub(super) fn tasks(labs: &[Lab<'_>]) -> Vec<(&'static str, u64)> {
    let work = |segment: &Segment<'_>| {
        let (networks, steps) = segment.work();
        networks as u64 * u64::from(steps)
    };
    let of = |segments: Vec<Segment<'_>>| segments.iter().map(work).sum();
    let both = |alike: &Vec<&Lab<'_>>| {
        [
            (SCORED, of(distinct(scored(alike)))),
            (TUNERS, of(distinct(tuners(alike)))),
        ]
    };
    alike(labs).iter().flat_map(both).collect()
}

const SCORED: &str = "originals and retrained networks";
const TUNERS: &str = "networks for tuning";

/// Cases whose networks train side by side.
fn alike<'a, 'b>(labs: &'b [Lab<'a>]) -> Vec<Vec<&'b Lab<'a>>> {
    let mut all = Vec::new();
    let mut rest: Vec<&Lab<'_>> = labs.iter().collect();
    while let Some(first) = rest.first() {
        let form = |lab: &Lab<'_>| (lab.settings.epochs, lab.settings.batch, lab.engine.size());
        let own = form(first);
        let (alike, others): (Vec<&Lab<'_>>, _) = rest.iter().partition(|lab| form(lab) == own);
        all.push(alike);
        rest = others;
    }
    all
}

fn scored<'a>(alike: &[&'a Lab<'a>]) -> impl Iterator<Item = Group<'a>> {
    alike.iter().flat_map(|lab| lab.groups())
}

fn tuners<'a>(alike: &[&'a Lab<'a>]) -> impl Iterator<Item = Group<'a>> {
    let tuned = alike.iter().filter(|lab| lab.tunes());
    tuned.flat_map(|lab| lab.tuning_groups())
}

fn train_groups<'a>(
    groups: impl Iterator<Item = Group<'a>>,
    what: &str,
    progress: &mut dyn Progress,
) -> Result<()> {
    let groups = distinct(groups);
    let Some(Segment { group, .. }) = groups.first() else {
        return Ok(());
    };
    let engine = group.engine;
    let wanted = |(place, segment): (usize, &Segment<'_>)| segment.wanted(place);
    let mut missing: Vec<Wanted> = groups.iter().enumerate().filter_map(wanted).collect();
    let lots = engine.lots(CHUNK, engine.room(0)?);
    while let Some(taken) = engine.store.take(&mut missing, lots, progress)? {
        let taken: Vec<&Segment<'_>> = taken.segments.iter().map(|s| &groups[s.place]).collect();
        train_some(&taken, what, progress)?;
    }
    Ok(())
}

/// Trains segments side by side, in as few populations as the device has room for.
fn train_some(segments: &[&Segment<'_>], what: &str, progress: &mut dyn Progress) -> Result<()> {
    let networks = segments.iter().flat_map(|segment| segment.networks());
    let networks: Vec<(Recipe, [u32; 2])> = networks.collect();
    let Some(Segment { group, .. }) = segments.first() else {
        return Ok(());
    };
    let engine = group.engine;
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
    let (mut rest, mut diverged) = (&trained[..], None);
    for Segment { id, group } in segments {
        let (own, others) = rest.split_at(group.count * engine.size());
        match own.iter().all(|w| w.is_finite()) {
            true => engine.store.keep(id, own)?,
            false => diverged = Some(group.engine.training.lr),
        }
        rest = others;
    }
    match diverged {
        None => Ok(()),
        Some(lr) => Err(Error::Usage(format!(
            "the training of the networks that methods are compared on diverged: use a smaller --lr \
             than {lr}"
        ))),
    }
}

/// The segments of these groups, each of them once.
fn distinct<'a>(groups: impl Iterator<Item = Group<'a>>) -> Vec<Segment<'a>> {
    let mut known = BTreeSet::new();
    let segments = groups.flat_map(|group| group.segments());
    segments.filter(|s| known.insert(s.id.clone())).collect()
}

impl Segment<'_> {
    /// Its networks' recipes, and the keys of their initial weights.
    fn networks(&self) -> impl Iterator<Item = (Recipe, [u32; 2])> {
        let Group { engine, order, .. } = self.group;
        let list: Arc<Vec<u32>> = engine.list(self.group.all).into();
        let numbers = (self.group.first..).take(self.group.count);
        numbers.map(move |number| {
            let recipe = engine.recipe(list.clone(), number, order);
            let key = learner_key(engine.case.seed, number, Purpose::Weights);
            (recipe, key)
        })
    }

    /// The number of networks, and the steps of their training.
    pub(super) fn work(&self) -> (usize, u32) {
        let Group { engine, count, .. } = self.group;
        (count, engine.training.steps(engine.labels().len()))
    }

    /// Whether it holds originals, not retrained networks.
    pub(super) fn is_original(&self) -> bool {
        self.group.all
    }

    /// Whether it is in the store.
    pub(super) fn is_there(&self) -> bool {
        self.wanted(0).is_none()
    }

    /// This segment at its place, unless it is in the store.
    fn wanted(&self, place: usize) -> Option<Wanted> {
        let numbers = self.group.count * self.group.engine.size();
        let found = self.group.engine.store.find(&self.id, numbers);
        let id = self.id.clone();
        found.is_none().then_some(Wanted { place, id, numbers })
    }
}

impl<'a> Group<'a> {
    /// The group in segments, as the store keeps it.
    fn segments(&self) -> Vec<Segment<'a>> {
        let starts = (self.first..).step_by(CHUNK);
        let segment = |(first, done): (u32, usize)| {
            let group = Group {
                first,
                count: CHUNK.min(self.count - done),
                ..*self
            };
            let id = group.id();
            Segment { id, group }
        };
        starts
            .zip((0..self.count).step_by(CHUNK))
            .map(segment)
            .collect()
    }

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
        let size = self.engine.size();
        let mut kept = Weights::with_capacity(self.count * size);
        for Segment { id, group } in self.segments() {
            kept.extend(self.engine.store.there(&id, group.count * size)?);
        }
        Ok(kept)
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

    /// The segments of this case's networks, and of those for tuning if there are any.
    pub(super) fn segments(&self) -> [Vec<Segment<'_>>; 2] {
        let own = self.groups().iter().flat_map(Group::segments).collect();
        let tuning = self.tuning_groups();
        let tuning = tuning.iter().filter(|_| self.tunes());
        [own, tuning.flat_map(Group::segments).collect()]
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
