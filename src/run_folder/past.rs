//! Reading the folders of runs.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{CONFIG, INSIDE, LOCK, METRICS, STATE, SUMMARY, checkpoint_of};
use crate::checkpoint;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::Lock;
use crate::inside::Inside;
use crate::record::{Arm, DataRecord, DeviceRecord, Figures, Outcome, Phase, Point, Score};
use crate::run::State;
use crate::run_record::RunRecord;
use crate::verdict::verdict;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It came to its end.
    Finished,
    /// A process is at work on it.
    Running,
    /// It was interrupted, and can go on from this step of this phase.
    Interrupted(Phase, u32),
    /// It failed, or was interrupted before anything was kept.
    Broken,
}

/// How far the run in a folder has come, given its record if there is one.
pub fn standing(folder: &Path, record: Option<&RunRecord>) -> Standing {
    if Lock::is_taken(&folder.join(LOCK)) {
        return Standing::Running;
    }
    match State::place(&folder.join(STATE)) {
        Some((phase, step)) => Standing::Interrupted(phase, step),
        None => match record {
            Some(record) if record.incomplete.is_none() => Standing::Finished,
            _ => Standing::Broken,
        },
    }
}

/// Whether there is a state to go on from.
pub fn is_resumable(folder: &Path) -> bool {
    State::place(&folder.join(STATE)).is_some()
}

/// The run folders in a folder, by name.
///
/// # Errors
/// `File` where it cannot be read.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::file("read", folder))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut runs: Vec<PathBuf> = paths.filter(|path| path.join(CONFIG).is_file()).collect();
    runs.sort();
    Ok(runs)
}

/// The settings of a run: its `config.toml`, or a file like it.
///
/// # Errors
/// `File` where it cannot be read; `Data` where it holds something else.
pub fn read_config(folder: &Path) -> Result<Config> {
    let path = folder.join(CONFIG);
    toml::from_str(&text(&path)?).map_err(|e| damaged(&path, &e))
}

/// The whole record of a run that ended, or was interrupted and reported on.
///
/// # Errors
/// `File` where something cannot be read; `Data` where it holds something else.
pub fn read(folder: &Path) -> Result<RunRecord> {
    let path = folder.join(SUMMARY);
    let summary: Summary = serde_json::from_str(&text(&path)?).map_err(|e| damaged(&path, &e))?;
    let metrics = folder.join(METRICS);
    let outcome = |scored: Scored| Outcome {
        phase: scored.phase,
        arm: scored.arm,
        figures: Figures::of(&scored.learners, &summary.config.forget),
        scores: scored.learners,
        sha256: scored.sha256,
    };
    let outcomes: Vec<Outcome> = summary.scores.into_iter().map(outcome).collect();
    Ok(RunRecord {
        verdict: verdict(&summary.config, &summary.data.classes, &outcomes),
        version: summary.version,
        started: summary.started,
        device: summary.device,
        data: summary.data,
        seconds: summary.seconds,
        points: points(&metrics, &text(&metrics)?)?,
        outcomes,
        inside: read_inside(folder),
        learning: summary.learning,
        reused: summary.reused,
        incomplete: summary.incomplete,
        config: summary.config,
    })
}

/// The record of a run, as far as it has come: of one that has not ended, what its last state says, without
/// its points.
///
/// # Errors
/// As `read`, where there is no state either.
pub fn read_so_far(folder: &Path) -> Result<RunRecord> {
    let ended = match read(folder) {
        Err(e) if is_missing(&e) => e,
        read => return read,
    };
    match std::fs::read(folder.join(STATE)) {
        Ok(bytes) => Ok(State::of_bytes(&bytes)?.record(&read_config(folder)?)),
        Err(_) => Err(ended),
    }
}

/// Whether a file is not there.
pub fn is_missing(error: &Error) -> bool {
    matches!(error, Error::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// What is inside the networks of a run. None where nothing was written, or what was written is damaged
/// or of another version: the run is worth as much without it.
fn read_inside(folder: &Path) -> Option<Inside> {
    serde_json::from_str(&text(&folder.join(INSIDE)).ok()?).ok()
}

/// Whether a run's folder has a file about its networks' inside, which this version may not be able to
/// read.
pub fn has_inside(folder: &Path) -> bool {
    folder.join(INSIDE).exists()
}

/// The weights of an arm's first learners, `most` of them at most, at the end of a phase, from its
/// checkpoint.
pub(super) fn weights(folder: &Path, phase: Phase, arm: Arm, most: usize) -> Result<Vec<f32>> {
    let mut networks = checkpoint::load(&checkpoint_of(folder, phase, arm))?;
    let size = networks.weights.len() / networks.count.max(1);
    networks.weights.truncate(most * size);
    Ok(networks.weights)
}

/// What is read of `summary.json`: the rest follows from it.
#[derive(Deserialize)]
struct Summary {
    version: String,
    started: String,
    device: DeviceRecord,
    data: DataRecord,
    config: Config,
    seconds: std::collections::BTreeMap<String, f64>,
    learning: Option<String>,
    reused: Option<String>,
    incomplete: Option<String>,
    scores: Vec<Scored>,
}

#[derive(Deserialize)]
struct Scored {
    phase: Phase,
    arm: Arm,
    learners: Vec<Score>,
    sha256: Option<String>,
}

/// The points in the lines of a `metrics.jsonl`.
pub(super) fn points(path: &Path, lines: &str) -> Result<Vec<Point>> {
    let point = |line| serde_json::from_str(line).map_err(|e| damaged(path, &e));
    lines.lines().map(point).collect()
}

pub(super) fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(Error::file("read", path))
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::Data(format!("{} is not what a run wrote: {why}", path.display()))
}
