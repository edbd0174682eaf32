//! `unlearn compare` and `unlearn methods`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::ProgressBar;
use unlearn::compare::{Cache, Comparison, MethodRow, Settings, Value, Watch, compare, name_of};
use unlearn::error::{Error, Result};
use unlearn::methods::METHODS;
use unlearn::metrics;
use unlearn::report::comparison::{self, ain, mean, verdict};
use unlearn::{data, device, files, tune};

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
    /// Digits to forget
    #[arg(
        long,
        value_name = "DIGITS",
        value_delimiter = ',',
        default_value = "5"
    )]
    forget: Vec<u8>,
    /// Original networks, each of which every method gets
    #[arg(long, value_name = "N", default_value_t = 8)]
    learners: usize,
    /// Networks that never see the forgotten digits, which the methods are measured by
    #[arg(long, value_name = "N", default_value_t = 16)]
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
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder; the same settings go on where they were interrupted [default:
    /// runs/compare-DIGITS-HASH]
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
    let dataset = data::load(&arguments.data, &|text| super::say!("{text}"))?;
    let device = device::open(&arguments.device)?;
    super::say!("data     {}", dataset.record.name);
    super::say!("{}", super::headline("", device.record()));
    let mut settings = arguments.settings(dataset.train.len());
    settings.check()?;
    settings.device = device.record().name.clone();
    settings.data = format!(
        "{} {}",
        dataset.record.name,
        dataset.record.folder.as_deref().unwrap_or_default()
    );
    settings.variants = tune::fastest(&*device, false, &|text| super::say!("{text}"))?;
    tune::apply(&*device, &settings.variants)?;
    let folder = arguments.folder(&settings);
    let cache = Cache::new(&folder.join("cache"))?;
    let mut live = Live {
        bar: ProgressBar::hidden(),
    };
    let comparison = compare(&settings, &dataset, &*device, &cache, &mut live)?;
    live.bar.finish_and_clear();
    let json = |path: &str, text: String| files::write(&folder.join(path), text.as_bytes());
    let failed =
        |e: serde_json::Error| Error::Data(format!("the comparison cannot be written: {e}"));
    json(
        "compare.json",
        serde_json::to_string_pretty(&comparison).map_err(failed)?,
    )?;
    let mut lines = String::new();
    for row in &comparison.methods {
        lines += &serde_json::to_string(row).map_err(failed)?;
        lines.push('\n');
    }
    json("methods.jsonl", lines)?;
    let text = words(&comparison);
    json("report.txt", text.clone())?;
    json("report.html", comparison::page(&comparison))?;
    super::print(&text)?;
    super::say!("in {}", folder.display());
    Ok(())
}

impl Arguments {
    fn settings(&self, images: usize) -> Settings {
        let mut forget = self.forget.clone();
        forget.sort_unstable();
        forget.dedup();
        let pass = u32::try_from(images.div_ceil(self.batch.max(1))).unwrap_or(u32::MAX);
        Settings {
            data: self.data.clone(),
            device: self.device.clone(),
            methods: self.methods.clone(),
            forget,
            learners: self.learners,
            retrained: self.retrained,
            hidden: self.hidden.clone(),
            epochs: self.epochs,
            lr: self.lr,
            batch: self.batch,
            budget: self.budget.unwrap_or(pass),
            seed: self.seed,
            variants: tune::Variants::new(),
        }
    }

    fn folder(&self, settings: &Settings) -> PathBuf {
        let hash = name_of(&format!("{settings:?}"));
        let digits: Vec<String> = settings.forget.iter().map(u8::to_string).collect();
        let name = format!("compare-{}-{}", digits.join(""), hash);
        self.out
            .clone()
            .unwrap_or_else(|| PathBuf::from("runs").join(name))
    }
}

