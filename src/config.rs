//! All settings of a run, resolved: written into every record, and read back by `--config`.

mod command;

use std::path::Path;

use clap::builder::NonEmptyStringValueParser;
use serde::{Deserialize, Serialize};

use crate::checks;
use crate::error::{Error, Result};
use crate::lists;
use crate::methods::{self, Declared, Method, Setting};
use crate::model::Model;
use crate::population::LEARNING_RATE;
use crate::tune::Variants;

/// The most arms of a phase.
pub(crate) const ARMS: usize = 3;

/// All settings of `unlearn run`, as set by flags and stored in `config.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name for the default run folder, in place of method, classes and seed; characters other than
    /// letters and digits become dashes, and `run` stands for no name
    #[arg(long, required = false, value_parser = NonEmptyStringValueParser::new())]
    pub name: String,
    /// Source of the images: `auto`, `builtin`, a set's name, or a folder with the idx files.
    #[arg(skip)]
    pub data: String,
    /// Device to compute on: auto (a hardware GPU, else a software adapter, else the CPU without
    /// shaders), cpu, or an adapter's index or name (see `unlearn devices`)
    #[arg(long, required = false, value_name = "auto|cpu|INDEX|NAME")]
    pub device: String,
    /// Networks per arm
    #[arg(long, required = false, value_name = "N")]
    pub learners: usize,
    /// Widths of the hidden layers
    #[arg(long, required = false, value_name = "WIDTHS", value_delimiter = ',', value_parser = lists::entry::<usize>)]
    pub hidden: Vec<usize>,
    /// Labels of the classes to forget. (At the command line they have names, which depend on the data.)
    #[arg(skip)]
    pub forget: Vec<u8>,
    /// The file with the networks to start from, in place of a learn phase.
    #[arg(skip)]
    pub from: Option<String>,
    /// Seed for initial weights and sample orders
    #[arg(long, required = false, value_name = "N")]
    pub seed: u64,
    /// Samples per step
    #[arg(long, required = false, value_name = "N")]
    pub batch: usize,
    /// Learning rate of the learn and relearn phases
    #[arg(
        long,
        required = false,
        value_name = "RATE",
        allow_negative_numbers = true
    )]
    pub lr: f64,
    /// Momentum
    #[arg(
        long,
        required = false,
        value_name = "SHARE",
        allow_negative_numbers = true
    )]
    pub momentum: f64,
    /// Weight decay
    #[arg(
        long,
        required = false,
        value_name = "RATE",
        allow_negative_numbers = true
    )]
    pub weight_decay: f64,
    /// Length of the learn phase, in passes over the training images
    #[arg(
        long,
        required = false,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub epochs: f64,
    /// Length of the unlearn phase, in passes over the training images
    #[arg(
        long,
        required = false,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub unlearn_epochs: f64,
    /// Unlearning method (see `unlearn methods`), or a file that declares one (see docs/methods.md)
    #[arg(long, required = false, value_name = "NAME|FILE.toml")]
    pub method: String,
    /// Learning rate of the unlearn phase [default: --lr for uniform, else the method's usual rate]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub unlearn_lr: Option<f64>,
    /// The method's own parameter, such as α, if it has one [default: the method's usual value]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub strength: Option<f64>,
    /// Length of the relearn phase, in passes over the training images
    #[arg(
        long,
        required = false,
        value_name = "N",
        allow_negative_numbers = true
    )]
    pub relearn_epochs: f64,
    /// Evaluations on the test images per epoch, plus four early in each phase
    #[arg(long, required = false, value_name = "N")]
    pub evaluations: u32,
    /// The content of the file that declares `method`, unless that is a built-in one: the run can be
    /// repeated without the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[arg(skip)]
    pub method_file: Option<Declared>,
    /// The variant of each kernel; if empty, see `tune::worthwhile`.
    /// (Tables come last in TOML.)
    #[serde(skip_serializing_if = "Variants::is_empty")]
    #[arg(skip)]
    pub variants: Variants,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "run".to_owned(),
            data: "auto".to_owned(),
            device: "auto".to_owned(),
            learners: 4,
            hidden: vec![128, 64],
            forget: vec![5],
            from: None,
            seed: 1,
            batch: 64,
            lr: LEARNING_RATE,
            momentum: 0.0,
            weight_decay: 0.0,
            epochs: 5.0,
            unlearn_epochs: 1.0,
            method: "uniform".to_owned(),
            unlearn_lr: None,
            strength: None,
            relearn_epochs: 1.0,
            evaluations: 4,
            method_file: None,
            variants: Variants::new(),
        }
    }
}

