//! `unlearn run`.

mod arguments;
mod learned;
mod name;
mod speed;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Instant, SystemTime};

use unlearn::config::Config;
use unlearn::data::Dataset;
use unlearn::engine::Store;
use unlearn::error::{Error, Result};
use unlearn::inside::Inside;
use unlearn::model::Model;
use unlearn::progress::Progress;
use unlearn::record::{DataRecord, DeviceKind, DeviceRecord, Outcome, Phase, Point};
use unlearn::run::{Observer, Run, State, Underway};
use unlearn::run_folder::{self, RunFolder, Standing};
use unlearn::run_record::RunRecord;
use unlearn::verdict::verdict;
use unlearn::{data, device, report, tune};

pub(crate) use arguments::Arguments;

use super::progress::RunProgress;
use super::sheet;
use super::signals::Signals;
use super::text::{self, fold};

/// Starts or resumes a run.
pub(crate) fn run(arguments: &Arguments, signals: &OnceCell<Signals>) -> Result<()> {
    match &arguments.resume {
        Some(folder) => resume(folder, signals),
        None => begin(arguments, signals),
    }
}

fn begin(arguments: &Arguments, signals: &OnceCell<Signals>) -> Result<()> {
    if arguments.unprotected {
        return Err(Error::Usage(
            "--unprotected is a method now: --method uniform-alone. What it did was `--method \
             uniform-alone --unlearn-lr 0.01 --unlearn-epochs 0.09`: a tenth of --lr, for a pass over \
             the forgotten digits' images"
                .to_owned(),
        ));
    }
    let mut config = arguments.config()?;
    let auto = config.device.trim().eq_ignore_ascii_case("auto");
    let own = arguments.networks(&mut config)?;
    config.check()?;
    let started = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let claim = arguments.claim(&config, &started)?;
    let progress = RunProgress::new();
    // Before a download: that may take long.
    let (device, lasting) = device::open_lasting(&config.device)?;
    // Not from the settings, which are text: a folder name may not be valid UTF-8.
    let source = arguments.data.as_deref();
    let source = source.unwrap_or(Path::new(&config.data));
    let dataset = data::load(source, &|text| progress.note(text))?;
    announce(&progress, &dataset, device.record());
    resolve(&mut config, &dataset, lasting);
    if config.variants.is_empty() || arguments.retune {
        let learners = u32::try_from(config.networks()).unwrap_or(u32::MAX);
        let samples = config.samples(dataset.train.len());
        let note = &|text: &str| progress.note(text);
        config.variants = match arguments.retune {
            true => tune::fastest(&*device, learners, true, note)?,
            false => tune::worthwhile(&*device, learners, samples, note)?,
        };
    }
    tune::apply(&*device, &config.variants)?;
    let store = Store::nowhere();
    let run = Run::new(&config, &dataset, &*device, &store)?;
    if auto && device.record().kind == DeviceKind::Software {
        speed::note_cpu(&progress, &config, &dataset, &*device);
    }
    let earlier = (!arguments.fresh).then(|| claim.parent());
    let (underway, learned) = learned::start(&run, own, earlier, &progress)?;
    let mut live = Live::new(claim.open(&config)?, progress, &run, signals)?;
    if let Err(e) = learned.map_or(Ok(()), |learned| live.take(learned)) {
        live.folder.discard();
        return Err(e);
    }
    finish(&config, &dataset, &run, underway, live)
}

/// Whether a run can go on; false if it came to its end.
fn is_unfinished(path: &Path, anew: &str) -> Result<bool> {
    let path_text = path.display();
    match run_folder::standing(path, run_folder::read(path).ok().as_ref()) {
        Standing::Interrupted(..) => Ok(true),
        Standing::Finished => Ok(false),
        Standing::Running => Err(run_folder::in_use(path)),
        Standing::Broken => Err(Error::Usage(format!(
            "{path_text} holds nothing to go on from: the run failed, or was interrupted before its \
             first step. {anew}"
        ))),
    }
}

