//! The folder of a run: settings first, metrics as they come, checkpoints after each phase,
//! summary and report at the end, and until then the state from which it can go on. Whatever stops a
//! run, what was computed before stays.

mod learned;
mod past;
mod remove;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::checkpoint;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::{self, Folders, Lock, Log};
use crate::inside::{self, Inside, Networks};
use crate::model::Model;
use crate::record::{Arm, Figures, Outcome, Phase, Point, Spread};
use crate::run::State;
use crate::run_record::RunRecord;

pub use learned::learned;
use past::weights;
pub use past::{
    Standing, has_inside, is_missing, is_resumable, list, read, read_config, read_so_far, standing,
};
pub use remove::{files_of, refuse_busy, remove};

/// A folder that is taken for a run and has nothing in it yet. Dropped like this, it is gone again.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    made: Folders,
}

impl Claim {
    /// Takes this path, at which nothing is, or an empty folder.
    ///
    /// # Errors
    /// `Usage` where something is there; `File` where the folder cannot be made.
    pub fn new(path: &Path) -> Result<Self> {
        let made = match Folders::make_new(path)? {
            Some(made) => made,
            None if files::is_empty(path) => Folders::default(),
            None => return Err(files::refuse(path, "is not empty")),
        };
        let claim = Self::of(files::plain_path(path), made)?;
        claim.ok_or_else(|| files::refuse(path, "has just been taken by another run"))
    }

    /// Takes the first of NAME, NAME-2, NAME-3 … in a folder at which nothing is.
    ///
    /// # Errors
    /// `File` where the folder cannot be made.
    pub fn numbered(parent: &Path, name: &str) -> Result<Self> {
        let mut number = 1;
        loop {
            let path = parent.join(match number {
                1 => name.to_owned(),
                _ => format!("{name}-{number}"),
            });
            // Making it is the only test that no other run can come between.
            let made = Folders::make_new(&path)?;
            if let Some(claim) = made.map(|made| Self::of(path, made)).transpose()?.flatten() {
                return Ok(claim);
            }
            number += 1;
        }
    }

    /// None where another run was faster in an empty folder.
    fn of(path: PathBuf, mut made: Folders) -> Result<Option<Self>> {
        let own = made.add(&path.join(CHECKPOINTS))?;
        Ok(own.then_some(Self { path, made }))
    }

    /// The folder that it is in.
    pub fn parent(&self) -> &Path {
        files::folder(&self.path)
    }

    /// Writes `config.toml`: from now on it is the folder of a run.
    ///
    /// # Errors
    /// `File` where it cannot be written.
    pub fn open(self, config: &Config) -> Result<RunFolder> {
        let Self { path, made } = self;
        let text = toml::to_string(config)
            .map_err(|e| Error::file("write", &path)(std::io::Error::other(e)))?;
        let folder = RunFolder {
            metrics: Log::create(path.join(METRICS))?,
            variants: variants(config),
            lock: lock(&path)?,
            path,
            made,
        };
        match files::write(&folder.path.join(CONFIG), text.as_bytes()) {
            Ok(()) => Ok(folder),
            Err(e) => {
                folder.discard();
                Err(e)
            }
        }
    }
}

/// The settings of a run in its folder.
pub const CONFIG: &str = "config.toml";
const CHECKPOINTS: &str = "checkpoints";
const METRICS: &str = "metrics.jsonl";
const STATE: &str = "state.safetensors";
const SUMMARY: &str = "summary.json";

/// The reports of a run.
pub const REPORTS: [&str; 3] = ["report.html", "curves.svg", "curves.png"];
const INSIDE: &str = "inside.json";
const LOCK: &str = "lock";

/// The file with an arm's networks at the end of a phase, in a run's folder.
pub fn checkpoint_of(folder: &Path, phase: Phase, arm: Arm) -> PathBuf {
    let file = format!("{}-{}.safetensors", phase.name(), arm.name());
    folder.join(CHECKPOINTS).join(file)
}

/// Keeps others out of a run's folder.
fn lock(path: &Path) -> Result<Lock> {
    Lock::take(path.join(LOCK))?.ok_or_else(|| in_use(path))
}

/// Refuses a folder in which another process is at work.
pub fn in_use(path: &Path) -> Error {
    Error::Usage(format!(
        "another process is at work in {}: wait until it has ended",
        path.display()
    ))
}

/// What checkpoints say of the kernels' variants.
fn variants(config: &Config) -> String {
    let named = config.variants.iter();
    let variants: Vec<String> = named.map(|(k, v)| format!("{k}={v}")).collect();
    match variants.is_empty() {
        true => String::new(),
        false => format!("; variants: {}", variants.join(", ")),
    }
}

/// An open run folder.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    metrics: Log,
    /// What checkpoints say of the kernels' variants.
    variants: String,
    lock: Lock,
    made: Folders,
}

impl RunFolder {
    /// Opens the folder of a run that was interrupted: with its state, and the points that it knew then.
    /// Later ones are replaced as they come again.
    ///
    /// # Errors
    /// `Usage` where another process is at work in it; `Data` where something in it is damaged; `File`
    /// where it cannot be read or written.
    pub fn resume(path: &Path, config: &Config) -> Result<(Self, State, Vec<Point>)> {
        let lock = lock(path)?;
        let file = path.join(STATE);
        let bytes = std::fs::read(&file).map_err(Error::file("read", &file))?;
        let state =
            State::of_bytes(&bytes).map_err(|e| Error::Data(format!("{}: {e}", file.display())))?;
        let metrics = path.join(METRICS);
        let (log, lines) = Log::resume(metrics.clone(), state.points())?;
        let points = past::points(&metrics, &lines)?;
        if points.len() != state.points() {
            return Err(Error::Data(format!(
                "{} has lost points that the run knew: it cannot go on",
                metrics.display()
            )));
        }
        // Where it was empty, it went with the run before.
        let made = Folders::make(&path.join(CHECKPOINTS))?;
        for folder in [path, &path.join(CHECKPOINTS)] {
            files::remove_drafts(folder);
        }
        let folder = Self {
            made,
            path: files::plain_path(path),
            metrics: log,
            variants: variants(config),
            lock,
        };
        Ok((folder, state, points))
    }

