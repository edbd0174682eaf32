//! The learn phases of earlier runs.

use std::path::{Path, PathBuf};

use super::past::{Standing, list, read, standing, text};
use super::{SUMMARY, checkpoint_of};
use crate::checkpoint::{self, Networks};
use crate::record::{Outcome, Phase};
use crate::run::Learned;

/// What the learn phases of finished runs in this folder left, of this `Run::learning` and with all their
/// files, the last one first; without their seconds, which were spent then.
pub fn learned(folder: &Path, learning: &str) -> impl Iterator<Item = (PathBuf, Learned)> {
    let runs = list(folder).unwrap_or_default();
    runs.into_iter().rev().filter_map(move |run| {
        let learned = of(&run, learning)?;
        Some((run, learned))
    })
}

fn of(run: &Path, learning: &str) -> Option<Learned> {
    // Most runs are others, and are not worth parsing.
    let summary = text(&run.join(SUMMARY)).ok()?;
    let record = summary.contains(learning).then(|| read(run).ok())??;
    // Only then are its points all there.
    let is_finished = standing(run, Some(&record)) == Standing::Finished;
    if !is_finished || record.learning.as_deref() != Some(learning) {
        return None;
    }
    let is_learned = |phase| phase == Phase::Learn;
    let outcomes: Vec<Outcome> = record
        .outcomes
        .into_iter()
        .filter(|o| is_learned(o.phase))
        .collect();
    let mut points = record.points;
    points.retain(|point| is_learned(point.phase));
    points.iter_mut().for_each(|point| point.seconds = 0.0);
    let weights = outcomes.iter().map(|outcome| {
        let networks = checkpoint::load(&checkpoint_of(run, outcome.phase, outcome.arm)).ok()?;
        let Networks {
            hidden,
            count,
            weights,
        } = networks;
        let config = &record.config;
        (hidden == config.hidden && count == config.learners).then_some(weights)
    });
    let weights = weights.collect::<Option<Vec<_>>>()?;
    let name = run.file_name()?;
    (!weights.is_empty()).then(|| Learned {
        // The one that trained. Reports are shared, and name no folders.
        run: record
            .reused
            .unwrap_or_else(|| name.to_string_lossy().into_owned()),
        points,
        outcomes,
        weights,
    })
}
