//! `unlearn compare`.

mod command;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use unlearn::compare::{
    CACHE, Comparison, Folder, Forget, MethodRow, Plan, Settings, compare, table,
};
use unlearn::data::{self, Dataset};
use unlearn::device::{self, Device};
use unlearn::engine::{Case, Part, Store, name_of};
use unlearn::error::{Error, Result};
use unlearn::files::{self, Folders};
use unlearn::progress::Progress;
use unlearn::report::comparison::{self, Made};
use unlearn::tune;

use super::plan;
use super::progress::{Counter, Tasks};
use super::sheet;
use super::signals::Signals;
use super::text::{fold, note, today};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// Classes to forget at once, by number or name, or `each` for every class in turn
    #[arg(long, value_name = "CLASSES|each", default_value = "5")]
    forget: String,
    /// Forget N randomly drawn training images instead of classes
    #[arg(long, value_name = "N", conflicts_with = "forget")]
    forget_samples: Option<usize>,
    /// Steps per method [default: one pass over the training images]
    #[arg(long, value_name = "STEPS")]
    budget: Option<u32>,
    /// Source of the images: auto, builtin, fashion-mnist, kmnist, or a folder with the four idx files
    #[arg(long, value_name = "NAME|DIR", default_value = "auto", value_parser = super::path())]
    data: PathBuf,
    /// Folder with networks of any origin, judged like those of a method: each .safetensors file is a row, one
    /// network or several, in PyTorch's names and shapes, for pixels divided by 255 (docs/data.md)
    #[arg(long, value_name = "DIR", value_parser = super::path())]
    models: Option<PathBuf>,
    /// Folder of the reports, with each picture as SVG and each table as CSV; an interrupted comparison with
    /// the same settings resumes [default: runs/compare-FORGET-HASH]
    #[arg(long, value_name = "DIR", value_parser = super::path())]
    out: Option<PathBuf>,
    /// Only plan: write the settings and what is still to be made into this folder, for `unlearn work`; the
    /// same command with --out in place of --plan judges at the end (docs/cluster.md)
    #[arg(long, value_name = "DIR", conflicts_with = "out", value_parser = super::path())]
    plan: Option<PathBuf>,
}

/// Shows the current task, and the progress of all of them or, where others share the work, its own.
pub(crate) struct Live {
    tasks: Option<Tasks>,
    counter: Counter,
    signals: Signals,
}

impl Live {
    pub(crate) fn new(signals: &OnceCell<Signals>) -> Result<Self> {
        Ok(Self {
            tasks: None,
            counter: Counter::new(),
            signals: Signals::catch(signals)?,
        })
    }

    pub(crate) fn end(&mut self) {
        self.tasks.iter().for_each(Tasks::end);
        self.counter.end();
    }
}

impl Progress for Live {
    fn begin(&mut self, what: &str, units: u64) {
        let hidden = match &self.tasks {
            Some(tasks) => {
                tasks.begin(what);
                tasks.is_hidden()
            }
            None => {
                self.counter.begin(what, units);
                self.counter.is_hidden()
            }
        };
        if hidden {
            super::say!("{what} …");
        }
    }

    fn advance(&mut self, units: u64) {
        if self.tasks.is_none() {
            self.counter.advance(units);
        }
    }

    fn whole(&mut self, done: u64, of: u64) {
        let tasks = self.tasks.get_or_insert_with(|| Tasks::new(of));
        tasks.place(done, of);
    }

    fn note(&mut self, text: &str) {
        match &self.tasks {
            Some(tasks) => tasks.note(text),
            None => self.counter.note(text),
        }
    }

    fn stopped(&self) -> bool {
        self.signals.came()
    }
}

/// Everything that comparisons are made with.
pub(crate) struct Ready {
    pub(crate) folder: Folder,
    pub(crate) all: Vec<Settings>,
    pub(crate) dataset: Dataset,
    pub(crate) device: Box<dyn Device>,
    pub(crate) store: Store,
}

/// Opens folder, data and device for the comparisons that `several` makes of the settings; `None` where
/// they were only to be planned, which is done.
pub(crate) fn ready(
    arguments: &Arguments,
    several: &dyn Fn(&Settings) -> Result<Vec<Settings>>,
) -> Result<Option<Ready>> {
    // Settings that are invalid with any data are refused before data is fetched.
    arguments.settings(1)?.check()?;
    // Held until the comparison's folder exists inside it.
    let out = arguments.out.as_deref().or(arguments.plan.as_deref());
    let _runs = match out {
        Some(_) => Folders::default(),
        None => runs()?,
    };
    let named = out.map(Folder::open).transpose();
    let named = match arguments.plan {
        None => named.map_err(super::elsewhere)?,
        Some(_) => named?,
    };
    // Before a download: that may take long.
    let (device, lasting) = device::open_lasting(&arguments.settings.device)?;
    let dataset = data::load(&arguments.data, &note)?;
    note(&format!("data     {}", dataset.record.name));
    note(&super::headline("", device.record()));
    let mut settings = arguments.settings(dataset.train.len())?;
    settings.classes = dataset.record.classes.clone();
    settings.device = device.record().name.clone();
    settings.data = dataset.record.label();
    for one in several(&settings)? {
        one.check_with(&dataset)?;
    }
    note_left_out(&settings);
    let planned = out.and_then(|out| Plan::read(out).ok());
    let planned = planned.filter(|plan| plan.is_for(&*device));
    settings.variants = match planned.as_ref().and_then(Plan::variants) {
        Some(variants) => variants,
        None => tune::fastest(&*device, tune::MANY, false, &note)?,
    };
    tune::apply(&*device, &settings.variants)?;
    let all = several(&settings)?;
    let folder = match named {
        Some(folder) => folder,
        None => Folder::open(&default_folder(&all))?,
    };
    if arguments.plan.is_some() {
        let data = (&*arguments.data, &dataset);
        let plan = Plan::new(all, data, (&lasting, &*device));
        plan::write(&plan, folder.path(), &dataset, &*device)?;
        return Ok(None);
    }
    let store = store(&folder, planned.is_some())?;
    Ok(Some(Ready {
        folder,
        all,
        dataset,
        device,
        store,
    }))
}

