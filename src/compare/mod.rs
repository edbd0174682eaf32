//! Which method really forgets: every method on the same originals, beside a population that never saw
//! the forgotten digits.
//!
//! A comparison has cases: what is forgotten, and under which seed; usually there is one. The way
//! through: `train` makes originals, retrained networks and, for choosing settings, a second set of
//! both, for all cases side by side. Then, case by case, `apply` takes networks through the methods'
//! stages; `observe` finds out what networks answer and how soon they learn again; `judge` makes
//! metrics, noise floors and a ranking of that. `summary` looks at all cases.

mod apply;
mod cache;
mod folder;
mod judge;
mod learned;
mod observe;
mod results;
mod schedule;
mod sensitivity;
mod settings;
pub(crate) mod single;
mod summary;
mod task;
mod train;

use sha2::{Digest, Sha256};

use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::methods::{Method, Setting};
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::DeviceImages;
use crate::random::threefry2x32;

pub use cache::{Cache, name_of};
pub use folder::{Folder, REPORTS};
pub use results::{Judged, MethodRow, Moments, Portrait, Tried, Value};
pub use sensitivity::{Direction, Neighbour, Sensitivity};
pub use settings::{Case, Forget, Settings};
pub use summary::{Across, Comparison, Stability, Summary};

/// Hears of progress.
pub trait Watch {
    /// Something begins, of so many units.
    fn begin(&mut self, what: &str, units: u64);
    /// So many units of it are done.
    fn advance(&mut self, units: u64);
    /// Something that a person should know now.
    fn note(&mut self, _: &str) {}
}

/// Says which case it is that something is done for.
struct Named<'a> {
    name: String,
    watch: &'a mut dyn Watch,
}

impl Watch for Named<'_> {
    fn begin(&mut self, what: &str, units: u64) {
        self.watch.begin(&format!("{}{what}", self.name), units);
    }

    fn advance(&mut self, units: u64) {
        self.watch.advance(units);
    }

    fn note(&mut self, text: &str) {
        self.watch.note(&format!("{}{text}", self.name));
    }
}

/// A case in the making.
#[derive(Clone)]
pub(crate) struct Lab<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) device: &'a dyn Device,
    pub(crate) model: Model,
    pub(crate) train: DeviceImages,
    pub(crate) test: DeviceImages,
    pub(crate) labels: &'a [u8],
    pub(crate) test_labels: &'a [u8],
    pub(crate) cache: &'a Cache,
    /// A name for the content of this program, which what is kept depends on.
    pub(crate) program: String,
    /// Of all images and labels.
    pub(crate) digest: String,
    pub(crate) case: Case,
    /// Which training images are to be forgotten.
    pub(crate) forgotten: Vec<bool>,
}

/// Weights of a group of networks, [networks, model.parameters()].
pub(crate) type Weights = Vec<f32>;

/// A method with a setting, for all networks of a group.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) method: &'static dyn Method,
    pub(crate) setting: Setting,
}

/// Compares the methods.
///
/// # Errors
/// `Usage` where something does not fit; `Device` and `File` where those fail.
pub fn compare(
    settings: &Settings,
    data: &Dataset,
    device: &dyn Device,
    cache: &Cache,
    watch: &mut dyn Watch,
) -> Result<Comparison> {
    settings.check_with(data)?;
    let methods = settings::methods(settings)?;
    let labs = labs(settings, data, device, cache)?;
    if let Some(lab) = labs.first() {
        lab.check_room(methods.len())?;
    }
    train::train(&labs, watch)?;
    let mut cases = Vec::new();
    for (number, lab) in (1..).zip(&labs) {
        let name = match labs.len() {
            1 => String::new(),
            count => format!("{} ({number} of {count}): ", settings.name(&lab.case)),
        };
        cases.push(lab.run(&methods, &mut Named { name, watch })?);
    }
    Ok(summary::comparison(settings, cases))
}