/// Resumes the run in a folder from its last saved state.
fn resume(path: &Path, signals: &OnceCell<Signals>) -> Result<()> {
    let config = run_folder::read_config(path)?;
    config.check()?;
    let anew = format!(
        "Run it anew with `unlearn run --config {}/config.toml`",
        path.display()
    );
    if !is_unfinished(path, &anew)? {
        let ended = format!("{} holds a run that came to its end", path.display());
        text::note(&ended);
        return Ok(());
    }
    let progress = RunProgress::new();
    let device = device::open(&config.device)?;
    let dataset = data::load(Path::new(&config.data), &|text| progress.note(text))?;
    announce(&progress, &dataset, device.record());
    tune::apply(&*device, &config.variants)?;
    let store = Store::nowhere();
    let run = Run::new(&config, &dataset, &*device, &store)?;
    let (folder, state, points) = RunFolder::resume(path, &config).map_err(|e| match e {
        Error::Data(why) => Error::Data(format!("{why}. {anew}")),
        other => other,
    })?;
    let place = (state.phase(), state.step());
    let outcomes = state.outcomes().to_vec();
    let underway = run.start(Some(state)).map_err(|e| match e {
        Error::Usage(why) => Error::Usage(format!("{}: {why}. {anew}", path.display())),
        Error::Data(why) => Error::Data(format!("{}: {why}. {anew}", path.display())),
        other => other,
    })?;
    let (phase, step) = place;
    progress.note(&format!(
        "resume   goes on in the {} phase after step {step}",
        phase.name()
    ));
    let live = Live {
        points,
        outcomes,
        place,
        fresh: false,
        ..Live::new(folder, progress, &run, signals)?
    };
    finish(&config, &dataset, &run, underway, live)
}

/// Runs to the end, and reports the results, however it ended.
fn finish(
    config: &Config,
    dataset: &Dataset,
    run: &Run<'_>,
    underway: Underway<'_>,
    mut live: Live,
) -> Result<()> {
    let started = underway.started().to_owned();
    let reused = underway.reused().map(str::to_owned);
    let (began_on, began_with) = (underway.device().clone(), underway.data().clone());
    let seconds = run.run(underway, &mut live);
    let mut spent = seconds.as_ref().cloned().unwrap_or_default();
    let (ended, inside) = match &seconds {
        Ok(_) => looked(config, run, &mut live, &mut spent),
        Err(_) => (Ok(()), None),
    };
    let phases = seconds.is_ok();
    let ended = seconds.and(ended);
    live.progress.end();
    if live.points.is_empty() && live.fresh {
        live.folder.discard();
        return ended;
    }
    let data = match dataset.folder() {
        // Reports are shared: they name the data, not its folder.
        Some(_) => began_with.label(),
        None => config.data.clone(),
    };
    let failure = ended.as_ref().err();
    let incomplete = failure.map(|e| why_incomplete(e, live.place, phases));
    let record = RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        device: began_on,
        seconds: spent,
        verdict: verdict(config, &began_with.classes, &live.outcomes),
        data: began_with,
        learning: run.learning(),
        reused,
        inside,
        incomplete,
        points: live.points,
        outcomes: live.outcomes,
        config: Config {
            data,
            ..config.reported()
        },
    };
    // Results before a failure are reported too, as far as possible. The first failure is the one
    // to report.
    let summary = live.folder.finish(&record);
    let reports = report::write(&record, live.folder.path());
    let done = ended.and(summary).and(reports);
    if matches!(done, Ok(()) | Err(Error::Diverged { .. })) {
        live.folder.forget_state();
    }
    let shown = show(&record, live.folder.path(), done.as_ref().err());
    done.and(shown)
}

/// Why a run did not come to its end, given the last place it kept, and whether all phases ended.
fn why_incomplete(error: &Error, (phase, step): (Phase, u32), phases: bool) -> String {
    match error {
        Error::Interrupted if phases => {
            "Interrupted after all phases, while looking inside the networks".to_owned()
        }
        Error::Interrupted => format!(
            "Interrupted in the {} phase after step {step}",
            phase.name()
        ),
        other => format!("Failed: {other}"),
    }
}

/// Looks inside the networks of a run whose phases have ended, and adds the seconds it took. The run is
/// worth as much without it, so failures are only noted; an interruption is one.
fn looked(
    config: &Config,
    run: &Run<'_>,
    live: &mut Live,
    seconds: &mut BTreeMap<String, f64>,
) -> (Result<()>, Option<Inside>) {
    let started = Instant::now();
    let found = inside(config, run, live);
    let spent = started.elapsed().as_secs_f64();
    seconds.insert("inside".to_owned(), spent);
    *seconds.entry("total".to_owned()).or_default() += spent;
    match found {
        Ok(inside) => (Ok(()), inside),
        Err(Error::Interrupted) => (Err(Error::Interrupted), None),
        Err(e) => {
            let lacks = "the report lacks the part on what changed inside";
            live.progress.note(&format!("{e}: {lacks}"));
            (Ok(()), None)
        }
    }
}

