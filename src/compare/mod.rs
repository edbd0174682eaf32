//! Compares unlearning methods: each is applied to the same originals, and measured against a
//! population that never saw the forgotten digits.
//!
//! A comparison has cases, each a forgotten set under a seed; usually there is one. `base` trains
//! originals, retrained networks and, for tuning, a second set of both, for all cases side by side.
//! Then, case by case, the [`engine`](crate::engine) applies the methods to the originals and
//! evaluates all networks; `judge` computes metrics, noise floors and a ranking. `summary` combines
//! all cases.

mod base;
#[allow(dead_code, reason = "to be called by the comparison")]
mod export;
mod folder;
mod judge;
mod learned;
#[allow(dead_code, reason = "to be judged by the comparison")]
mod models;
mod results;
mod room;
mod sensitivity;
mod settings;
mod summary;

use crate::data::Dataset;
use crate::device::Device;
use crate::engine::{Engine, Job, Store, Subject, Training, hardware};
use crate::error::Result;
use crate::methods::Method;
use crate::progress::Progress;

pub use folder::{Folder, REPORTS};
pub use results::{Judged, MethodRow, Moments, Portrait, Tried, Value};
pub use sensitivity::{Direction, Neighbour, Sensitivity};
pub use settings::{Forget, Settings};
pub use summary::{Across, Comparison, Stability, Summary};

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
    engine: Engine<'a>,
}

/// Compares the methods.
///
/// # Errors
/// `Usage` if settings, data and device do not fit; the errors of device and files.
pub fn compare(
    settings: &Settings,
    data: &Dataset,
    device: &dyn Device,
    store: &Store,
    progress: &mut dyn Progress,
) -> Result<Comparison> {
    settings.check_with(data)?;
    let methods = settings::methods(settings)?;
    let labs = labs(settings, data, device, store)?;
    if let Some(lab) = labs.first() {
        lab.check_room(methods.len())?;
    }
    base::train(&labs, progress)?;
    let mut cases = Vec::new();
    for (number, lab) in (1..).zip(&labs) {
        let name = match labs.len() {
            1 => String::new(),
            count => format!(
                "{} ({number} of {count}): ",
                settings.name(&lab.engine.case)
            ),
        };
        cases.push(lab.run(&methods, &mut Named { name, progress })?);
    }
    Ok(summary::comparison(settings, cases))
}

/// A lab for each case.
fn labs<'a>(
    settings: &'a Settings,
    data: &'a Dataset,
    device: &'a dyn Device,
    store: &'a Store,
) -> Result<Vec<Lab<'a>>> {
    let mut cases = settings.cases().into_iter();
    let Some(first) = cases.next() else {
        return Ok(Vec::new());
    };
    let training = Training {
        epochs: settings.epochs,
        lr: settings.lr,
        momentum: 0.0,
        decay: 0.0,
        batch: settings.batch,
    };
    let network = (&settings.hidden[..], training);
    let hardware = format!("{} {:?}", hardware(device), settings.variants);
    let engine = Engine::new(device, data, network, &hardware, store, first)?;
    let others: Vec<Engine<'a>> = cases.map(|case| engine.with(case)).collect();
    let engines = std::iter::once(engine).chain(others);
    Ok(engines.map(|engine| Lab { settings, engine }).collect())
}

impl Lab<'_> {
    /// Training steps of originals and retrained networks.
    fn steps(&self) -> u32 {
        let images = self.engine.labels().len();
        self.engine.training.steps(images)
    }

    /// Runs all methods on this case.
    fn run(&self, methods: &[&'static dyn Method], progress: &mut dyn Progress) -> Result<Judged> {
        let base = self.base()?;
        let never_learned = self.never_learned(&base)?;
        if let Some(text) = &never_learned {
            progress.note(text);
        }
        let sweep = self.sweep(methods, &base, progress)?;
        let job = |(&method, tried): (&&'static dyn Method, &Vec<Tried>)| Job {
            method,
            setting: judge::best(tried).setting,
        };
        let jobs: Vec<Job> = methods.iter().zip(&sweep).map(job).collect();
        let engine = &self.engine;
        let subject = Subject::new(engine, base.originals.clone(), 0);
        let budget = self.settings.budget;
        let results = engine.apply(&jobs, &subject, budget, "methods", progress)?;
        let judged = self.judge(&jobs, &sweep, &base, &results, progress)?;
        Ok(match never_learned {
            Some(reason) => judged.unranked(reason),
            None => judged.ranked(),
        })
    }
}
