//! The work of comparisons: a process's part of it, and what is left.

use std::collections::BTreeMap;

use super::base::{Base, Segment as Networks, TRIED};
use super::export::csv;
use super::tune::{self, TRIALS};
use super::{Lab, Named, Settings, labs, make_ready};
use crate::data::Dataset;
use crate::device::Device;
use crate::engine::{Job, Pick, Store};
use crate::error::{Error, Result};
use crate::methods::Method;
use crate::progress::{Progress, Silent};

/// Does a part of the work of these comparisons: the store's part, and then what other parts left.
/// After it the store holds all networks, and `compare` has only to judge.
///
/// # Errors
/// As `compare`.
pub fn work(
    all: &[Settings],
    data: &Dataset,
    device: &dyn Device,
    store: &Store,
    progress: &mut dyn Progress,
) -> Result<()> {
    let split = tune::split(data);
    let mut labs = labs(all, [data, &split], device, store)?;
    make_ready(&mut labs, progress)?;
    // Parts begin at different cases, so that they seldom wait for each other.
    let part = store.part();
    let first = part.number() * labs.len() / part.of();
    let (before, own) = labs.split_at(first.min(labs.len()));
    for lab in own.iter().chain(before) {
        let name = match labs.len() {
            1 => String::new(),
            _ => format!("{}: ", lab.name(all)),
        };
        lab.prepare(all, &lab.base()?, &mut Named { name, progress })?;
    }
    Ok(())
}

/// What a segment holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// How hard images are to forget.
    Scores,
    /// Networks that saw everything.
    Originals,
    /// Networks that never saw what is forgotten.
    Retrained,
    /// A method's trials of settings.
    Settings,
    /// What a method made of the originals.
    Method,
    /// How fast all networks of a case learn again.
    Relearning,
}

impl Kind {
    /// In a word.
    fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Originals => "originals",
            Self::Retrained => "retrained",
            Self::Settings => "settings",
            Self::Method => "method",
            Self::Relearning => "relearning",
        }
    }
}

/// A piece of work, as a plan lists it.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its number.
    pub segment: usize,
    /// What it holds.
    pub kind: Kind,
    /// The method and its budget, where it has them.
    pub method: String,
    /// The case.
    pub case: String,
    /// The numbers of the segments that must be there before.
    pub needs: Vec<usize>,
    /// Networks.
    pub networks: usize,
    /// Steps of each, as far as that is known before.
    pub steps: u32,
}

/// Segments as CSV.
pub fn segments_table(segments: &[Segment]) -> String {
    let lines = segments.iter().map(|s| {
        let needs: Vec<String> = s.needs.iter().map(usize::to_string).collect();
        vec![
            s.segment.to_string(),
            s.kind.name().to_owned(),
            s.method.clone(),
            s.case.clone(),
            needs.join(" "),
            s.networks.to_string(),
            s.steps.to_string(),
        ]
    });
    csv(&COLUMNS, &lines.collect::<Vec<_>>())
}

const COLUMNS: [&str; 7] = [
    "segment", "kind", "method", "case", "needs", "networks", "steps",
];

/// The work of comparisons that is left.
#[derive(Debug)]
pub struct Remaining {
    /// The number of all segments.
    pub all: usize,
    /// Those that are missing.
    pub segments: Vec<Segment>,
}

/// What is left to do for these comparisons. Nothing is trained.
///
/// # Errors
/// As `compare`.
pub fn remaining(
    all: &[Settings],
    data: &Dataset,
    device: &dyn Device,
    store: Store,
) -> Result<Remaining> {
    let store = store.complete();
    let split = tune::split(data);
    let mut labs = labs(all, [data, &split], device, &store)?;
    let mut list = List::default();
    let mut scores = Vec::new();
    for lab in &mut labs {
        scores.push(made(lab.pick(&mut Silent))?.is_some());
    }
    for (lab, picked) in labs.iter().zip(scores) {
        list.add_case(all, lab, picked)?;
    }
    Ok(Remaining {
        all: list.made.len(),
        segments: list.segments,
    })
}

/// What was made; `None` where it is missing.
fn made<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(made) => Ok(Some(made)),
        Err(Error::Missing) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The segments of a plan.
#[derive(Default)]
struct List {
    /// Whether each is there.
    made: Vec<bool>,
    /// The missing ones.
    segments: Vec<Segment>,
    /// Numbers of networks by what they depend on: cases share originals.
    known: BTreeMap<String, usize>,
}

/// A segment of a case, by kind, needs, networks and steps.
type Blank<'a> = dyn Fn(Kind, &[usize], usize, u32) -> Segment + 'a;

/// Where methods of a case start from.
struct Place<'a> {
    lab: &'a Lab<'a>,
    /// Numbers of networks, and of those for tuning.
    base: &'a [usize],
    tuners: &'a [usize],
    /// The networks, if they are there.
    there: Option<&'a Base>,
}

impl List {
    /// Adds a segment, whose number is the next one.
    fn add(&mut self, made: bool, segment: Segment) -> usize {
        let number = self.made.len();
        self.made.push(made);
        if !made {
            let segment = Segment {
                segment: number,
                ..segment
            };
            self.segments.push(segment);
        }
        number
    }

    fn all_made(&self, numbers: &[usize]) -> bool {
        numbers.iter().all(|&number| self.made[number])
    }

