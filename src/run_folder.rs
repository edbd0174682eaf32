//! The folder of a run: settings first, metrics as they come, checkpoints after each phase,
//! summary and report at the end. Whatever stops a run, what was computed before stays.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::checkpoint;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files;
use crate::model::Model;
use crate::record::{Figures, Outcome, Point, Record, Spread};

/// An open run folder.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    metrics: File,
    /// What checkpoints say of the kernels' variants.
    variants: String,
}

impl RunFolder {
    /// Creates the folder and writes `config.toml`.
    ///
    /// # Errors
    /// `Usage` where the folder exists; `File` where it cannot be made.
    pub fn create(path: &Path, config: &Config) -> Result<Self> {
        Self::check(path)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        let made = fs::create_dir_all(parent).and_then(|()| fs::create_dir(path));
        let made = made.and_then(|()| fs::create_dir(path.join("checkpoints")));
        made.map_err(Error::file("create", path))?;
        let text = toml::to_string(config)
            .map_err(|e| Error::file("write", path)(std::io::Error::other(e)))?;
        files::write(&path.join("config.toml"), text.as_bytes())?;
        let file = path.join("metrics.jsonl");
        let metrics = File::create(&file).map_err(Error::file("create", &file))?;
        let named = config.variants.iter();
        let variants: Vec<String> = named.map(|(k, v)| format!("{k}={v}")).collect();
        Ok(Self {
            path: path.to_path_buf(),
            metrics,
            variants: match variants.is_empty() {
                true => String::new(),
                false => format!("; variants: {}", variants.join(", ")),
            },
        })
    }

    /// Refuses a path at which something is.
    ///
    /// # Errors
    /// `Usage` where it exists.
    pub fn check(path: &Path) -> Result<()> {
        match path.exists() {
            false => Ok(()),
            true => Err(Error::Usage(format!(
                "the output folder {} exists already: nothing was written. Choose another --out, \
                 or move it away",
                path.display()
            ))),
        }
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
        let file = self.path.join("metrics.jsonl");
        for point in points {
            let line = serde_json::to_string(point).map_err(std::io::Error::other);
            line.and_then(|line| writeln!(self.metrics, "{line}"))
                .map_err(Error::file("write", &file))?;
        }
        self.metrics.flush().map_err(Error::file("write", &file))
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
            let file = format!("checkpoints/{phase}-{arm}.safetensors");
            let variants = &self.variants;
            let note = format!("{arm} arm at the end of the {phase} phase{variants}");
            checkpoint::save(&self.path.join(file), model, weights, &note)?;
        }
        Ok(())
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// `File` where the disk is full.
    pub fn finish(&self, record: &Record) -> Result<()> {
        let text = serde_json::to_vec_pretty(&summary(record));
        let path = self.path.join("summary.json");
        let text = text.map_err(|e| Error::file("encode", &path)(e.into()))?;
        files::write(&path, &text)
    }
}

/// The content of `summary.json`.
fn summary(record: &Record) -> serde_json::Value {
    let results: Vec<_> = record.outcomes.iter().flat_map(results).collect();
    json!({
        "version": record.version,
        "started": record.started,
        "device": record.device,
        "data": record.data,
        "config": record.config,
        "seconds": record.seconds,
        "verdict": record.verdict,
        "results": results,
        "scores": record.outcomes.iter().map(|o| json!({
            "phase": o.phase, "arm": o.arm, "learners": o.scores,
        })).collect::<Vec<_>>(),
    })
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
