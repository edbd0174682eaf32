//! The networks that methods start from and are measured against: originals and retrained ones,
//! with a second set of both for tuning.

use std::rc::Rc;
use std::sync::Arc;

use super::Lab;
use crate::engine::{SECOND, Weights};
use crate::error::{Error, Result};
use crate::population::Recipe;
use crate::progress::Progress;
use crate::random::{Purpose, learner_key};

/// Original networks for tuning.
pub(super) const TRIED: usize = 2;
/// Retrained networks for tuning, separate from those used for scoring.
pub(super) const CHOOSERS: usize = 6;
/// Networks without unlearning.
pub(crate) struct Base {
    pub(crate) originals: Rc<Weights>,
    pub(crate) retrained: Weights,
    /// Originals for tuning.
    pub(crate) tried: Rc<Weights>,
    /// Retrained networks for tuning.
    pub(crate) choosers: Weights,
}

/// Networks trained alike, numbered from `first` on.
struct Group {
    /// On all training images, or only on those to keep.
    all: bool,
    first: u32,
    count: usize,
}

/// Groups missing from the cache, to be trained side by side.
struct Missing<'a> {
    lab: &'a Lab<'a>,
    id: String,
    group: Group,
    list: Arc<Vec<u32>>,
}

/// Trains the base networks of all cases that are not in the cache, in one population as far as the
/// device has room. Cases with the same seed share their originals.
pub(super) fn train(labs: &[Lab<'_>], progress: &mut dyn Progress) -> Result<()> {
    let Some(any) = labs.first() else {
        return Ok(());
    };
    let missing = missing(labs);
    let number = |m: &Missing<'_>| (m.group.first..).take(m.group.count);
    let networks: Vec<(Recipe, [u32; 2])> = missing
        .iter()
        .flat_map(|m| number(m).map(|n| m.network(n)))
        .collect();
    let engine = &any.engine;
    let room = engine.room(0)?;
    let passes = networks.len().div_ceil(room) as u64;
    let what = "originals and retrained networks";
    progress.begin(what, passes * u64::from(any.steps()));
    let mut trained = Weights::new();
    for some in networks.chunks(room) {
        let (taught, keys): (Vec<Recipe>, Vec<[u32; 2]>) = some.iter().cloned().unzip();
        let fresh = engine.initialised(&keys)?;
        trained.extend(engine.trained(taught, fresh, any.steps(), progress)?);
    }
    if trained.iter().any(|w| !w.is_finite()) {
        return Err(Error::Usage(format!(
            "the training of the networks that methods are compared on diverged: use a smaller --lr \
             than {}",
            any.settings.lr
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

fn missing<'a>(labs: &'a [Lab<'a>]) -> Vec<Missing<'a>> {
    let mut missing: Vec<Missing<'a>> = Vec::new();
    for lab in labs {
        let lists = [false, true].map(|all| Arc::new(lab.engine.list(all)));
        for group in lab.groups() {
            let id = lab.id(&group);
            let numbers = group.count * lab.engine.size();
            let known = missing.iter().any(|m| m.id == id);
            if !known && lab.engine.store.find(&id, numbers).is_none() {
                let list = lists[usize::from(group.all)].clone();
                missing.push(Missing {
                    lab,
                    id,
                    group,
                    list,
                });
            }
        }
    }
    missing
}

impl Missing<'_> {
    /// A network's recipe, and the key of its initial weights.
    fn network(&self, number: u32) -> (Recipe, [u32; 2]) {
        let lesson = self.lab.engine.recipe(self.list.clone(), number, 0);
        let key = learner_key(self.lab.engine.case.seed, number, Purpose::Weights);
        (lesson, key)
    }
}

impl Lab<'_> {
    /// Everything that a group's weights depend on.
    fn id(&self, group: &Group) -> String {
        let s = self.settings;
        let images = match group.all {
            true => "all".to_owned(),
            false => format!("all but {:?}", self.engine.case.scope),
        };
        let Group { first, count, .. } = group;
        format!(
            "{} base {images} {first} {count} {} {} {}",
            self.engine.origin, self.engine.case.seed, s.epochs, s.lr
        )
    }

    /// The groups of a case. The k-th original and the k-th retrained network start from the same
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

    /// This case's base networks, which `train` has put into the cache.
    pub(super) fn base(&self) -> Result<Base> {
        let kept = |group: &Group| {
            let numbers = group.count * self.engine.size();
            let found = self.engine.store.find(&self.id(group), numbers);
            found.ok_or_else(|| {
                Error::Data(
                    "trained networks in the cache folder are missing or damaged: start the \
                     comparison again"
                        .to_owned(),
                )
            })
        };
        let [originals, retrained, tried, choosers] = self.groups();
        Ok(Base {
            originals: kept(&originals)?.into(),
            retrained: kept(&retrained)?,
            tried: kept(&tried)?.into(),
            choosers: kept(&choosers)?,
        })
    }
}
