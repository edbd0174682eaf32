//! What is compared, and which settings make no sense.

use serde::{Deserialize, Serialize};

use crate::checks;
use crate::data::Dataset;
use crate::engine::Case;
use crate::error::{Error, Result};
use crate::lists;
use crate::methods::Method;
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::LEARNING_RATE;
use crate::tune::Variants;

/// What networks are to forget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forget {
    /// These digits, ascending, all at once.
    Digits(Vec<u8>),
    /// Each of the ten digits, in turn.
    Each,
    /// So many training images, drawn at random.
    Samples(usize),
}

impl Forget {
    /// What `--forget` takes.
    fn parse(text: &str) -> std::result::Result<Self, String> {
        if text.trim() == "each" {
            return Ok(Self::Each);
        }
        let digits = lists::digits(text).map_err(|e| format!("{e}, or say each"))?;
        Ok(Self::Digits(digits))
    }

    /// What is forgotten at a time.
    fn scopes(&self) -> Vec<Scope> {
        match self {
            Self::Digits(digits) => vec![Scope::Digits(digits.clone())],
            Self::Each => (0..10).map(|digit| Scope::Digits(vec![digit])).collect(),
            Self::Samples(count) => vec![Scope::Samples(*count)],
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Digits(digits) => checks::digits(digits),
            Self::Samples(count) if *count < LEAST_SAMPLES => Err(Error::Usage(format!(
                "--forget-samples {count}: fewer than {LEAST_SAMPLES} images tell nothing of \
                 forgetting; try --forget-samples 500"
            ))),
            Self::Samples(_) | Self::Each => Ok(()),
        }
    }
}

/// Fewer retrained networks than this can be divided in so few ways that no floor is known.
const LEAST_RETRAINED: usize = 8;
/// Fewer images than this tell nothing of forgetting.
const LEAST_SAMPLES: usize = 20;

/// What is compared. Flags set all of it but what data and device decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, clap::Args)]
pub struct Settings {
    /// Where the images come from.
    #[arg(skip)]
    pub data: String,
    /// Where to compute: auto, cpu, or an adapter's number or name (see `unlearn devices`)
    #[arg(long, value_name = "auto|cpu|INDEX|NAME", default_value = "auto")]
    pub device: String,
    /// Methods to compare, or all (see `unlearn methods`)
    #[arg(
        long,
        value_name = "all|NAMES",
        value_delimiter = ',',
        value_parser = lists::entry::<String>,
        default_value = "all"
    )]
    pub methods: Vec<String>,
    /// Digits to forget, all at once; or each of the ten, in turn
    #[arg(long, value_name = "DIGITS|each", default_value = "5", value_parser = Forget::parse)]
    pub forget: Forget,
    /// Original networks, each of which every method gets
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub learners: usize,
    /// Networks that never see what is to be forgotten, which the methods are measured by
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
    /// Passes over the training images that originals and retrained networks get
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5.0,
        allow_negative_numbers = true
    )]
    pub epochs: f64,
    /// Learning rate of their training, and of relearning
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
    /// Steps that each method has.
    #[arg(skip)]
    pub budget: u32,
    /// Seeds of everything random: with several, all is done under each, and the report says whether
    /// the ranking of methods is the same
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
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: &str| Err(Error::Usage(text.to_owned()));
        checks::networks("learners", self.learners)?;
        checks::networks("retrained", self.retrained)?;
        if self.retrained < LEAST_RETRAINED {
            return Err(Error::Usage(format!(
                "--retrained {}: a noise floor is what retrained networks differ by among \
                 themselves, which takes {LEAST_RETRAINED} of them at least; 32 are good",
                self.retrained
            )));
        }
        if self.budget == 0 {
            return refuse("--budget 0: methods need a step at least; try --budget 900");
        }
        checks::batch(self.batch)?;
        if self.seeds.is_empty() {
            return refuse("--seeds: name one at least, such as --seeds 1");
        }
        checks::learning(self.epochs)?;
        checks::rate("lr", self.lr)?;
        self.forget.check()?;
        methods(self)?;
        Model::new(&self.hidden).map(|_| ())
    }

    /// Refuses settings that make no sense, or not with these data.
    ///
    /// # Errors
    /// `Usage`, naming the setting, the reason and the remedy.
    pub fn check_with(&self, data: &Dataset) -> Result<()> {
        self.check()?;
        let cases = self.cases();
        cases
            .iter()
            .try_for_each(|case| check_data(&case.scope, self.batch, data))
    }

    /// All cases, by seed.
    pub fn cases(&self) -> Vec<Case> {
        let of = |&seed: &u64| {
            let scopes = self.forget.scopes().into_iter();
            scopes.map(move |scope| Case { seed, scope })
        };
        self.seeds.iter().flat_map(of).collect()
    }

    /// A name for a case, in which only that is said which the cases differ by.
    pub fn name(&self, case: &Case) -> String {
        let scope = match &case.scope {
            Scope::Digits(digits) => crate::verdict::digits(digits),
            Scope::Samples(1) => "1 training image".to_owned(),
            Scope::Samples(count) => format!("{count} training images"),
        };
        match (self.seeds.len(), &self.forget) {
            (1, _) => scope,
            (_, Forget::Each) => format!("seed {}, {scope}", case.seed),
            _ => format!("seed {}", case.seed),
        }
    }

    /// Methods that `all` does not mean here: they work on digits, and there are none to forget.
    pub fn left_out(&self) -> Vec<&'static str> {
        let samples = matches!(self.forget, Forget::Samples(_));
        let known = crate::methods::METHODS.iter();
        let unfit = known.filter(|m| samples && m.needs_digits());
        unfit.map(|m| m.name()).collect()
    }
}

