//! What `run` and `compare` stand on: networks of one data set and shape, taken through phases and
//! methods.
//!
//! A method with a setting is a `Job`, and laid out in steps a `Schedule`; plain training is a schedule
//! too. A `Crew` takes networks through schedules, all of them in one population as far as they step by
//! one rule; it can stop at any step, and go on from what it was then. `Engine::apply` takes networks
//! through many jobs and keeps what comes out in a [`Store`]; `observe` asks what networks answer and how
//! soon they learn again.

mod apply;
mod crew;
mod edit;
mod observe;
mod populations;
mod room;
mod schedule;
mod store;
mod task;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::files::hex;
use crate::kernels::FORGET;
use crate::methods::{Method, Setting};
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::DeviceImages;
use crate::random::threefry2x32;

pub(crate) use crew::{Crew, CrewState, Subject, Track};
pub(crate) use observe::{Relearned, SAMPLES};
pub(crate) use schedule::Schedule;
pub use store::{Store, name_of};

/// Numbers of the networks of a comparison's second set begin here; those of fresh networks that methods
/// draw on lie twice this above the networks'.
pub(crate) const SECOND: u32 = 100_000;

/// Parameters of a group of networks, [networks, model.parameters()].
pub(crate) type Weights = Vec<f32>;

/// What is forgotten, under which seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// Seed of everything random.
    pub seed: u64,
    /// What is forgotten.
    pub scope: Scope,
}

/// How networks are trained on labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Training {
    /// Passes over the training images.
    pub(crate) epochs: f64,
    /// Learning rate.
    pub(crate) lr: f64,
    /// Momentum.
    pub(crate) momentum: f64,
    /// Weight decay.
    pub(crate) decay: f64,
    /// Samples per step.
    pub(crate) batch: usize,
}

/// A method with a setting, for all networks of a group.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) method: &'static dyn Method,
    pub(crate) setting: Setting,
}

/// Data and a network's shape on a device, and what is to be forgotten.
#[derive(Clone)]
pub(crate) struct Engine<'a> {
    pub(crate) device: &'a dyn Device,
    pub(crate) model: Model,
    pub(crate) data: &'a Dataset,
    pub(crate) train: DeviceImages,
    pub(crate) test: DeviceImages,
    pub(crate) training: Training,
    pub(crate) store: &'a Store,
    /// What every weight depends on: this program, the data, the network, and the device.
    pub(crate) origin: String,
    pub(crate) case: Case,
    /// Which training images are to be forgotten.
    pub(crate) forgotten: Vec<bool>,
}

impl<'a> Engine<'a> {
    /// Uploads the data. `hardware` names what else the bits depend on: the device and its kernels'
    /// variants.
    pub(crate) fn new(
        device: &'a dyn Device,
        data: &'a Dataset,
        (hidden, training): (&[usize], Training),
        hardware: &str,
        store: &'a Store,
        case: Case,
    ) -> Result<Self> {
        let batch = training.batch;
        Ok(Self {
            device,
            model: Model::new(hidden)?,
            train: DeviceImages::upload(device, &data.train)?,
            test: DeviceImages::upload(device, &data.test)?,
            data,
            training,
            store,
            origin: format!(
                "{} {} {hidden:?} {batch} {hardware}",
                program(),
                digest(data)
            ),
            forgotten: forgotten(&case, &data.train.labels),
            case,
        })
    }

    /// The same for another case.
    pub(crate) fn with(&self, case: Case) -> Self {
        Self {
            forgotten: forgotten(&case, self.labels()),
            case,
            ..self.clone()
        }
    }

    /// Labels of the training images.
    pub(crate) fn labels(&self) -> &'a [u8] {
        &self.data.train.labels
    }

    /// Labels of the test images.
    pub(crate) fn test_labels(&self) -> &'a [u8] {
        &self.data.test.labels
    }

    /// Parameters of a network.
    pub(crate) fn size(&self) -> usize {
        self.model.parameters() as usize
    }

    /// Indices of the training images that are to be forgotten, or are not.
    pub(crate) fn images(&self, forgotten: bool) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.forgotten);
        let chosen = numbered.filter(|(_, f)| **f == forgotten);
        chosen.map(|(i, _)| i).collect()
    }

    /// The training images of a network that sees them all, or only those to be kept.
    pub(crate) fn list(&self, all: bool) -> Vec<u32> {
        match all {
            true => (0u32..).take(self.labels().len()).collect(),
            false => self.images(false),
        }
    }

    /// All training images, those to forget with the bit that says so.
    fn marked(&self) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.forgotten);
        let entry = |(i, forgotten): (u32, &bool)| if *forgotten { i | FORGET } else { i };
        numbered.map(entry).collect()
    }
}

/// Key of the draw of samples, beside the seed.
const DRAW: u32 = 0x5a3b_1e5d;

/// Which training images a case forgets: those of its digits, or the number that the seed draws.
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

/// A name for the content of this program: another build may compute other bits.
fn program() -> String {
    let own = std::env::current_exe().and_then(std::fs::read);
    let bytes = own.unwrap_or_else(|_| env!("CARGO_PKG_VERSION").into());
    hex(&Sha256::digest(bytes)[..8])
}

/// A name for the content of a data set.
fn digest(data: &Dataset) -> String {
    let mut hash = Sha256::new();
    for images in [&data.train, &data.test] {
        hash.update(&images.pixels);
        hash.update(&images.labels);
    }
    hex(&hash.finalize()[..8])
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