impl Config {
    /// Refuses invalid settings.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Usage(text));
        checks::networks("learners", self.learners)?;
        checks::batch(self.batch)?;
        if self.evaluations == 0 || self.evaluations > 1000 {
            return refuse(format!(
                "--evaluations {}: evaluate 1 to 1000 times an epoch",
                self.evaluations
            ));
        }
        Model::new(&self.hidden)?;
        checks::forget(&self.forget)?;
        self.check_method()?;
        self.check_rates()?;
        self.check_epochs()
    }

    /// Samples that pass through all networks in training, of so many training images.
    pub fn samples(&self, images: usize) -> f64 {
        let epochs = self.epochs + self.unlearn_epochs + self.relearn_epochs;
        self.networks() as f64 * epochs * images as f64
    }

    /// Networks that train side by side.
    pub fn networks(&self) -> usize {
        ARMS * self.learners
    }

    /// If `method` is a file, reads it, and takes the name that it declares.
    ///
    /// # Errors
    /// `File` if it cannot be read; `Usage` if it declares no method.
    pub fn read_method(&mut self) -> Result<()> {
        if methods::is_file(&self.method) {
            let file = Declared::read(self.method.as_ref())?;
            self.method = file.method().name().to_owned();
            self.method_file = Some(file);
        }
        Ok(())
    }

    /// The method, if its name is known.
    pub fn method(&self) -> Option<&'static dyn Method> {
        match self.method_file {
            Some(file) => Some(file.method()),
            None => methods::named(&self.method),
        }
    }

    /// The settings for reports: they are shared, and name no folders.
    #[must_use]
    pub fn reported(&self) -> Self {
        let name = |path: &String| {
            let name = Path::new(path).file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        Self {
            from: self.from.as_ref().map(name),
            ..self.clone()
        }
    }

    /// The method.
    ///
    /// # Errors
    /// `Usage` if there is no method of this name.
    pub fn known_method(&self) -> Result<&'static dyn Method> {
        self.method().ok_or_else(|| {
            // References are arms of every run.
            let choices = methods::METHODS.iter().filter(|m| !m.is_reference());
            let unknown = methods::unknown(&self.method, choices.map(|m| m.name()));
            Error::Usage(format!("--method {}: {unknown}", self.method))
        })
    }

    /// The method's usual setting, unless it trains on with the run's own settings.
    fn usual(&self) -> Option<Setting> {
        let own = self.method().filter(|method| !method.trains_on());
        own.map(|method| method.usual())
    }

    /// The learning rate of the unlearn phase.
    pub fn unlearn_rate(&self) -> f64 {
        let usual = self.usual().map_or(self.lr, |usual| usual.rate);
        self.unlearn_lr.unwrap_or(usual)
    }

    /// The method's setting.
    pub fn setting(&self) -> Setting {
        let usual = self.usual().map_or(0.0, |usual| usual.strength);
        Setting::new(self.unlearn_rate(), self.strength.unwrap_or(usual))
    }

    /// The flag to blame if training diverges.
    pub(crate) fn fault_of_learning(&self) -> &'static str {
        let usual = Self::default().lr;
        farthest(&[("--lr", self.lr, usual), self.momentum_as_rate()])
    }

    /// The flag to blame if unlearning diverges.
    pub(crate) fn fault_of_unlearning(&self) -> &'static str {
        let rate = |usual| ("--unlearn-lr", self.unlearn_rate(), usual);
        match self.usual() {
            None => farthest(&[rate(Self::default().lr), self.momentum_as_rate()]),
            Some(usual) => {
                let strength = ("--strength", self.setting().strength, usual.strength);
                farthest(&[rate(usual.rate), strength])
            }
        }
    }

    /// With momentum µ, a gradient's total weight over time is 1/(1 − µ).
    fn momentum_as_rate(&self) -> (&'static str, f64, f64) {
        ("--momentum", 1.0 / (1.0 - self.momentum), 1.0)
    }

    fn check_method(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Usage(text));
        let (name, method) = (&self.method, self.known_method()?);
        if let Some(file) = self.method_file {
            file.check_name(&"method_file of config.toml")?;
            if file.method().name() != name {
                return refuse(format!(
                    "method = \"{name}\" in config.toml, but its method_file declares {}; make the \
                     names the same, or leave one of them out",
                    file.method().name()
                ));
            }
        }
        if method.is_reference() {
            return refuse(format!(
                "--method {name}: retrained networks and originals stand beside every run already, as \
                 its arms; choose what to compare them with"
            ));
        }
        if method.takes_back_steps() && self.from.is_some() {
            return refuse(format!(
                "--method {name} undoes the steps of the originals' training, which a file of weights \
                 (--from) does not record: choose another method"
            ));
        }
        if method.takes_back_steps() && (self.momentum > 0.0 || self.weight_decay > 0.0) {
            return refuse(format!(
                "--method {name} undoes steps of plain SGD: leave out --momentum and --weight-decay"
            ));
        }
        match (self.strength, method.strength()) {
            (Some(_), None) => refuse(format!(
                "--strength: {name} has no parameter other than its rate; leave it out"
            )),
            (Some(s), Some(what)) if !(0.0..=method.most()).contains(&s) => refuse(format!(
                "--strength {s}: {what} of {name} must lie between 0 and {}",
                method.most()
            )),
            _ if method.usual().rate == 0.0 && self.unlearn_lr.is_some_and(|rate| rate > 0.0) => {
                refuse(format!("--unlearn-lr: {name} trains nothing; leave it out"))
            }
            _ => Ok(()),
        }
    }

    fn check_rates(&self) -> Result<()> {
        checks::rate("lr", self.lr)?;
        checks::number("unlearn-lr", self.unlearn_rate())?;
        checks::number("strength", self.setting().strength)?;
        checks::momentum(self.momentum)?;
        checks::number("weight-decay", self.weight_decay)?;
        checks::decay(self.weight_decay, "lr", self.lr)?;
        match self.usual() {
            // It steps without decay.
            Some(_) => Ok(()),
            None => checks::decay(self.weight_decay, "unlearn-lr", self.unlearn_rate()),
        }
    }

    fn check_epochs(&self) -> Result<()> {
        checks::learning(self.epochs)?;
        checks::epochs("unlearn-epochs", self.unlearn_epochs)?;
        checks::epochs("relearn-epochs", self.relearn_epochs)
    }
}

/// The flag whose value is the most times its usual one; of equals the first.
fn farthest(flags: &[(&'static str, f64, f64)]) -> &'static str {
    let times = |value: f64, usual: f64| if value > 0.0 { value / usual } else { 0.0 };
    let mut farthest = ("", -1.0);
    for &(flag, value, usual) in flags {
        if times(value, usual) > farthest.1 {
            farthest = (flag, times(value, usual));
        }
    }
    farthest.0
}
