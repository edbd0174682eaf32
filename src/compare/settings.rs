//! The settings of a comparison, and their validation.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::models::models;
use crate::checks;
use crate::data::Dataset;
use crate::engine::{Case, Pick, Training};
use crate::error::{Error, Result};
use crate::lists;
use crate::methods::{Declared, Method, is_file};
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::LEARNING_RATE;
use crate::record::Classes;
use crate::tune::Variants;

/// What networks are to forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forget {
    /// These classes, ascending, all at once.
    Digits(Vec<u8>),
    /// Each of the classes, in turn.
    Each,
    /// This number of training images, drawn at random.
    Samples(usize),
}

impl Forget {
    /// Parses `--forget`, given the names of the classes.
    ///
    /// # Errors
    /// `Usage` if it names something else.
    pub fn parse(text: &str, classes: &Classes) -> Result<Self> {
        if text.trim() == "each" {
            return Ok(Self::Each);
        }
        match lists::classes(text, classes) {
            Ok(classes) => Ok(Self::Digits(classes)),
            Err(e) => Err(Error::Usage(format!("--forget {text}: {e}, or say each"))),
        }
    }

    /// The forgotten set of each case, with this many classes.
    fn scopes(&self, classes: u8) -> Vec<Scope> {
        match self {
            Self::Digits(digits) => vec![Scope::Digits(digits.clone())],
            Self::Each => (0..classes)
                .map(|class| Scope::Digits(vec![class]))
                .collect(),
            Self::Samples(count) => vec![Scope::Samples(*count)],
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Digits(digits) => checks::forget(digits),
            Self::Samples(count) if *count < LEAST_SAMPLES => Err(Error::Usage(format!(
                "--forget-samples {count}: fewer than {LEAST_SAMPLES} images are too few to measure \
                 forgetting; try --forget-samples 500"
            ))),
            Self::Samples(_) | Self::Each => Ok(()),
        }
    }
}

/// Fewer retrained networks have no scatter to measure by.
const LEAST_RETRAINED: usize = 8;
/// The largest multiple of the budget.
const MOST_BUDGETS: f64 = 100.0;
/// Fewer images are too few to measure forgetting.
const LEAST_SAMPLES: usize = 20;

/// The settings of a comparison. Flags set all fields except those that depend on data or device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, clap::Args)]
pub struct Settings {
    /// Source of the images.
    #[arg(skip)]
    pub data: String,
    /// The names of the classes.
    #[arg(skip)]
    pub classes: Classes,
    /// Device to compute on: auto, cpu, or an adapter's index or name (see `unlearn devices`)
    #[arg(long, value_name = "auto|cpu|INDEX|NAME", default_value = "auto")]
    pub device: String,
    /// Methods to compare, or all (see `unlearn methods`); FILE.toml declares one (see docs/methods.md)
    #[arg(
        long,
        value_name = "all|NAMES|FILES",
        value_delimiter = ',',
        value_parser = lists::entry::<String>,
        default_value = "all"
    )]
    pub methods: Vec<String>,
    /// The content of the files that declare methods.
    #[arg(skip)]
    pub method_files: Vec<Declared>,
    /// Which images --forget-samples takes
    #[arg(
        long,
        value_enum,
        default_value = "random",
        requires = "forget_samples"
    )]
    pub pick: Pick,
    /// What is forgotten. (At the command line classes have names, which depend on the data.)
    #[arg(skip = Forget::Digits(vec![5]))]
    pub forget: Forget,
    /// Folder with networks to be judged as well, each `.safetensors` file a row. (Reports are shared, and
    /// name no folders.)
    #[arg(skip)]
    #[serde(skip)]
    pub models: Option<PathBuf>,
    /// Also write all networks, and their outputs for every image, for programs to read: networks/ and
    /// outputs/; about 1 GB with default settings
    #[arg(long)]
    pub export: bool,
    /// Original networks; every method is applied to all of them
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub learners: usize,
    /// Retrained networks, which never see the forgotten images and serve as the reference
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub retrained: usize,
    /// Widths of the hidden layers
    #[arg(
        long,
        value_name = "WIDTHS",
        value_delimiter = ',',
        value_parser = lists::entry::<usize>,
        default_value = "128,64"
    )]
    pub hidden: Vec<usize>,
    /// Training of originals and retrained networks, in passes over the training images
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5.0,
        allow_negative_numbers = true
    )]
    pub epochs: f64,
    /// Learning rate of training and relearning
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = LEARNING_RATE,
        allow_negative_numbers = true
    )]
    pub lr: f64,
    /// Samples per step
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub batch: usize,
    /// Steps per method.
    #[arg(skip)]
    pub budget: u32,
    /// Also apply each method with these multiples of its steps, and plot the figures against them
    #[arg(
        long,
        value_name = "MULTIPLES",
        value_delimiter = ',',
        value_parser = lists::entry::<f64>,
        default_value = "1"
    )]
    pub budgets: Vec<f64>,
    /// Seeds; with several, the comparison is repeated under each, and the report says whether the
    /// ranking of methods is stable
    #[arg(
        long,
        alias = "seed",
        value_name = "SEEDS",
        value_delimiter = ',',
        value_parser = lists::entry::<u64>,
        default_value = "1"
    )]
    pub seeds: Vec<u64>,
    /// The variant of each kernel.
    #[arg(skip)]
    pub variants: Variants,
}

