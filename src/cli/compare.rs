//! `unlearn compare` and `unlearn methods`.

mod words;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use unlearn::compare::{
    Cache, Case, Comparison, Folder, Forget, MethodRow, Settings, Watch, compare, name_of,
};
use unlearn::error::{Error, Result};
use unlearn::files::{self, Folders};
use unlearn::methods::METHODS;
use unlearn::metrics;
use unlearn::report::comparison;
use unlearn::{data, device, tune};

use super::progress::Counter;
use super::text::{beside, fold, note};

use super::lists;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Methods to compare, or all (see `unlearn methods`)
    #[arg(
        long,
        value_name = "all|NAMES",
        value_delimiter = ',',
        value_parser = lists::entry::<String>,
        default_value = "all"
    )]
    methods: Vec<String>,
    /// Digits to forget, all at once; or each of the ten, in turn
    #[arg(
        long,
        value_name = "DIGITS|each",
        default_value = "5",
        value_parser = forget
    )]
    forget: Forget,
    /// Forget so many training images instead, drawn at random
    #[arg(long, value_name = "N", conflicts_with = "forget")]
    forget_samples: Option<usize>,
    /// Original networks, each of which every method gets
    #[arg(long, value_name = "N", default_value_t = 32)]
    learners: usize,
    /// Networks that never see what is to be forgotten, which the methods are measured by
    #[arg(long, value_name = "N", default_value_t = 32)]
    retrained: usize,
    /// Steps that each method has [default: those of a pass over the training images]
    #[arg(long, value_name = "STEPS")]
    budget: Option<u32>,
    /// Passes over the training images that originals and retrained networks get
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5.0,
        allow_negative_numbers = true
    )]
    epochs: f64,
    /// Learning rate of their training, and of relearning
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = 0.1,
        allow_negative_numbers = true
    )]
    lr: f64,
    /// Samples per step
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch: usize,
    /// Widths of the hidden layers
    #[arg(
        long,
        value_name = "WIDTHS",
        value_delimiter = ',',
        value_parser = lists::entry::<usize>,
        default_value = "128,64"
    )]
    hidden: Vec<usize>,
    /// Where the images come from: auto, builtin, or a folder with the four idx files
    #[arg(long, value_name = "auto|builtin|DIR", default_value = "auto", value_parser = super::path())]
    data: PathBuf,
    /// Where to compute: auto, cpu, or an adapter's number or name (see `unlearn devices`)
    #[arg(long, value_name = "auto|cpu|INDEX|NAME", default_value = "auto")]
    device: String,
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
    seeds: Vec<u64>,
    /// The folder; the same settings go on where they were interrupted [default:
    /// runs/compare-FORGET-HASH]
    #[arg(long, value_name = "DIR", value_parser = super::path())]
    out: Option<PathBuf>,
}

/// Shows what is being done, and how far it is.
struct Live {
    counter: Counter,
}

impl Watch for Live {
    fn begin(&mut self, what: &str, units: u64) {
        self.counter.begin(what, units);
        if self.counter.is_hidden() {
            super::say!("{what} …");
        }
    }

    fn advance(&mut self, units: u64) {
        self.counter.advance(units);
    }

    fn note(&mut self, text: &str) {
        self.counter.note(text);
    }
}

/// Compares methods.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // What makes no sense with any data is said before data are fetched.
    arguments.settings(1).check()?;
    // Held until the folder is in it.
    let _runs = match &arguments.out {
        Some(_) => Folders::default(),
        None => runs()?,
    };
    let named = arguments.out.as_deref().map(Folder::open).transpose()?;
    let dataset = data::load(&arguments.data, &note)?;
    let device = device::open(&arguments.device)?;
    note(&format!("data     {}", dataset.record.name));
    note(&super::headline("", device.record()));
    let mut settings = arguments.settings(dataset.train.len());
    settings.check_with(&dataset)?;
    if settings.methods.iter().any(|name| name == "all") {
        for name in settings.left_out() {
            note(&format!(
                "methods  {name} is left out: it forgets digits, not single images"
            ));
        }
    }
    settings.device = device.record().name.clone();
    settings.data = dataset.record.label();
    settings.variants = tune::fastest(&*device, false, &note)?;
    tune::apply(&*device, &settings.variants)?;
    let folder = match named {
        Some(folder) => folder,
        None => Folder::open(&default_folder(&settings))?,
    };
    let cache = Cache::new(&folder.path().join("cache"))?;
    let mut live = Live {
        counter: Counter::new(),
    };
    let comparison = compare(&settings, &dataset, &*device, &cache, &mut live)?;
    live.counter.end();
    let written = write(&comparison, &folder);
    // Where they could not be written, this is what there is.
    let printed = super::print(&words::brief(&comparison));
    if written.is_ok() {
        let place = format!(
            "every metric is in {0}/report.txt; open {0}/report.html",
            folder.path().display()
        );
        super::say!("{}", fold(&place, 0));
    }
    written.and(printed)
}