/// The whole report.
fn words(c: &Comparison) -> String {
    let mut text = String::new();
    let s = &c.settings;
    let digits: Vec<String> = s.forget.iter().map(u8::to_string).collect();
    let _ = writeln!(
        text,
        "Forgetting {}: {} original networks, {} retrained ones; methods have up to {} steps.\n\
         Distances are in units of the noise floor: what groups of retrained networks differ by among\n\
         themselves (95th percentile of {} divisions). Up to 1 a method cannot be told from retraining\n\
         by that metric; * marks more than 1.\n",
        digits.join(" and "),
        s.learners,
        s.retrained,
        s.budget,
        metrics::floor::SPLITS,
    );
    let _ = writeln!(text, "{}\n", distances(c));
    let _ = writeln!(text, "{}\n", values(c));
    for row in &c.methods {
        let _ = writeln!(text, "{}", verdict(row));
    }
    text + "\nThis is no certificate. It says which methods these metrics tell from so many retrained\n\
            networks, and nothing of attacks that are not among them.\n"
}

fn table(head: Vec<String>, rows: Vec<Vec<String>>, alignment: CellAlignment) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(head);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(alignment);
    }
    table.trim_fmt()
}

fn distances(c: &Comparison) -> String {
    let mut head = vec!["units of noise".to_owned(), "score".to_owned()];
    head.extend(c.floors.iter().map(|(name, _)| name.clone()));
    let units = |v: &Value| match v.units {
        u if u.is_nan() => "–".to_owned(),
        u if u >= 9.95 => format!("{:.0}*", u.min(999.0)),
        u if u > 1.0 => format!("{u:.1}*"),
        u => format!("{u:.1}"),
    };
    let row = |r: &MethodRow| {
        let mut cells = vec![r.method.clone(), format!("{:.1}", r.score)];
        cells.extend(r.values.iter().map(units));
        cells
    };
    let mut rows: Vec<Vec<String>> = c.methods.iter().map(row).collect();
    let mut original = vec!["(originals)".to_owned(), String::new()];
    original.extend(c.originals.iter().map(units));
    rows.push(original);
    table(head, rows, CellAlignment::Right)
}

fn values(c: &Comparison) -> String {
    let mut head = vec![
        "values".to_owned(),
        "rate".to_owned(),
        "gap".to_owned(),
        "AIN".to_owned(),
        "quality".to_owned(),
    ];
    head.extend(c.floors.iter().map(|(name, _)| name.clone()));
    let row = |r: &MethodRow| {
        let rate = match (r.setting.rate > 0.0, r.setting.strength > 0.0) {
            (false, _) => String::new(),
            (true, false) => format!("{}", r.setting.rate),
            (true, true) => format!("{}, {}", r.setting.rate, r.setting.strength),
        };
        let gap = format!("{:.1}", r.average_gap);
        let quality = format!("{:.2}", r.quality);
        let mut cells = vec![r.method.clone(), rate, gap, ain(r), quality];
        cells.extend(r.values.iter().map(mean));
        cells
    };
    let mut rows: Vec<Vec<String>> = c.methods.iter().map(row).collect();
    for (name, values) in [("(retrained)", &c.retrained), ("(originals)", &c.originals)] {
        let mut cells = vec![name.to_owned()];
        cells.extend(std::iter::repeat_n(String::new(), 4));
        cells.extend(values.iter().map(mean));
        rows.push(cells);
    }
    table(head, rows, CellAlignment::Right)
}

/// Hidden layers of the default network.
const DEFAULT_LAYERS: usize = 2;

/// Lists the methods and the metrics.
pub(crate) fn methods() -> Result<()> {
    let rows = METHODS.iter().map(|m| {
        let settings = m.settings();
        let mut rates: Vec<String> = settings.iter().map(|s| s.rate.to_string()).collect();
        rates.dedup();
        let mut tried = if settings[0].rate > 0.0 {
            format!("rate {}", rates.join(", "))
        } else {
            String::new()
        };
        if let Some(strength) = m.strength() {
            let mut all: Vec<String> = settings.iter().map(|s| s.strength.to_string()).collect();
            all.sort();
            all.dedup();
            tried += &format!("; {strength} {}", all.join(", "));
        }
        vec![
            m.name().to_owned(),
            m.rule().to_owned(),
            tried,
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