/// A lab for each case.
fn labs<'a>(
    settings: &'a Settings,
    data: &'a Dataset,
    device: &'a dyn Device,
    cache: &'a Cache,
) -> Result<Vec<Lab<'a>>> {
    let (labels, test_labels) = (&data.train.labels, &data.test.labels);
    let cases = settings.cases();
    let (model, digest) = (Model::new(&settings.hidden)?, digest(data));
    let program = program();
    let train = DeviceImages::upload(device, &data.train)?;
    let test = DeviceImages::upload(device, &data.test)?;
    let lab = |case: Case| Lab {
        settings,
        device,
        model: model.clone(),
        train,
        test,
        labels,
        test_labels,
        cache,
        program: program.clone(),
        digest: digest.clone(),
        forgotten: forgotten(&case, labels),
        case,
    };
    Ok(cases.into_iter().map(lab).collect())
}

/// Key of the draw of samples, beside the seed.
const DRAW: u32 = 0x5a3b_1e5d;

/// Which training images a case forgets: those of its digits, or so many that the seed draws.
fn forgotten(case: &Case, labels: &[u8]) -> Vec<bool> {
    match &case.scope {
        Scope::Digits(digits) => labels.iter().map(|l| digits.contains(l)).collect(),
        Scope::Samples(count) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the two halves of the seed"
            )]
            let key = [case.seed as u32, (case.seed >> 32) as u32];
            let mut drawn: Vec<u32> = (0u32..).take(labels.len()).collect();
            drawn.sort_by_cached_key(|&i| threefry2x32(key, [i, DRAW]));
            let mut forgotten = vec![false; labels.len()];
            drawn[..*count]
                .iter()
                .for_each(|&i| forgotten[i as usize] = true);
            forgotten
        }
    }
}

impl Lab<'_> {
    /// Takes the methods through this case.
    fn run(&self, methods: &[&'static dyn Method], watch: &mut dyn Watch) -> Result<Judged> {
        let base = self.base()?;
        let never_learned = self.never_learned(&base)?;
        if let Some(text) = &never_learned {
            watch.note(text);
        }
        let sweep = self.sweep(methods, &base, watch)?;
        let job = |(&method, tried): (&&'static dyn Method, &Vec<Tried>)| Job {
            method,
            setting: judge::best(tried).setting,
        };
        let jobs: Vec<Job> = methods.iter().zip(&sweep).map(job).collect();
        let task = self.task(&base.originals, 0)?;
        let results = self.apply(&jobs, &base.originals, &task, "methods", watch)?;
        let judged = self.judge(&jobs, &sweep, &base, &results, watch)?;
        Ok(match never_learned {
            Some(reason) => judged.unranked(reason),
            None => judged.ranked(),
        })
    }
}

/// A name for the content of this program: what another build has kept may be something else.
fn program() -> String {
    let own = std::env::current_exe().and_then(std::fs::read);
    let bytes = own.unwrap_or_else(|_| env!("CARGO_PKG_VERSION").into());
    cache::hex(&Sha256::digest(bytes)[..8])
}

/// A name for the content of a data set.
fn digest(data: &Dataset) -> String {
    let mut hash = Sha256::new();
    for images in [&data.train, &data.test] {
        hash.update(&images.pixels);
        hash.update(&images.labels);
    }
    cache::hex(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_drawn_by_the_seed_from_all_digits() {
        let labels: Vec<u8> = (0..10).cycle().take(1000).collect();
        let drawn = |seed, count| {
            let scope = Scope::Samples(count);
            forgotten(&Case { seed, scope }, &labels)
        };
        let some = drawn(1, 200);
        assert_eq!(some.iter().filter(|f| **f).count(), 200);
        assert_eq!(some, drawn(1, 200));
        assert_ne!(some, drawn(2, 200));
        // Twenty of each digit are expected, give or take four.
        for digit in 0..10 {
            let own = some
                .iter()
                .zip(&labels)
                .filter(|(f, l)| **f && **l == digit);
            let count = own.count();
            assert!((8..=32).contains(&count), "{digit}: {count}");
        }
    }
}
