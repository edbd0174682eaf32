//! Compares unlearning methods: each is applied to the same originals, and measured against a
//! population that never saw the forgotten digits.
//!
//! A comparison has cases, each a forgotten set under a seed; usually there is one. `base` trains
//! originals and retrained networks for all cases side by side, and smaller sets of both on which
//! `tune` chooses the methods' settings. Then, case by case, the [`engine`](crate::engine) applies the
//! methods to the originals and evaluates all networks; `judge` computes values, effects and
//! `figures`, by which methods are ordered. `summary` combines all cases.

mod base;
mod export;
mod figures;
mod folder;
mod judge;
mod learned;
mod look;
mod models;
mod plan;
mod results;
mod room;
mod sensitivity;
mod settings;
mod summary;
mod sweep;
mod tune;
mod whole;
mod work;

use crate::data::Dataset;
use crate::device::Device;
use std::path::Path;

use base::Base;
use export::Export;
use judge::Entry;
use models::Loaded;
use whole::Whole;

use crate::engine::{Case, Engine, Job, Pick, Store, Subject, Weights, hardware};
use crate::error::Result;
use crate::methods::Method;
use crate::metrics::Scope;
use crate::progress::Progress;

pub(crate) use export::csv;
pub use export::table;
pub use figures::{Figures, Interval};
pub use folder::{CACHE, Folder, REPORTS, cached, is_comparison, refuse_busy};
pub use plan::{PLAN, Plan};
pub use results::{
    Judged, MARGIN, MethodRow, Moments, Portrait, Position, Role, Shown, Tried, Value,
};
pub use sensitivity::{Direction, Neighbour, Sensitivity};
pub use settings::{Forget, Settings};
pub use summary::{Across, Comparison, Stability, Summary};
pub use sweep::{Point, points_table, sweep};
pub use work::{Kind, Remaining, Segment, remaining, segments_table, work};

/// Prefixes progress with the case it belongs to.
struct Named<'a> {
    name: String,
    progress: &'a mut dyn Progress,
}

impl Progress for Named<'_> {
    fn begin(&mut self, what: &str, units: u64) {
        self.progress.begin(&format!("{}{what}", self.name), units);
    }

    fn advance(&mut self, units: u64) {
        self.progress.advance(units);
    }

    fn note(&mut self, text: &str) {
        self.progress.note(&format!("{}{text}", self.name));
    }

    fn stopped(&self) -> bool {
        self.progress.stopped()
    }
}

/// A case in progress.
pub(crate) struct Lab<'a> {
    settings: &'a Settings,
    methods: Vec<&'static dyn Method>,
    engine: Engine<'a>,
    /// On the images for tuning.
    tuning: Engine<'a>,
}

/// Compares the methods.
///
/// With a folder to export to, all networks and their outputs are written there too.
///
/// # Errors
/// `Usage` if settings, data and device do not fit; the errors of device and files.
pub fn compare(
    settings: &Settings,
    data: &Dataset,
    device: &dyn Device,
    store: &Store,
    export: Option<&Path>,
    progress: &mut dyn Progress,
) -> Result<Comparison> {
    let split = tune::split(data);
    let mut labs = labs(
        std::slice::from_ref(settings),
        [data, &split],
        device,
        store,
    )?;
    let name = |(number, lab): (usize, &Lab<'_>)| match labs.len() {
        1 => String::new(),
        count => format!(
            "{} ({number} of {count}): ",
            settings.name(&lab.engine.case)
        ),
    };
    let names: Vec<String> = (1..).zip(&labs).map(name).collect();
    let progress = &mut Whole::new(whole::tasks(&labs, &names), progress);
    make_ready(&mut labs, progress)?;
    let mut export = match (export, labs.first()) {
        (Some(folder), Some(lab)) => Some(Export::begin(folder, &lab.engine.model)?),
        _ => None,
    };
    let (mut cases, mut inside) = (Vec::new(), Vec::new());
    for (lab, name) in labs.iter().zip(names) {
        let (judged, entries) = lab.run(export.as_mut(), &mut Named { name, progress })?;
        if labs.len() == 1 && judged.never_learned.is_none() {
            inside = lab.look(&entries, progress)?;
        }
        cases.push(judged);
    }
    if let Some(export) = export {
        export.finish(&settings.classes)?;
    }
    Ok(summary::comparison(settings, cases, inside))
}

