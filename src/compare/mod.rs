//! Which method really forgets: every method on the same originals, beside a population that never saw
//! the forgotten digits.
//!
//! The way through: `train` makes originals, retrained networks and, for choosing settings, a second
//! set of both; `apply` takes networks through the methods' stages; `observe` finds out what networks
//! answer and how soon they learn again; `judge` makes metrics, noise floors and a ranking of that.

mod apply;
mod cache;
mod judge;
mod observe;
mod train;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::Dataset;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::methods::{Method, Setting};
use crate::model::Model;
use crate::population::DeviceImages;
use crate::tune::Variants;

pub use cache::{Cache, name_of};
pub use judge::{Comparison, MethodRow, Value};

/// What is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Where the images come from.
    pub data: String,
    /// Where to compute.
    pub device: String,
    /// Methods, by name.
    pub methods: Vec<String>,
    /// The digits to forget, ascending.
    pub forget: Vec<u8>,
    /// Original networks, each of which every method gets.
    pub learners: usize,
    /// Networks that never see the forgotten digits.
    pub retrained: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Passes over the training set that originals and retrained networks get.
    pub epochs: f64,
    /// Learning rate of their training, and of relearning.
    pub lr: f64,
    /// Samples per step.
    pub batch: usize,
    /// Steps that each method has.
    pub budget: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// The variant of each kernel.
    pub variants: Variants,
}

impl Settings {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: &str| Err(Error::Usage(text.to_owned()));
        if self.learners == 0 {
            return refuse("--learners 0: there must be one original network at least");
        }
        if self.retrained < 4 {
            return refuse(
                "--retrained: a noise floor is what retrained networks differ by among themselves, \
                 which takes 4 of them at least; 16 are better",
            );
        }
        if self.budget == 0 {
            return refuse("--budget 0: methods need a step at least; try --budget 900");
        }
        if self.batch == 0 {
            return refuse("--batch 0: a step needs one sample at least; try --batch 64");
        }
        if self.forget.is_empty() || self.forget.iter().any(|d| *d > 9) {
            return refuse("--forget: name digits from 0 to 9, such as --forget 5 or --forget 3,5");
        }
        if self.forget.len() > 9 {
            return refuse("--forget names all ten digits: leave one out at least");
        }
        let learns = self.epochs > 0.0 && self.lr > 0.0;
        if !learns || self.epochs > 1000.0 || self.lr > 100.0 {
            return refuse(
                "--epochs takes more than 0 and up to 1000, and --lr more than 0 and up to 100",
            );
        }
        methods(self)?;
        Model::new(&self.hidden).map(|_| ())
    }
}

/// Hears of progress.
pub trait Watch {
    /// Something begins, of so many units.
    fn begin(&mut self, what: &str, units: u64);
    /// So many units of it are done.
    fn advance(&mut self, units: u64);
}

/// A comparison in the making.
pub(crate) struct Lab<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) device: &'a dyn Device,
    pub(crate) model: Model,
    pub(crate) train: DeviceImages,
    pub(crate) test: DeviceImages,
    pub(crate) labels: &'a [u8],
    pub(crate) test_labels: &'a [u8],
    pub(crate) cache: &'a Cache,
    /// Of all images and labels.
    pub(crate) digest: String,
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
    settings.check()?;
    let methods = methods(settings)?;
    let lab = Lab {
        settings,
        device,
        model: Model::new(&settings.hidden)?,
        train: DeviceImages::upload(device, &data.train)?,
        test: DeviceImages::upload(device, &data.test)?,
        labels: &data.train.labels,
        test_labels: &data.test.labels,
        cache,
        digest: digest(data),
    };
    for digit in &settings.forget {
        if !lab.labels.contains(digit) || !lab.test_labels.contains(digit) {
            return Err(Error::Usage(format!(
                "--forget {digit}: {} holds no {digit}",
                data.record.name
            )));
        }
    }
    let base = lab.base(watch)?;
    let sweep = lab.sweep(&methods, &base, watch)?;
    let jobs: Vec<Job> = methods
        .iter()
        .zip(&sweep)
        .map(|(&method, tried)| Job {
            method,
            setting: judge::best(tried).setting,
        })
        .collect();
    let task = lab.task(&base.originals, 0, &base.fresh)?;
    let results = lab.apply(&jobs, &base.originals, &task, "methods", watch)?;
    lab.judge(&jobs, &sweep, &base, &results, watch)
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

fn methods(settings: &Settings) -> Result<Vec<&'static dyn Method>> {
    let known = crate::methods::METHODS;
    let mut methods = Vec::new();
    for name in &settings.methods {
        if name == "all" {
            return Ok(known.to_vec());
        }
        let method = crate::methods::named(name).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|m| m.name()).collect();
            Error::Usage(format!(
                "--methods {name}: there is no such method; choose from {}, or all",
                names.join(", ")
            ))
        })?;
        methods.push(method);
    }
    Ok(methods)
}
