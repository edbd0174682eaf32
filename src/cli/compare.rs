//! `unlearn compare` and `unlearn methods`.

mod words;

use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::CellAlignment;
use indicatif::ProgressBar;
use serde::Serialize;
use unlearn::compare::{
    Cache, Case, Comparison, Forget, MethodRow, Settings, Watch, compare, name_of,
};
use unlearn::error::{Error, Result};
use unlearn::methods::METHODS;
use unlearn::metrics;
use unlearn::report::comparison;
use unlearn::{data, device, files, tune};
use words::table;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Methods to compare, or all (see `unlearn methods`)
    #[arg(
        long,
        value_name = "all|NAMES",
        value_delimiter = ',',
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
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    epochs: f64,
    /// Learning rate of their training, and of relearning
    #[arg(long, value_name = "RATE", default_value_t = 0.1)]
    lr: f64,
    /// Samples per step
    #[arg(long, value_name = "N", default_value_t = 64)]
    batch: usize,
    /// Widths of the hidden layers
    #[arg(
        long,
        value_name = "WIDTHS",
        value_delimiter = ',',
        default_value = "128,64"
    )]
    hidden: Vec<usize>,
    /// Where the images come from: auto, builtin, or a folder with the four idx files
    #[arg(long, value_name = "auto|builtin|DIR", default_value = "auto")]
    data: String,
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
        default_value = "1"
    )]
    seeds: Vec<u64>,
    /// The folder; the same settings go on where they were interrupted [default:
    /// runs/compare-FORGET-HASH]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Shows what is being done, and how far it is.
struct Live {
    bar: ProgressBar,
}

impl Watch for Live {
    fn begin(&mut self, what: &str, units: u64) {
        self.bar.finish_and_clear();
        self.bar = super::counting_bar(units, what);
        if self.bar.is_hidden() {
            super::say!("{what} …");
        }
    }

    fn advance(&mut self, units: u64) {
        self.bar.inc(units);
    }
}

/// Compares methods.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // What makes no sense with any data is said before data are fetched.
    arguments.settings(1).check()?;
    let dataset = data::load(&arguments.data, &|text| super::say!("{text}"))?;
    let device = device::open(&arguments.device)?;
    super::say!("data     {}", dataset.record.name);
    super::say!("{}", super::headline("", device.record()));
    let mut settings = arguments.settings(dataset.train.len());
    settings.check_with(&dataset)?;
    if settings.methods.iter().any(|name| name == "all") {
        for name in settings.left_out() {
            super::say!("methods  {name} is left out: it forgets digits, not single images");
        }
    }
    settings.device = device.record().name.clone();
    settings.data = match &dataset.record.folder {
        Some(folder) => format!("{} {folder}", dataset.record.name),
        None => dataset.record.name.clone(),
    };
    settings.variants = tune::fastest(&*device, false, &|text| super::say!("{text}"))?;
    tune::apply(&*device, &settings.variants)?;
    let folder = arguments.folder(&settings);
    let cache = Cache::new(&folder.join("cache"))?;
    // An older report must not pass for that of an interrupted comparison.
    for name in REPORTS {
        files::remove(&folder.join(name))?;
    }
    let mut live = Live {
        bar: ProgressBar::hidden(),
    };
    let comparison = compare(&settings, &dataset, &*device, &cache, &mut live)?;
    live.bar.finish_and_clear();
    write(&comparison, &folder)?;
    super::print(&words::brief(&comparison))?;
    super::say!(
        "every metric is in {0}/report.txt; open {0}/report.html",
        folder.display()
    );
    Ok(())
}

/// What a comparison leaves beside its cache.
const REPORTS: [&str; 4] = ["compare.json", "methods.jsonl", "report.txt", "report.html"];

/// A line of `methods.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    case: &'a Case,
    #[serde(flatten)]
    row: &'a MethodRow,
}

/// Writes everything into the folder.
fn write(comparison: &Comparison, folder: &Path) -> Result<()> {
    let file = |path: &str, text: &str| files::write(&folder.join(path), text.as_bytes());
    let failed =
        |e: serde_json::Error| Error::Data(format!("the comparison cannot be written: {e}"));
    let json = serde_json::to_string_pretty(comparison).map_err(failed)?;
    file("compare.json", &json)?;
    let mut lines = String::new();
    for judged in &comparison.cases {
        for row in &judged.methods {
            let case = &judged.case;
            lines += &serde_json::to_string(&Line { case, row }).map_err(failed)?;
            lines.push('\n');
        }
    }
    file("methods.jsonl", &lines)?;
    file("report.txt", &words::words(comparison))?;
    file("report.html", &comparison::page(comparison)?)
}

/// What `--forget` takes.
fn forget(text: &str) -> std::result::Result<Forget, String> {
    if text == "each" {
        return Ok(Forget::Each);
    }
    let digits: std::result::Result<Vec<u8>, _> =
        text.split(',').map(|d| d.trim().parse()).collect();
    let mut digits =
        digits.map_err(|_| "name digits from 0 to 9, such as 5 or 3,5, or say each".to_owned())?;
    digits.sort_unstable();
    digits.dedup();
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
            data: self.data.clone(),
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

    fn folder(&self, settings: &Settings) -> PathBuf {
        let hash = name_of(&format!("{settings:?}"));
        let forget = match &settings.forget {
            Forget::Digits(digits) => digits.iter().map(u8::to_string).collect(),
            Forget::Each => "each".to_owned(),
            Forget::Samples(count) => format!("{count}-samples"),
        };
        let name = format!("compare-{forget}-{hash}");
        self.out
            .clone()
            .unwrap_or_else(|| PathBuf::from("runs").join(name))
    }
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

/// Lists the methods and the metrics.
pub(crate) fn methods() -> Result<()> {
    let rows = METHODS.iter().map(|m| {
        let settings = m.settings();
        let rates = tried("rate", settings.iter().map(|s| s.rate));
        let strengths = m.strength().map_or_else(String::new, |what| {
            tried(what, settings.iter().map(|s| s.strength))
        });
        let parts = [rates, strengths];
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let note = match (m.retrains(), m.is_control()) {
            (true, _) => " (the measure)",
            (_, true) => " (a control)",
            _ => "",
        };
        vec![
            format!("{}{note}", m.name()),
            m.rule().to_owned(),
            known.join("; "),
            m.source().to_owned(),
        ]
    });
    let head = ["method", "rule", "settings tried", "source"];
    let head = head.map(str::to_owned).to_vec();
    super::print(&table(head, rows.collect(), CellAlignment::Left))?;
    super::print("\nmetrics of `unlearn compare`")?;
    for metric in metrics::all(DEFAULT_LAYERS) {
        super::print(&format!("  {:14}{}", metric.name(), metric.meaning()))?;
    }
    Ok(())
}
