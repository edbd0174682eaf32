//! What a run is: every setting, resolved. Echoed into every record, and read back by `--config`.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::methods::{self, Method, Setting};
use crate::model::Model;
use crate::record::CLASSES;
use crate::tune::Variants;

/// The method that runs as a plain arm among the others.
const UNIFORM: &str = "uniform";

/// All settings of `unlearn run`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A name for the run folder.
    pub name: String,
    /// `auto`, `builtin`, or a folder with the idx files.
    pub data: String,
    /// `auto`, `cpu`, an adapter's number, or a part of its name.
    pub device: String,
    /// Learners per arm.
    pub learners: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The digits to forget, ascending.
    pub forget: Vec<u8>,
    /// Seed of everything random.
    pub seed: u64,
    /// Samples per step.
    pub batch: usize,
    /// Learning rate of the learn and relearn phases.
    pub lr: f64,
    /// Momentum, in all phases.
    pub momentum: f64,
    /// Weight decay, in all phases.
    pub weight_decay: f64,
    /// Length of the learn phase, in passes over the training set.
    pub epochs: f64,
    /// Length of the unlearn phase, in passes over its samples.
    pub unlearn_epochs: f64,
    /// How the unlearned arm forgets: `uniform`, or another method of `methods::METHODS`.
    pub method: String,
    /// Learning rate of the unlearn phase, for the arm that unlearns; none: of `uniform` that of `lr`,
    /// or a tenth of it where unprotected, and of other methods their usual one.
    pub unlearn_lr: Option<f64>,
    /// The method's own parameter, where it has one; none: its usual one.
    pub strength: Option<f64>,
    /// Unlearn on the forgotten digits alone, with nothing that protects the others.
    pub unprotected: bool,
    /// Length of the relearn phase, in passes over the training set.
    pub relearn_epochs: f64,
    /// Evaluations per epoch.
    pub evaluations: u32,
    /// The variant of each kernel; none: measured on the device, or remembered. (Tables come last
    /// in TOML.)
    #[serde(skip_serializing_if = "Variants::is_empty")]
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
            seed: 1,
            batch: 64,
            lr: 0.1,
            momentum: 0.0,
            weight_decay: 0.0,
            epochs: 5.0,
            unlearn_epochs: 1.0,
            method: UNIFORM.to_owned(),
            unlearn_lr: None,
            strength: None,
            unprotected: false,
            relearn_epochs: 1.0,
            evaluations: 4,
            variants: Variants::new(),
        }
    }
}

impl Config {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Usage(text));
        if self.learners == 0 {
            return refuse("--learners 0: there must be one network at least".to_owned());
        }
        if self.batch == 0 {
            return refuse(
                "--batch 0: a step needs one sample at least; try --batch 64".to_owned(),
            );
        }
        if self.evaluations == 0 || self.evaluations > 1000 {
            return refuse(format!(
                "--evaluations {}: evaluate 1 to 1000 times an epoch",
                self.evaluations
            ));
        }
        Model::new(&self.hidden)?;
        self.check_forget()?;
        self.check_method()?;
        self.check_rates()?;
        self.check_epochs()
    }

    /// The learning rate of the unlearn phase.
    pub fn unlearn_rate(&self) -> f64 {
        let gentler = if self.unprotected { 0.1 } else { 1.0 };
        let usual = match self.other_method() {
            None => self.lr * gentler,
            Some(method) => method.usual().rate,
        };
        self.unlearn_lr.unwrap_or(usual)
    }

    /// The method, where it is another one than the uniform target.
    pub fn other_method(&self) -> Option<&'static dyn Method> {
        methods::named(&self.method).filter(|_| self.method != UNIFORM)
    }

    /// What another method than the uniform target is set to.
    pub fn setting(&self) -> Setting {
        let usual = self.other_method().map_or(0.0, |m| m.usual().strength);
        Setting::new(self.unlearn_rate(), self.strength.unwrap_or(usual))
    }

    fn check_method(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Usage(text));
        let name = &self.method;
        let Some(method) = methods::named(name) else {
            let known: Vec<&str> = methods::METHODS.iter().map(|m| m.name()).collect();
            return refuse(format!(
                "--method {name}: there is no such method; choose from {}",
                known.join(", ")
            ));
        };
        if method.retrains() {
            return refuse(format!(
                "--method {name}: retrained networks stand beside every run already, as its arm \
                 \"retrained\"; choose what to compare them with"
            ));
        }
        if self.unprotected && name != UNIFORM {
            return refuse(format!(
                "--unprotected is a form of the uniform target: leave it out beside --method {name}"
            ));
        }
        if name == "amnesiac" && (self.momentum > 0.0 || self.weight_decay > 0.0) {
            return refuse(
                "--method amnesiac takes back steps of plain SGD: leave out --momentum and \
                 --weight-decay"
                    .to_owned(),
            );
        }
        match (self.strength, method.strength()) {
            (Some(_), None) => refuse(format!(
                "--strength: {name} has no parameter but its rate; leave it out"
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

    fn check_forget(&self) -> Result<()> {
        if let Some(digit) = self.forget.iter().find(|&&d| usize::from(d) >= CLASSES) {
            return Err(Error::Usage(format!(
                "--forget {digit}: there is no such digit; choose from 0 to 9, such as --forget \
                 5 or --forget 3,5,8"
            )));
        }
        if self.forget.is_empty() {
            return Err(Error::Usage(
                "--forget names no digit: choose from 0 to 9".to_owned(),
            ));
        }
        if self.forget.len() == CLASSES {
            return Err(Error::Usage(
                "--forget names all ten digits: nothing is left to keep. Leave one out at least"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn check_rates(&self) -> Result<()> {
        let rates = [
            ("lr", self.lr),
            ("unlearn-lr", self.unlearn_rate()),
            ("momentum", self.momentum),
            ("weight-decay", self.weight_decay),
        ];
        for (name, rate) in rates {
            if !rate.is_finite() || rate < 0.0 {
                return Err(Error::Usage(format!(
                    "--{name} {rate}: must be a number of 0 or more"
                )));
            }
        }
        if self.momentum >= 1.0 {
            return Err(Error::Usage(format!(
                "--momentum {}: must be below 1, or old gradients never fade",
                self.momentum
            )));
        }
        Ok(())
    }

    fn check_epochs(&self) -> Result<()> {
        let lengths = [
            ("epochs", self.epochs),
            ("unlearn-epochs", self.unlearn_epochs),
            ("relearn-epochs", self.relearn_epochs),
        ];
        for (name, epochs) in lengths {
            if !(0.0..=10_000.0).contains(&epochs) {
                return Err(Error::Usage(format!(
                    "--{name} {epochs}: must lie between 0 and 10,000 (fractions are fine)"
                )));
            }
        }
        Ok(())
    }
}