fn inside(config: &Config, run: &Run<'_>, live: &mut Live) -> Result<Option<Inside>> {
    let networks = live.folder.networks(config.from.is_none())?;
    let inside = run.look(&networks, live)?;
    if let Some(inside) = &inside {
        live.folder.add_inside(inside)?;
    }
    Ok(inside)
}

/// Replaces `auto` by its choice, so that the run can be repeated.
fn resolve(config: &mut Config, data: &Dataset, device: String) {
    config.data = data.source.to_string_lossy().into_owned();
    config.device = device;
    config.unlearn_lr = Some(config.unlearn_rate());
    if config.method().is_some_and(|m| m.strength().is_some()) {
        config.strength = Some(config.setting().strength);
    }
}

fn announce(progress: &RunProgress, data: &Dataset, device: &DeviceRecord) {
    let reason = &device.reason;
    progress.note(&format!("device   {} - {reason}", device.words()));
    let folder = data.folder();
    let place = folder.map_or(String::new(), |folder| format!(" in {}", folder.display()));
    let DataRecord {
        name, train, test, ..
    } = &data.record;
    progress.note(&format!(
        "data     {name}{place}: {train} training and {test} test images"
    ));
    if folder.is_some_and(|folder| folder.to_str().is_none()) {
        progress.note(
            "The name of the data folder is not UTF-8, so config.toml cannot hold it: to repeat \
             this run, give --data beside --config",
        );
    }
}

fn show(record: &RunRecord, folder: &Path, failure: Option<&Error>) -> Result<()> {
    let found = sheet::brief(&report::html::sheet(record));
    let resumable = failure.is_some() && run_folder::is_resumable(folder);
    let folder = folder.display();
    let place = match failure {
        None => format!("Everything is in {folder}; open {folder}/report.html"),
        Some(_) if resumable => {
            format!("Continue with `unlearn run --resume {folder}`")
        }
        Some(_) => format!("Partial results are in {folder}, as far as they could be written"),
    };
    super::print(&format!("\n{found}\n\n{}\n", fold(&place, 0)))
}

/// Saves and shows what happens.
struct Live {
    model: Model,
    folder: RunFolder,
    progress: RunProgress,
    points: Vec<Point>,
    outcomes: Vec<Outcome>,
    /// The point from which the run could resume.
    place: (Phase, u32),
    signals: Signals,
    /// Whether a state could not be kept.
    lost: bool,
    /// Whether this process began it.
    fresh: bool,
}

impl Live {
    /// For a run that begins.
    fn new(
        folder: RunFolder,
        mut progress: RunProgress,
        run: &Run<'_>,
        signals: &OnceCell<Signals>,
    ) -> Result<Self> {
        progress.plan(run.work());
        Ok(Self {
            model: run.model().clone(),
            folder,
            progress,
            points: Vec::new(),
            outcomes: Vec::new(),
            place: (Phase::Learn, 0),
            signals: Signals::catch(signals)?,
            lost: false,
            fresh: true,
        })
    }
}

impl Progress for Live {
    /// What is not a phase is looking inside.
    fn begin(&mut self, _: &str, _: u64) {
        self.progress.look();
    }

    fn advance(&mut self, steps: u64) {
        self.progress.advance(steps);
    }

    fn stopped(&self) -> bool {
        self.signals.came()
    }
}

impl Observer for Live {
    fn phase(&mut self, phase: Phase, _: u32, done: u32) {
        self.progress.phase(phase, done);
    }

    fn evaluated(&mut self, points: &[Point]) -> Result<()> {
        self.progress.evaluated(points);
        self.folder.add_points(points)?;
        self.points.extend_from_slice(points);
        Ok(())
    }

    fn end(&mut self, outcomes: &[Outcome], weights: &[Vec<f32>]) -> Result<()> {
        self.outcomes.extend_from_slice(outcomes);
        self.folder.add_weights(&self.model, outcomes, weights)
    }

    /// A run that cannot keep its state, on a full disk say, goes on: it still may end.
    fn keep(&mut self, state: &State) -> Result<()> {
        match self.folder.keep(state) {
            Ok(()) => self.place = (state.phase(), state.step()),
            Err(e) if self.lost => drop(e),
            Err(e) => {
                self.lost = true;
                let say = "If this run is interrupted, it cannot resume from here";
                self.progress.note(&format!("{e}. {say}"));
            }
        }
        Ok(())
    }
}