/// Refuses to forget what is not there, and to forget all there is.
fn check_data(scope: &Scope, batch: usize, data: &Dataset) -> Result<()> {
    let (labels, name) = (&data.train.labels, &data.record.name);
    let kept = match scope {
        Scope::Digits(digits) => checks::kept(digits, data)?,
        Scope::Samples(count) if *count >= labels.len() => {
            return Err(Error::Usage(format!(
                "--forget-samples {count}: {name} holds {} training images, and some must be left to \
                 retrain with; take fewer",
                labels.len()
            )));
        }
        Scope::Samples(count) => labels.len() - count,
    };
    checks::fits(batch, labels.len(), "training images")?;
    checks::fits(batch, kept, "training images that are not to be forgotten")
}

/// The methods that are compared.
pub(super) fn methods(settings: &Settings) -> Result<Vec<&'static dyn Method>> {
    let known = crate::methods::METHODS;
    let unfit = settings.left_out();
    let fits = |name: &str| !unfit.contains(&name);
    let mut methods: Vec<&'static dyn Method> = Vec::new();
    let all = settings.methods.iter().any(|name| name == "all");
    for name in settings.methods.iter().filter(|name| *name != "all") {
        let method = crate::methods::named(name).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|m| m.name()).collect();
            Error::Usage(format!(
                "--methods {name}: there is no such method; choose from {}, or all",
                names.join(", ")
            ))
        })?;
        if !fits(name) {
            return Err(Error::Usage(format!(
                "--methods {name}: it forgets digits only, not the images of --forget-samples; leave \
                 it out, or name a digit with --forget"
            )));
        }
        if methods.iter().all(|known| known.name() != name) {
            methods.push(method);
        }
    }
    if all {
        methods = known.iter().copied().filter(|m| fits(m.name())).collect();
    }
    Ok(methods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_named_by_what_they_differ_by() {
        let settings = |forget, seeds: &[u64]| Settings {
            data: String::new(),
            device: String::new(),
            methods: Vec::new(),
            forget,
            learners: 1,
            retrained: 8,
            hidden: vec![8],
            epochs: 1.0,
            lr: 0.1,
            batch: 64,
            budget: 1,
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
