//! The learn phase of an earlier run, in place of training the same networks again.
//!
//! Nothing but the weights passes from one phase to the next: velocities and clocks begin anew. So the
//! rest of the run has the same bits.

use sha2::{Digest, Sha256};

use super::{Run, Underway};
use crate::config::Config;
use crate::engine::{Crew, program};
use crate::error::Result;
use crate::files::hex;
use crate::record::{Outcome, Phase, Point};

/// What a learn phase left.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The name of the run that it was a part of.
    pub run: String,
    /// Its evaluation points.
    pub points: Vec<Point>,
    /// The arms' results at its end.
    pub outcomes: Vec<Outcome>,
    /// The same arms' weights, [learners, model.parameters()].
    pub weights: Vec<Vec<f32>>,
}

impl Run<'_> {
    /// An identifier of everything that the learn phase depends on, bit for bit, and of what it records.
    /// `None` where it begins with given networks, or the program does not know its own build.
    pub fn learning(&self) -> Option<String> {
        program()?;
        let text = format!("{} {:?}", self.engine.origin, learning(self.config));
        let id = hex(&Sha256::digest(text)[..16]);
        self.config.from.is_none().then_some(id)
    }

    /// The start after a learn phase of the same `learning`. `None` where the networks are not those of its
    /// outcomes: their files are not what that run wrote.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn start_after(&self, learned: &Learned) -> Result<Option<Underway<'_>>> {
        let arms = learned.outcomes.iter().map(|outcome| outcome.arm);
        let told = learned.outcomes.iter().map(|outcome| &outcome.sha256);
        let found = learned.weights.iter().map(|weights| Some(hash(weights)));
        if !arms.eq(self.arms(Phase::Learn)) || !told.cloned().eq(found) {
            return Ok(None);
        }
        let mut past = self.past();
        past.points = learned.points.len();
        past.outcomes = learned.outcomes.clone();
        past.reused = Some(learned.run.clone());
        let arms = learned.outcomes.iter().map(|outcome| outcome.arm);
        let before = arms.zip(learned.weights.iter().cloned());
        let mut now = self.enter(Phase::Unlearn, before.collect(), past)?;
        now.crews.iter_mut().try_for_each(Crew::prepare)?;
        Ok(Some(now))
    }
}

/// The SHA-256 of networks, as they are in a checkpoint.
pub(super) fn hash(weights: &[f32]) -> String {
    hex(&Sha256::digest(bytemuck::cast_slice(weights)))
}

/// The settings without those on which the learn phase does not depend. Data, device and variants are in
/// the engine's origin, by their content.
fn learning(config: &Config) -> Config {
    let usual = Config::default();
    Config {
        name: usual.name,
        data: usual.data,
        device: usual.device,
        method: usual.method,
        method_file: usual.method_file,
        unlearn_lr: usual.unlearn_lr,
        strength: usual.strength,
        unlearn_epochs: usual.unlearn_epochs,
        relearn_epochs: usual.relearn_epochs,
        ..config.clone()
    }
}