impl Settings {
    /// Reads the files among the methods, and takes the names that they declare.
    ///
    /// # Errors
    /// `File` if one cannot be read; `Usage` if it declares no method, or another one of a name that
    /// is taken.
    pub fn read_methods(&mut self) -> Result<()> {
        for name in self.methods.iter_mut().filter(|name| is_file(name)) {
            let file = Declared::read(name.as_ref())?;
            let declared = file.method().name();
            let mut others = self.method_files.iter();
            if others.any(|other| other.method().name() == declared && *other != file) {
                return Err(Error::Usage(format!(
                    "--methods {name}: another file declares {declared}, too; give one of them another \
                     name"
                )));
            }
            *name = declared.to_owned();
            self.method_files.push(file);
        }
        Ok(())
    }

    /// Refuses invalid settings.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: &str| Err(Error::Usage(text.to_owned()));
        checks::networks("learners", self.learners)?;
        checks::networks("retrained", self.retrained)?;
        if self.retrained < LEAST_RETRAINED {
            return Err(Error::Usage(format!(
                "--retrained {}: effects need at least {LEAST_RETRAINED} retrained networks; 32 are good",
                self.retrained
            )));
        }
        if self.budget == 0 {
            return refuse("--budget 0: methods need at least one step; try --budget 900");
        }
        if let Some(b) = self
            .budgets
            .iter()
            .find(|b| !(**b > 0.0 && **b <= MOST_BUDGETS))
        {
            return Err(Error::Usage(format!(
                "--budgets {b}: a multiple of the budget lies above 0 and up to {MOST_BUDGETS}; try \
                 --budgets .25,.5,1,2"
            )));
        }
        checks::batch(self.batch)?;
        if self.seeds.is_empty() {
            return refuse("--seeds: name at least one, such as --seeds 1");
        }
        checks::learning(self.epochs)?;
        checks::rate("lr", self.lr)?;
        self.forget.check()?;
        methods(self)?;
        Model::new(&self.hidden).map(|_| ())
    }

    /// Refuses settings that are invalid, or invalid with this data.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check_with(&self, data: &Dataset) -> Result<()> {
        self.check()?;
        if let Some(folder) = &self.models {
            let names: Vec<&str> = self
                .method_files
                .iter()
                .map(|f| f.method().name())
                .collect();
            models(folder, &Model::new(&self.hidden)?, &names)?;
        }
        let cases = self.cases();
        cases
            .iter()
            .try_for_each(|case| check_data(&case.scope, self.batch, data))
    }

    /// Refuses to tune on too few images: nine tenths of the training images.
    pub(super) fn check_split(&self, split: &Dataset) -> Result<()> {
        if methods(self)?.iter().all(|m| m.settings().len() < 2) {
            return Ok(());
        }
        let cases = self.cases();
        let small = |e| {
            Error::Usage(format!(
                "methods are tuned on a part of the training images: {e}"
            ))
        };
        let check = |case: &Case| check_data(&case.scope, self.batch, split).map_err(small);
        cases.iter().try_for_each(check)
    }

    /// How networks are trained.
    pub(super) fn training(&self) -> Training {
        Training {
            epochs: self.epochs,
            lr: self.lr,
            momentum: 0.0,
            decay: 0.0,
            batch: self.batch,
        }
    }

    /// Whether networks have the same form and the same batches as another comparison's.
    pub(super) fn shares_networks(&self, other: &Self) -> bool {
        let form = |s: &Self| (s.hidden.clone(), s.batch, s.variants.clone());
        form(self) == form(other)
    }

    /// All cases, by seed.
    pub fn cases(&self) -> Vec<Case> {
        let of = |&seed: &u64| {
            let classes = u8::try_from(self.classes.count()).unwrap_or(u8::MAX);
            let scopes = self.forget.scopes(classes).into_iter();
            let pick = self.pick;
            scopes.map(move |scope| Case { seed, scope, pick })
        };
        self.seeds.iter().flat_map(of).collect()
    }

    /// A name for a case that contains only what distinguishes it from the other cases.
    pub fn name(&self, case: &Case) -> String {
        let scope = self.forgotten(case);
        match (self.seeds.len(), &self.forget) {
            (1, _) => scope,
            (_, Forget::Each) => format!("seed {}, {scope}", case.seed),
            _ => format!("seed {}", case.seed),
        }
    }

    /// What a case forgets, in words.
    pub(super) fn forgotten(&self, case: &Case) -> String {
        match &case.scope {
            Scope::Digits(digits) => self.classes.words(digits),
            Scope::Samples(1) => "1 training image".to_owned(),
            Scope::Samples(count) => format!("{count} {}training images", self.pick.adjective()),
        }
    }

    /// Methods that `all` excludes: they need forgotten digits, and samples are forgotten here.
    pub fn left_out(&self) -> Vec<&'static str> {
        let samples = matches!(self.forget, Forget::Samples(_));
        let known = crate::methods::METHODS.iter();
        let unfit = known.filter(|m| samples && m.needs_digits());
        unfit.map(|m| m.name()).collect()
    }
}

