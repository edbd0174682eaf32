//! Runs as scripts: what `unlearn run` asks of a device, written down.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::data::Dataset;
use crate::device::scribe::{Reads, Scribe};
use crate::device::script::{Blobs, Script};
use crate::engine::Store;
use crate::error::Result;
use crate::progress::Progress;
use crate::record::{Arm, Outcome, Phase, Point};
use crate::run::{Observer, Run, State};

/// The script of a run.
///
/// # Errors
/// `Usage` if the settings do not fit, or if the method computes on the host with what a device found.
pub(super) fn script(config: &Config, data: &Dataset, blobs: &Blobs) -> Result<Script> {
    let scribe = Scribe::new(blobs, Reads::Scores);
    {
        let store = Store::nowhere();
        let run = Run::new(config, data, &scribe, &store)?;
        let underway = run.start(None)?;
        let mut notes = Notes {
            scribe: &scribe,
            run: &run,
            learners: config.learners,
            last: 0,
        };
        run.run(underway, &mut notes)?;
    }
    Ok(scribe.finish())
}

/// Writes down what happens when.
struct Notes<'a> {
    scribe: &'a Scribe<'a>,
    run: &'a Run<'a>,
    /// Of an arm.
    learners: usize,
    /// The step of the last evaluation.
    last: u32,
}

impl Notes<'_> {
    fn write(&self, note: Value) {
        if let Value::Object(note) = note {
            self.scribe.note(note);
        }
    }

    /// The buffers that hold the networks of all arms now, in their order; null where some are nowhere.
    fn live(&self, arms: usize) -> Value {
        let each = self.run.model().parameters() as usize;
        let held = self.scribe.weights();
        let learners: usize = held.iter().map(|(_, words)| words / each).sum();
        if learners != arms * self.learners {
            return Value::Null;
        }
        let one = |(buffer, words)| json!({ "buffer": buffer, "learners": words / each });
        held.into_iter().map(one).collect()
    }
}

impl Progress for Notes<'_> {}

impl Observer for Notes<'_> {
    fn phase(&mut self, phase: Phase, steps: u32, _: u32) {
        self.last = 0;
        let mut note = Map::new();
        let arms = self.run.arms(phase);
        let arms: Vec<&str> = arms.iter().map(|arm| arm.name()).collect();
        note.insert("phase".to_owned(), phase.name().into());
        note.insert("steps".to_owned(), steps.into());
        let from = self.run.parents(phase).into_iter();
        let from: Vec<Value> = from.map(|arm| arm.map(Arm::name).into()).collect();
        note.insert("arms".to_owned(), arms.into());
        note.insert("from".to_owned(), from.into());
        note.insert("learners".to_owned(), self.learners.into());
        self.scribe.note(note);
    }

    fn evaluated(&mut self, points: &[Point]) -> Result<()> {
        let Some(point) = points.first() else {
            return Ok(());
        };
        let since = point.step - self.last;
        self.last = point.step;
        self.write(json!({
            "evaluated": {
                "phase": point.phase.name(),
                "step": point.step,
                "epoch": point.epoch,
                "since": since,
            },
            "live": self.live(points.len()),
        }));
        Ok(())
    }

    fn end(&mut self, outcomes: &[Outcome], _: &[Vec<f32>]) -> Result<()> {
        if let Some(outcome) = outcomes.first() {
            self.write(json!({ "end": outcome.phase.name() }));
        }
        Ok(())
    }

    fn keeps(&self) -> bool {
        false
    }

    fn keep(&mut self, _: &State) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