/// Makes the networks that methods start from and are measured against.
fn make_ready(labs: &mut [Lab<'_>], progress: &mut dyn Progress) -> Result<()> {
    for lab in &mut *labs {
        lab.pick(progress)?;
    }
    for lab in &*labs {
        lab.check_room()?;
    }
    base::train(labs, progress)
}

/// A lab for each case of all comparisons, on all images and on those for tuning.
fn labs<'a>(
    all: &'a [Settings],
    data: [&'a Dataset; 2],
    device: &'a dyn Device,
    store: &'a Store,
) -> Result<Vec<Lab<'a>>> {
    let mut labs = Vec::new();
    // Comparisons of one kind of network share the images on the device.
    let mut engines: Vec<(&Settings, [Engine<'a>; 2])> = Vec::new();
    for settings in all {
        settings.check_with(data[0])?;
        settings.check_split(data[1])?;
        let methods = settings::methods(settings)?;
        let alike = |(other, _): &&(&Settings, _)| settings.shares_networks(other);
        let known = engines
            .iter()
            .find(alike)
            .map(|(_, engines)| engines.clone());
        let engines_of = match known {
            Some(engines) => engines,
            None => {
                let [whole, part] = data.map(|data| engine(settings, data, device, store));
                let made = [whole?, part?];
                engines.push((settings, made.clone()));
                made
            }
        };
        labs.extend(settings.cases().into_iter().map(|case| {
            let of = |engine: &Engine<'a>| Engine {
                training: settings.training(),
                ..engine.with(case.clone())
            };
            Lab {
                settings,
                methods: methods.clone(),
                engine: of(&engines_of[0]),
                tuning: of(&engines_of[1]),
            }
        }));
    }
    Ok(labs)
}

/// The engine of a comparison's networks on these images.
fn engine<'a>(
    settings: &Settings,
    data: &'a Dataset,
    device: &'a dyn Device,
    store: &'a Store,
) -> Result<Engine<'a>> {
    let hardware = format!("{} {:?}", hardware(device), settings.variants);
    let network = (&settings.hidden[..], settings.training());
    let case = Case {
        seed: 0,
        scope: Scope::Digits(Vec::new()),
        pick: Pick::Random,
    };
    Engine::new(device, data, network, &hardware, store, case)
}

impl Lab<'_> {
    /// Chooses the images to forget.
    fn pick(&mut self, progress: &mut dyn Progress) -> Result<()> {
        self.engine.pick(progress)?;
        match self.tunes() {
            true => self.tuning.pick(progress),
            false => Ok(()),
        }
    }

    /// Runs all methods on this case: its results, and the networks.
    fn run(
        &self,
        export: Option<&mut Export<'_>>,
        progress: &mut dyn Progress,
    ) -> Result<(Judged, Vec<Entry>)> {
        let base = self.base()?;
        let never_learned = self.never_learned(&base)?;
        if let Some(text) = &never_learned {
            progress.note(text);
        }
        let entries = self.entries(&base, progress)?;
        let judged = self.judge(&entries, &base, export, progress)?;
        let judged = match never_learned {
            Some(reason) => judged.unranked(reason),
            None => judged.ranked(),
        };
        Ok((judged, entries))
    }

    /// What all methods make of this case's networks, in all budgets.
    fn entries(&self, base: &Base, progress: &mut dyn Progress) -> Result<Vec<Entry>> {
        let tried = self.tune(progress)?;
        let job = |(&method, tried): (&&'static dyn Method, &Vec<Tried>)| Job {
            method,
            setting: tune::best(tried),
        };
        let jobs: Vec<Job> = self.methods.iter().zip(&tried).map(job).collect();
        let mut entries = self.apply(&jobs, 1.0, base, progress)?;
        for (entry, tried) in entries.iter_mut().zip(tried) {
            entry.tried = tried;
        }
        for &budget in self.settings.budgets.iter().filter(|b| **b != 1.0) {
            // Controls have no budget of their own.
            let methods = jobs.iter().filter(|job| !job.method.is_control());
            let methods: Vec<Job> = methods.copied().collect();
            entries.extend(self.apply(&methods, budget, base, progress)?);
        }
        entries.extend(self.models()?);
        Ok(entries)
    }

    /// The networks of `--models`.
    fn models(&self) -> Result<Vec<Entry>> {
        let Some(folder) = &self.settings.models else {
            return Ok(Vec::new());
        };
        let entry = |loaded: Loaded| Entry {
            name: loaded.name,
            role: Role::Model,
            job: None,
            tried: Vec::new(),
            weights: loaded.weights,
            budget: 1.0,
        };
        let names: Vec<&str> = self.methods.iter().map(|m| m.name()).collect();
        let loaded = models::models(folder, &self.engine.model, &names)?;
        Ok(loaded.into_iter().map(entry).collect())
    }

    /// Steps of a multiple of the budget.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a multiple of the budget, which settings bound"
    )]
    fn budget(&self, multiple: f64) -> u32 {
        (multiple * f64::from(self.settings.budget))
            .round()
            .max(1.0) as u32
    }

    /// What these jobs make of the originals, in a multiple of the budget.
    fn apply(
        &self,
        jobs: &[Job],
        budget: f64,
        base: &Base,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Entry>> {
        let subject = Subject::new(&self.engine, base.originals.clone(), 0);
        let steps = self.budget(budget);
        let what = match budget == 1.0 {
            true => "methods".to_owned(),
            false => format!("methods, {budget} of the budget"),
        };
        let results = self.engine.apply(jobs, &subject, steps, &what, progress)?;
        let entry = |(job, weights): (&Job, Weights)| Entry {
            name: job.method.name().to_owned(),
            role: match job.method.is_control() {
                true => Role::Control,
                false => Role::Method,
            },
            job: Some(*job),
            tried: Vec::new(),
            weights,
            budget,
        };
        Ok(jobs.iter().zip(results).map(entry).collect())
    }
}