/// Refuses to forget absent digits, or everything.
fn check_data(scope: &Scope, batch: usize, data: &Dataset) -> Result<()> {
    let (labels, name) = (&data.train.labels, &data.record.name);
    let kept = match scope {
        Scope::Digits(digits) => checks::kept(digits, data)?,
        Scope::Samples(count) if *count >= labels.len() => {
            return Err(Error::Usage(format!(
                "--forget-samples {count}: {name} holds {} training images, and some must remain for \
                 retraining; choose fewer",
                labels.len()
            )));
        }
        Scope::Samples(count) => labels.len() - count,
    };
    checks::fits(batch, labels.len(), "training images")?;
    checks::fits(batch, kept, "training images that are not to be forgotten")
}

/// The methods to compare: the selected ones, and all controls, without which figures mean little.
pub(super) fn methods(settings: &Settings) -> Result<Vec<&'static dyn Method>> {
    let known = &*crate::methods::METHODS;
    let samples = matches!(settings.forget, Forget::Samples(_));
    let fits = |method: &dyn Method| !(samples && method.needs_digits());
    let declared = |name: &str| {
        let mut files = settings.method_files.iter().map(|file| file.method());
        files.find(|method| method.name() == name)
    };
    let mut methods: Vec<&'static dyn Method> = Vec::new();
    let all = settings.methods.iter().any(|name| name == "all");
    for name in settings.methods.iter().filter(|name| *name != "all") {
        let method = declared(name).or_else(|| crate::methods::named(name));
        let method = method.ok_or_else(|| {
            let choices = known.iter().map(|m| m.name()).chain(["all"]);
            let unknown = crate::methods::unknown(name, choices);
            Error::Usage(format!("--methods {name}: {unknown}"))
        })?;
        if !fits(method) {
            return Err(Error::Usage(format!(
                "--methods {name}: it forgets digits only, not the images of --forget-samples; leave \
                 it out, or name a digit with --forget"
            )));
        }
        if methods.iter().all(|known| known.name() != name) {
            methods.push(method);
        }
    }
    let files = methods.iter().copied();
    let files = files.filter(|method| declared(method.name()).is_some());
    let selected = |m: &&'static dyn Method| {
        let named = methods.iter().any(|own| own.name() == m.name());
        fits(*m) && (all || named || m.is_control())
    };
    let built_in = known.iter().copied().filter(selected);
    Ok(built_in.chain(files).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_named_by_what_they_differ_by() {
        let settings = |forget, seeds: &[u64]| Settings {
            data: String::new(),
            classes: Classes::default(),
            models: None,
            export: false,
            device: String::new(),
            methods: Vec::new(),
            method_files: Vec::new(),
            forget,
            pick: Pick::Random,
            learners: 1,
            retrained: 8,
            hidden: vec![8],
            epochs: 1.0,
            lr: 0.1,
            batch: 64,
            budget: 1,
            budgets: vec![1.0],
            seeds: seeds.to_vec(),
            variants: Variants::new(),
        };
        let name = |s: Settings, number: usize| s.name(&s.cases()[number]);
        assert_eq!(name(settings(Forget::Each, &[1]), 3), "digit 3");
        assert_eq!(name(settings(Forget::Each, &[1, 7]), 13), "seed 7, digit 3");
        assert_eq!(
            name(settings(Forget::Samples(50), &[1]), 0),
            "50 training images"
        );
        assert_eq!(name(settings(Forget::Samples(50), &[1, 7]), 1), "seed 7");
    }
}