/// The folder of default folders, tried before the name of one is known.
fn runs() -> Result<Folders> {
    let runs = Path::new(RUNS);
    let made = Folders::make(runs)?;
    files::probe_folder(runs)?;
    Ok(made)
}

const RUNS: &str = "runs";

/// A line of `methods.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    case: &'a Case,
    #[serde(flatten)]
    row: &'a MethodRow,
}

/// Writes everything into the folder.
fn write(comparison: &Comparison, folder: &Folder) -> Result<()> {
    let failed =
        |e: serde_json::Error| Error::Data(format!("the comparison cannot be written: {e}"));
    let json = serde_json::to_string_pretty(comparison).map_err(failed)?;
    let mut lines = String::new();
    for judged in &comparison.cases {
        for row in &judged.methods {
            let case = &judged.case;
            lines += &serde_json::to_string(&Line { case, row }).map_err(failed)?;
            lines.push('\n');
        }
    }
    let page = comparison::page(comparison);
    folder.write([json, lines, words::words(comparison), page])
}

/// What `--forget` takes.
fn forget(text: &str) -> std::result::Result<Forget, String> {
    if text.trim() == "each" {
        return Ok(Forget::Each);
    }
    let digits = lists::digits(text).map_err(|e| format!("{e}, or say each"))?;
    Ok(Forget::Digits(digits))
}

impl Arguments {
    fn settings(&self, images: usize) -> Settings {
        let samples = self.forget_samples.map(Forget::Samples);
        let mut methods: Vec<String> = Vec::new();
        for name in &self.methods {
            if !methods.contains(name) {
                methods.push(name.clone());
            }
        }
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        seeds.dedup();
        let pass = u32::try_from(images.div_ceil(self.batch.max(1))).unwrap_or(u32::MAX);
        Settings {
            data: String::new(),
            device: self.device.clone(),
            methods,
            forget: samples.unwrap_or_else(|| self.forget.clone()),
            learners: self.learners,
            retrained: self.retrained,
            hidden: self.hidden.clone(),
            epochs: self.epochs,
            lr: self.lr,
            batch: self.batch,
            budget: self.budget.unwrap_or(pass),
            seeds,
            variants: tune::Variants::new(),
        }
    }
}

fn default_folder(settings: &Settings) -> PathBuf {
    let hash = name_of(&format!("{settings:?}"));
    let forget = match &settings.forget {
        Forget::Digits(digits) => digits.iter().map(u8::to_string).collect(),
        Forget::Each => "each".to_owned(),
        Forget::Samples(count) => format!("{count}-samples"),
    };
    Path::new(RUNS).join(format!("compare-{forget}-{hash}"))
}

/// Hidden layers of the default network.
const DEFAULT_LAYERS: usize = 2;

/// What a parameter is set to, ascending; nothing where it is nothing but 0.
fn tried(what: &str, values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.filter(|v| *v > 0.0).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let values: Vec<String> = values.iter().map(f64::to_string).collect();
    match values.is_empty() {
        true => String::new(),
        false => format!("{what} {}", values.join(", ")),
    }
}

/// Columns of the labels beside what methods and metrics are.
const LABEL: usize = 15;

/// Lists the methods and the metrics.
pub(crate) fn methods() -> Result<()> {
    for m in METHODS {
        let settings = m.settings();
        let rates = tried("rate", settings.iter().map(|s| s.rate));
        let strengths = m.strength().map_or_else(String::new, |what| {
            tried(what, settings.iter().map(|s| s.strength))
        });
        let known = [rates, strengths]
            .into_iter()
            .filter(|part| !part.is_empty());
        let known: Vec<String> = known.collect();
        let note = match (m.retrains(), m.is_control()) {
            (true, _) => " (the measure)",
            (_, true) => " (a control)",
            _ => "",
        };
        let mut text = format!("{}{note}", m.name());
        for (label, what) in [
            ("  rule", m.rule()),
            ("  tried", &known.join("; ")),
            ("  source", m.source()),
        ] {
            if !what.is_empty() {
                text += "\n";
                text += &beside(label, LABEL, what);
            }
        }
        super::print(&text)?;
    }
    super::print("\nmetrics of `unlearn compare`")?;
    for metric in metrics::all(DEFAULT_LAYERS) {
        super::print(&beside(
            &format!("  {}", metric.name()),
            LABEL,
            metric.meaning(),
        ))?;
    }
    Ok(())
}
