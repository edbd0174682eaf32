//! When a phase ends, when networks are evaluated, and when a run's state is saved.

use std::time::{Duration, Instant};

use crate::config::Config;
use crate::error::Result;
use crate::record::Phase;

/// Steps of a phase, and the length of the list that defines its epochs.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseClock {
    pub(super) steps: u32,
    batch: usize,
    epoch: usize,
}

impl PhaseClock {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "config.rs bounds the epochs"
    )]
    fn new(epochs: f64, epoch: usize, batch: usize) -> Self {
        Self {
            steps: (epochs * epoch as f64 / batch as f64).ceil() as u32,
            batch,
            epoch,
        }
    }

    /// The clock of a run's phase on this number of training images.
    pub(super) fn of(config: &Config, phase: Phase, images: usize) -> Self {
        let epochs = match phase {
            Phase::Learn => config.epochs,
            Phase::Unlearn => config.unlearn_epochs,
            Phase::Relearn => config.relearn_epochs,
        };
        Self::new(epochs, images, config.batch)
    }

    pub(super) fn epochs(self, step: u32) -> f64 {
        f64::from(step) * self.batch as f64 / self.epoch as f64
    }

    /// The steps at which to evaluate: the start, `per_epoch` times an epoch, and before the first
    /// of those at successive halvings, because forgetting and relearning are over within a few
    /// dozen steps; not close to the end.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below the number of steps"
    )]
    pub(super) fn evaluations(self, per_epoch: u32) -> Vec<u32> {
        let interval = self.epoch as f64 / self.batch as f64 / f64::from(per_epoch);
        let early = (1..=4).map(|halvings| interval / f64::from(1u32 << halvings));
        let regular = (1..).map(|n| interval * f64::from(n));
        let regular = regular.take_while(|&at| at + interval / 4.0 < f64::from(self.steps));
        let mut steps: Vec<u32> = early.chain(regular).map(|at| at.round() as u32).collect();
        steps.retain(|&step| step < self.steps);
        steps.extend([0, self.steps]);
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

/// Seconds since the start, without pauses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch {
    before: f64,
    since: Instant,
}

impl Stopwatch {
    /// Resumes from a number of seconds.
    pub(super) fn from(before: f64) -> Self {
        Self {
            before,
            since: Instant::now(),
        }
    }

    pub(super) fn seconds(self) -> f64 {
        self.before + self.since.elapsed().as_secs_f64()
    }
}

/// Work continues for at least this many times as long as saving took, limiting the cost to 2 %.
const WORTH: u32 = 50;

/// Decides when to save a state.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Whether ever.
    keeps: bool,
    /// When the state was last saved, and how long that took.
    last: Option<(Instant, Duration)>,
}

impl Keeper {
    /// One that saves states, or none.
    pub(super) fn new(keeps: bool) -> Self {
        Self { keeps, last: None }
    }

    /// Saves the state, unless that was done a moment ago.
    pub(super) fn keep(&mut self, keep: impl FnOnce() -> Result<()>) -> Result<()> {
        let early = |(at, cost): (Instant, Duration)| at.elapsed() < WORTH * cost;
        if !self.keeps || self.last.is_some_and(early) {
            return Ok(());
        }
        let start = Instant::now();
        keep()?;
        self.last = Some((Instant::now(), start.elapsed()));
        Ok(())
    }
}
