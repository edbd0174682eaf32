//! The common base of `run` and `compare`: networks of one shape and data set, taken through phases
//! and methods.
//!
//! A method with a setting is a `Job`, laid out in steps as a `Schedule`; plain training is a
//! schedule too. A `Crew` takes networks through schedules, all in one population if they share an
//! update rule; it can stop at any step, and resume from that state. `Engine::apply` takes networks
//! through many jobs and caches the results in a [`Store`]; `observe` evaluates networks, and
//! `relearn` follows how soon they know again what was forgotten.

mod apply;
mod canonical;
mod claim;
mod crew;
mod edit;
mod factors;
mod influence;
mod layers;
mod newton;
mod noise;
mod observe;
mod pick;
mod populations;
mod relearn;
mod room;
mod schedule;
mod store;
mod task;

use std::sync::OnceLock;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::files::hex;
use crate::kernels::FORGET;
use crate::memory;
use crate::methods::{Method, Setting};
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::DeviceImages;
use crate::random::threefry2x32;
use crate::record::DeviceKind;

pub use claim::Part;
pub(crate) use crew::{Crew, CrewState, Subject, Track};
pub(crate) use layers::Answers;
pub(crate) use observe::{SAMPLES, spread};
pub(crate) use pick::NETWORKS as SCORERS;
pub use pick::Pick;
pub(crate) use relearn::Relearned;
pub(crate) use schedule::Schedule;
use store::Lots;
pub(crate) use store::{Keep, Wanted, fingerprint};
pub use store::{Store, name_of};

/// Networks of a comparison's second set are numbered from here; the fresh networks that methods
/// use are numbered from twice this above the networks' own.
pub(crate) const SECOND: u32 = 100_000;

/// Parameters of a group of networks, [networks, model.parameters()].
pub(crate) type Weights = Vec<f32>;

/// What is forgotten, and the seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// Seed of everything random.
    pub seed: u64,
    /// What is forgotten.
    pub scope: Scope,
    /// Which images, where single ones are forgotten.
    pub pick: Pick,
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
    /// Everything that weights depend on: program, data, network, and device.
    pub(crate) origin: String,
    pub(crate) case: Case,
    /// Which training images are to be forgotten.
    pub(crate) forgotten: Vec<bool>,
}

/// The most networks that learn methods or learn again together. Each batch of them is cached when
/// done, so interrupted work resumes after it.
pub(crate) const TOGETHER: usize = 128;
/// Passes that a sample of a training step costs: forwards, backwards, and to the weights.
pub(crate) const TRAINED: u64 = 3;

impl<'a> Engine<'a> {
    /// Uploads the data. `hardware` names what else results depend on bit for bit: the device and
    /// its kernel variants.
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
                "{} {} {} {hidden:?} {batch} {hardware}",
                build(),
                digest(data),
                data.record.classes.count()
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

    /// How segments of this number of networks each are divided among processes, at most `most` of
    /// them at a time. A GPU takes as long for a few networks as for a population: only whole ones are
    /// worth a process.
    pub(crate) fn lots(&self, networks: usize, most: usize) -> Lots {
        let networks = networks.max(1);
        let block = match self.device.record().kind {
            DeviceKind::Cpu => 1,
            _ => (TOGETHER / networks).max(1),
        };
        let most = most / networks;
        Lots { block, most }
    }

    /// Labels of the training images.
    pub(crate) fn labels(&self) -> &'a [u8] {
        &self.data.train.labels
    }

    /// The number of classes.
    pub(crate) fn classes(&self) -> u8 {
        u8::try_from(self.data.record.classes.count()).unwrap_or(u8::MAX)
    }

    /// Labels of the test images.
    pub(crate) fn test_labels(&self) -> &'a [u8] {
        &self.data.test.labels
    }

    /// Parameters of a network.
    pub(crate) fn size(&self) -> usize {
        self.model.parameters() as usize
    }

    /// Indices of the training images to forget, or of the others.
    pub(crate) fn images(&self, forgotten: bool) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.forgotten);
        let chosen = numbered.filter(|(_, f)| **f == forgotten);
        chosen.map(|(i, _)| i).collect()
    }

    /// The training images of a network: all of them, or only those to keep.
    pub(crate) fn list(&self, all: bool) -> Vec<u32> {
        match all {
            true => (0u32..).take(self.labels().len()).collect(),
            false => self.images(false),
        }
    }

    /// All training images, those to forget marked by a bit.
    fn marked(&self) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.forgotten);
        let entry = |(i, forgotten): (u32, &bool)| if *forgotten { i | FORGET } else { i };
        numbered.map(entry).collect()
    }
}

/// Key for drawing samples, next to the seed.
const DRAW: u32 = 0x5a3b_1e5d;

/// The training images that a case forgets: those of its digits, or a number drawn by the seed.
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
            drawn
                .iter()
                .take(*count)
                .for_each(|&i| forgotten[i as usize] = true);
            forgotten
        }
    }
}

/// What else results depend on, bit for bit: the device and its driver, and the CPU's model where that
/// computes.
pub(crate) fn hardware(device: &dyn Device) -> String {
    let record = device.record();
    let cpu = || memory::cpu().unwrap_or_default();
    let adapter = format!("{} {} {}", record.name, record.backend, record.driver);
    match record.kind {
        DeviceKind::Cpu => cpu(),
        // Its driver generates code for this CPU.
        DeviceKind::Software => format!("{adapter} {}", cpu()),
        _ => adapter,
    }
}

/// An identifier of this build; another one may compute different bits. `None` where the executable cannot
/// be read.
pub(crate) fn program() -> Option<&'static str> {
    static PROGRAM: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        // On Linux this is the program that runs, even where its file has been replaced since.
        let own = match cfg!(target_os = "linux") {
            true => "/proc/self/exe".into(),
            false => std::env::current_exe().ok()?,
        };
        Some(hex(&Sha256::digest(std::fs::read(own).ok()?)[..8]))
    };
    PROGRAM.get_or_init(read).as_deref()
}

/// The identifier of this build, or else its version.
pub(crate) fn build() -> &'static str {
    program().unwrap_or(env!("CARGO_PKG_VERSION"))
}

/// An identifier of a data set's content.
pub(crate) fn digest(data: &Dataset) -> String {
    // Files have been hashed already.
    if let Some(hash) = &data.record.sha256 {
        return hash.clone();
    }
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
            let pick = Pick::Random;
            forgotten(&Case { seed, scope, pick }, &labels)
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