    /// Keeps the state from which the run could go on, in place of the one before.
    ///
    /// # Errors
    /// `File` where the disk is full; the state before is still there then.
    pub fn keep(&self, state: &State) -> Result<()> {
        // It counts on the points before it.
        self.metrics.sync()?;
        files::replace(&self.path.join(STATE), &state.to_bytes()?)
    }

    /// Removes the state: the run has ended.
    pub fn forget_state(&self) {
        let _ = std::fs::remove_file(self.path.join(STATE));
    }

    /// Removes all that it wrote: nothing was computed.
    pub fn discard(self) {
        drop(self.metrics);
        drop(self.lock);
        for path in remove::written(&self.path) {
            let _ = std::fs::remove_file(path);
        }
        drop(self.made);
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends points to `metrics.jsonl`, a line each.
    ///
    /// # Errors
    /// `File` where the disk is full.
    pub fn add_points(&mut self, points: &[Point]) -> Result<()> {
        let mut text = String::new();
        for point in points {
            let line = serde_json::to_string(point).map_err(std::io::Error::other);
            text += &line.map_err(Error::file("encode", &self.path.join(METRICS)))?;
            text.push('\n');
        }
        self.metrics.add(&text)
    }

    /// Writes the checkpoints of a phase's arms.
    ///
    /// # Errors
    /// `File` where the disk is full.
    pub fn add_weights(
        &self,
        model: &Model,
        outcomes: &[Outcome],
        weights: &[Vec<f32>],
    ) -> Result<()> {
        for (outcome, weights) in outcomes.iter().zip(weights) {
            let (phase, arm) = (outcome.phase.name(), outcome.arm.name());
            let variants = &self.variants;
            let note = format!("{arm} arm at the end of the {phase} phase{variants}");
            let file = checkpoint_of(&self.path, outcome.phase, outcome.arm);
            checkpoint::save(&file, model, weights, &note)?;
        }
        Ok(())
    }

    /// The first networks that the phases left, from their checkpoints; `matched` if all arms started
    /// from the same weights. Retrained networks are those that took as many steps as the unlearned ones.
    ///
    /// # Errors
    /// `File` or `Data` if a checkpoint is missing or damaged.
    pub fn networks(&self, matched: bool) -> Result<Networks> {
        let of = |phase, arm| weights(&self.path, phase, arm, inside::MOST);
        Ok(Networks {
            original: of(Phase::Learn, Arm::Original)?,
            unlearned: of(Phase::Unlearn, Arm::Unlearned)?,
            relearned: of(Phase::Relearn, Arm::Relearned)?,
            retrained: of(Phase::Unlearn, Arm::Retrained)?,
            retrained_then_taught: of(Phase::Relearn, Arm::Retrained)?,
            matched,
        })
    }

    /// Writes `inside.json`.
    ///
    /// # Errors
    /// `File` where the disk is full.
    pub fn add_inside(&self, inside: &Inside) -> Result<()> {
        let path = self.path.join(INSIDE);
        let text = serde_json::to_vec(inside);
        files::write(
            &path,
            &text.map_err(|e| Error::file("encode", &path)(e.into()))?,
        )
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// `File` where the disk is full.
    pub fn finish(&self, record: &RunRecord) -> Result<()> {
        let text = serde_json::to_vec_pretty(&summary(record));
        let path = self.path.join(SUMMARY);
        let text = text.map_err(|e| Error::file("encode", &path)(e.into()))?;
        files::write(&path, &text)
    }
}

/// The content of `summary.json`.
fn summary(record: &RunRecord) -> serde_json::Value {
    let results: Vec<_> = record.outcomes.iter().flat_map(results).collect();
    let mut summary = json!({
        "version": record.version,
        "started": record.started,
        "device": record.device,
        "data": record.data,
        "config": record.config,
        "seconds": record.seconds,
        "verdict": record.verdict,
        "results": results,
        "scores": record.outcomes.iter().map(scores).collect::<Vec<_>>(),
    });
    let optional = [
        ("learning", &record.learning),
        ("reused", &record.reused),
        ("incomplete", &record.incomplete),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            summary[name] = json!(text);
        }
    }
    summary
}

/// What an outcome's figures follow from.
fn scores(outcome: &Outcome) -> serde_json::Value {
    let mut scores =
        json!({ "phase": outcome.phase, "arm": outcome.arm, "learners": outcome.scores });
    if let Some(hash) = &outcome.sha256 {
        scores["sha256"] = json!(hash);
    }
    scores
}

/// An outcome's figures, flat.
fn results(outcome: &Outcome) -> Vec<serde_json::Value> {
    let result = |(metric, spread): (&str, &Spread)| {
        json!({
            "phase": outcome.phase, "arm": outcome.arm, "metric": metric,
            "mean": spread.mean, "std": spread.std, "learners": spread.learners,
        })
    };
    named(&outcome.figures).into_iter().map(result).collect()
}

/// The figures by the names that files use.
fn named(figures: &Figures) -> [(&'static str, &Spread); 4] {
    [
        ("test_accuracy", &figures.test_accuracy),
        ("forget_accuracy", &figures.forget_accuracy),
        ("retain_accuracy", &figures.retain_accuracy),
        ("forget_confidence", &figures.forget_confidence),
    ]
}