/// Names the methods that `all` excludes.
fn note_left_out(settings: &Settings) {
    if settings.methods.iter().any(|name| name == "all") {
        for name in settings.left_out() {
            note(&format!(
                "methods  {name} is left out: it forgets classes, not single images"
            ));
        }
    }
}

/// The cache of a comparison. Parts of a plan may still be at work in it.
fn store(folder: &Folder, planned: bool) -> Result<Store> {
    let store = Store::new(&folder.path().join(CACHE))?;
    Ok(match planned {
        true => store.shared(Part::WHOLE),
        false => store,
    })
}

/// What an interrupted comparison says.
pub(crate) fn interrupted(folder: &Folder) -> String {
    format!(
        "Interrupted. What was computed is kept in {}: the same command goes on from there",
        folder.path().display()
    )
}

/// Compares methods.
pub(crate) fn run(arguments: &Arguments, signals: &OnceCell<Signals>) -> Result<()> {
    let Some(ready) = ready(arguments, &|settings| Ok(vec![settings.clone()]))? else {
        return Ok(());
    };
    let Ready {
        folder,
        dataset,
        device,
        store,
        ..
    } = &ready;
    let mut live = Live::new(signals)?;
    let settings = &ready.all[0];
    let export = settings.export.then(|| folder.path());
    let compared = compare(settings, dataset, &**device, store, export, &mut live);
    live.end();
    if let Err(Error::Interrupted) = compared {
        note(&interrupted(folder));
    }
    let comparison = compared?;
    let made = Made {
        day: today(),
        command: arguments.command(dataset),
    };
    let written = write(&comparison, &made, folder);
    // Where they could not be written, this is what there is.
    let printed = super::print(&sheet::brief(&comparison::sheet(&comparison, &made)));
    if written.is_ok() {
        let place = format!(
            "\nEvery metric is in {0}/report.txt; open {0}/report.html. pictures/ and tables/ have all of it as SVG \
             and CSV",
            folder.path().display()
        );
        super::say!("{}", fold(&place, 0));
    }
    written.and(printed)
}

/// The parent of default folders, tried before the folder's name is known.
fn runs() -> Result<Folders> {
    let runs = Path::new(RUNS);
    let made = Folders::make(runs).and_then(|made| files::probe_folder(runs).map(|()| made));
    made.map_err(super::elsewhere)
}

const RUNS: &str = "runs";

/// One line of `methods.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    case: &'a Case,
    #[serde(flatten)]
    row: &'a MethodRow,
}

/// Writes everything into the folder.
fn write(comparison: &Comparison, made: &Made, folder: &Folder) -> Result<()> {
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
    let text = sheet::full(&comparison::sheet(comparison, made));
    let page = comparison::page(comparison, made);
    let mut others = comparison::files(comparison, made);
    for page in comparison::pages(comparison) {
        let numbers = serde_json::to_string(&page.inside).map_err(failed)?;
        others.extend(page.names.into_iter().zip([page.html, numbers]));
    }
    let reports = [json, lines, table(comparison), text, page];
    folder.write(&reports, &comparison::FOLDERS, &others)
}

impl Arguments {
    /// A flag whose results a sweep's table has no place for.
    pub(crate) fn beyond_a_sweep(&self) -> Option<&'static str> {
        let given = [
            (self.models.is_some(), "--models"),
            (self.settings.export, "--export"),
            (self.settings.budgets != [1.0], "--budgets"),
        ];
        given
            .into_iter()
            .find_map(|(given, flag)| given.then_some(flag))
    }

    /// The settings, given the number of training images.
    fn settings(&self, images: usize) -> Result<Settings> {
        let mut settings = self.settings.clone();
        settings.read_methods()?;
        settings.forget = match self.forget_samples {
            Some(count) => Forget::Samples(count),
            None => Forget::parse(&self.forget, &data::classes(&self.data)?)?,
        };
        settings.models.clone_from(&self.models);
        let mut methods: Vec<String> = Vec::new();
        for name in settings.methods {
            if !methods.contains(&name) {
                methods.push(name);
            }
        }
        settings.methods = methods;
        settings.seeds.sort_unstable();
        settings.seeds.dedup();
        let pass = images.div_ceil(settings.batch.max(1));
        let pass = u32::try_from(pass).unwrap_or(u32::MAX);
        settings.budget = self.budget.unwrap_or(pass);
        Ok(settings)
    }
}

/// The folder of comparisons without `--out`: the same settings have the same.
fn default_folder(all: &[Settings]) -> PathBuf {
    let [one] = all else {
        return Path::new(RUNS).join(format!("sweep-{}", name_of(&format!("{all:?}"))));
    };
    let forget = match &one.forget {
        Forget::Digits(digits) => digits.iter().map(u8::to_string).collect(),
        Forget::Each => "each".to_owned(),
        Forget::Samples(count) => format!("{count}-samples"),
    };
    let hash = name_of(&format!("{one:?}"));
    Path::new(RUNS).join(format!("compare-{forget}-{hash}"))
}