    fn add_case(&mut self, all: &[Settings], lab: &Lab<'_>, picked: bool) -> Result<()> {
        let blank = |kind, needs: &[usize], networks, steps| Segment {
            segment: 0,
            kind,
            method: String::new(),
            case: lab.name(all),
            needs: needs.to_vec(),
            networks,
            steps,
        };
        let scores = match lab.engine.case.pick {
            Pick::Random => Vec::new(),
            _ => vec![self.add(picked, blank(Kind::Scores, &[], 0, 0))],
        };
        let [base, tuners] = lab.segments().map(|networks| {
            let number = |one: &Networks<'_>| self.networks(one, picked, &scores, &blank);
            networks.iter().map(number).collect::<Vec<usize>>()
        });
        let there = if self.all_made(&base) {
            Some(lab.base()?)
        } else {
            None
        };
        let mut methods = base.clone();
        for &method in &lab.methods {
            let place = Place {
                lab,
                base: &base,
                tuners: &tuners,
                there: there.as_ref(),
            };
            methods.extend(self.add_method(&place, method, &blank)?);
        }
        let relearned = match there.filter(|_| self.all_made(&methods)) {
            Some(base) => made(lab.prepare(all, &base, &mut Silent))?.is_some(),
            None => false,
        };
        let networks = lab.settings.learners * (methods.len() - base.len() + 2);
        let networks = networks + lab.settings.retrained;
        self.add(relearned, blank(Kind::Relearning, &methods, networks, 0));
        Ok(())
    }

    /// Adds a method's settings and what it makes of the originals; returns the numbers of the latter.
    fn add_method(
        &mut self,
        place: &Place<'_>,
        method: &'static dyn Method,
        blank: &Blank<'_>,
    ) -> Result<Vec<usize>> {
        let Place { lab, base, .. } = *place;
        let own = lab.only(method);
        let mut needs = base.to_vec();
        let tried = match self.all_made(place.tuners) {
            true => made(own.tune(&mut Silent))?,
            false => None,
        };
        if method.settings().len() > 1 {
            let (networks, steps) = (TRIED * TRIALS, lab.settings.budget);
            let trials = blank(Kind::Settings, place.tuners, networks, steps);
            let method = method.name().to_owned();
            needs.push(self.add(tried.is_some(), Segment { method, ..trials }));
        }
        let setting = tried.as_ref().map(|tried| tune::best(&tried[0]));
        let mut numbers = Vec::new();
        for budget in lab.budgets(method) {
            let applied = match (setting, place.there) {
                (Some(setting), Some(there)) => {
                    let job = Job { method, setting };
                    made(own.apply(&[job], budget, there, &mut Silent))?.is_some()
                }
                _ => false,
            };
            let (learners, steps) = (lab.settings.learners, lab.steps(method, budget));
            let applying = blank(Kind::Method, &needs, learners, steps);
            let method = match budget == 1.0 {
                true => method.name().to_owned(),
                false => format!("{}, {budget} of the budget", method.name()),
            };
            numbers.push(self.add(applied, Segment { method, ..applying }));
        }
        Ok(numbers)
    }

    /// The number of a segment of networks, which is added if no other case has it.
    fn networks(
        &mut self,
        networks: &Networks<'_>,
        picked: bool,
        scores: &[usize],
        blank: &Blank<'_>,
    ) -> usize {
        if let Some(number) = self.known.get(&networks.id) {
            return *number;
        }
        let (count, steps) = networks.work();
        let (kind, needs) = match networks.is_original() {
            true => (Kind::Originals, &[][..]),
            false => (Kind::Retrained, scores),
        };
        let there = networks.is_there() && (picked || networks.is_original());
        let number = self.add(there, blank(kind, needs, count, steps));
        self.known.insert(networks.id.clone(), number);
        number
    }
}

impl Lab<'_> {
    /// The case's name, with what else it differs by from those of other comparisons.
    pub(super) fn name(&self, all: &[Settings]) -> String {
        let own = self.settings;
        if let [_] = all {
            return own.name(&self.engine.case);
        }
        let mut parts = Vec::new();
        if all.iter().any(|other| other.lr != own.lr) {
            parts.push(format!("lr {}", own.lr));
        }
        if all.iter().any(|other| other.epochs != own.epochs) {
            parts.push(format!("{} epochs", own.epochs));
        }
        if own.seeds.len() > 1 {
            parts.push(format!("seed {}", self.engine.case.seed));
        }
        parts.push(own.forgotten(&self.engine.case));
        parts.join(", ")
    }

    /// Whether what is inside of the networks is looked at: only in a comparison of one case.
    fn is_looked_at(&self, all: &[Settings]) -> bool {
        matches!(all, [one] if one.cases().len() == 1)
    }

    /// The same with a single method.
    fn only(&self, method: &'static dyn Method) -> Lab<'_> {
        Lab {
            settings: self.settings,
            methods: vec![method],
            engine: self.engine.clone(),
            tuning: self.tuning.clone(),
        }
    }

    /// The budgets of a method, as multiples of the setting; controls have one.
    pub(super) fn budgets(&self, method: &'static dyn Method) -> Vec<f64> {
        let others = self.settings.budgets.iter().copied();
        let others = others.filter(|&budget| budget != 1.0 && !method.is_control());
        [1.0].into_iter().chain(others).collect()
    }

    /// Steps of a method in a multiple of the budget.
    pub(super) fn steps(&self, method: &'static dyn Method, budget: f64) -> u32 {
        let training = self.engine.training.steps(self.engine.labels().len());
        method.steps(self.budget(budget), training)
    }

    /// Makes what judging needs: the methods' networks, and how all networks learn again.
    fn prepare(&self, all: &[Settings], base: &Base, progress: &mut dyn Progress) -> Result<()> {
        let entries = self.entries(base, progress)?;
        self.relearning(&entries, base, progress)?;
        match self.is_looked_at(all) && self.never_learned(base)?.is_none() {
            true => self.prepare_look(&entries, base, progress),
            false => Ok(()),
        }
    }
}
