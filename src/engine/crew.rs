//! Networks moving through schedules with one update rule: one population trains them all.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::schedule::{Part, Schedule};
use super::{Engine, Weights};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::kernels::Clock;
use crate::methods::{By, CLIP, Task};
use crate::population::{DeviceImages, Population, Recipe, Rule};
use crate::progress::Progress;
use crate::record::Score;

/// Steps between two checks for a stop: the minimum, and the initial number. Multiples of the
/// number of steps that a population may take at once.
const SLICE: [u32; 2] = [8, 64];
/// A slice that takes longer is halved; one that takes less than half as long is doubled.
const PATIENCE: Duration = Duration::from_millis(250);

/// The networks that methods are applied to, and the inputs available to methods.
#[derive(Clone)]
pub(crate) struct Subject<'a> {
    pub(crate) originals: Rc<Weights>,
    pub(crate) task: Rc<Task<'a>>,
}

impl<'a> Subject<'a> {
    /// Networks with the numbers from `first` on.
    pub(crate) fn new(engine: &'a Engine<'a>, originals: Rc<Weights>, first: u32) -> Self {
        let task = Rc::new(engine.task(&originals, first));
        Self { originals, task }
    }
}

/// A group of networks, and its schedule.
pub(crate) struct Track {
    pub(crate) schedule: Rc<Schedule>,
    pub(crate) weights: Weights,
}

/// Tracks that train side by side.
pub(crate) struct Crew<'a> {
    engine: &'a Engine<'a>,
    subject: Option<Subject<'a>>,
    tracks: Vec<Track>,
    /// Steps of the longest schedule.
    budget: u32,
    /// Steps done.
    step: u32,
    /// Whether edits of weights due before the next step are done.
    edited: bool,
    live: Option<Live<'a>>,
}

/// The population of the tracks that are training now.
struct Live<'a> {
    population: Population<'a>,
    /// Numbers of those tracks, whose weights are nowhere else, and of their networks.
    busy: Vec<(usize, usize)>,
    /// Learners for each network.
    twice: usize,
    /// Whether velocities persist from step to step.
    momentum: bool,
    /// Images in place of the training images, and the device that holds them.
    noisy: Option<(DeviceImages, &'a dyn Device)>,
    /// The step after which the set of training tracks changes.
    end: u32,
}

/// Everything needed to resume.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CrewState {
    /// Steps done.
    pub(crate) step: u32,
    /// Weights by track.
    pub(crate) weights: Vec<Weights>,
    /// Clocks of the population's learners; empty if none train.
    pub(crate) clocks: Vec<Clock>,
    /// Velocities of the same learners, if there is momentum.
    pub(crate) velocity: Vec<f32>,
    /// Whether edits of weights due before the next step are done.
    pub(crate) edited: bool,
}

impl<'a> Crew<'a> {
    /// Tracks that take `budget` steps. Those with edits in their schedules need a subject.
    pub(crate) fn new(
        engine: &'a Engine<'a>,
        tracks: Vec<Track>,
        subject: Option<Subject<'a>>,
        budget: u32,
    ) -> Self {
        Self {
            engine,
            subject,
            tracks,
            budget,
            step: 0,
            edited: false,
            live: None,
        }
    }

    /// Creates the population of the first steps, so that a device that cannot hold it fails early.
    pub(crate) fn prepare(&mut self) -> Result<()> {
        if self.live.is_none() && self.step < self.budget {
            self.enter()?;
        }
        Ok(())
    }

    /// Trains until a step is done; `Interrupted` if `progress` stopped it before, from where it can go
    /// on. At the very start networks stay unchanged; later, edits due at that step are done too.
    pub(crate) fn advance(&mut self, to: u32, progress: &mut dyn Progress) -> Result<()> {
        if to == 0 && self.budget > 0 {
            return Ok(());
        }
        loop {
            if !self.edited {
                self.edit_all(progress)?;
            }
            if self.step >= to {
                return Ok(());
            }
            if self.live.as_ref().is_some_and(|live| live.end <= self.step) {
                self.retire()?;
            }
            if self.live.is_none() {
                self.enter()?;
            }
            let end = self.span_end();
            self.train(end.min(to), progress)?;
            self.edited = self.step < end;
        }
    }

    /// Steps done.
    pub(crate) fn step(&self) -> u32 {
        self.step
    }

    /// The number of tracks.
    pub(crate) fn tracks(&self) -> usize {
        self.tracks.len()
    }

    /// Each track's weights.
    pub(crate) fn weights(&self) -> Result<Vec<Weights>> {
        let mut weights: Vec<Weights> = self.tracks.iter().map(|t| t.weights.clone()).collect();
        if let Some(live) = &self.live {
            live.harvest(self.engine.size(), &mut weights)?;
        }
        Ok(weights)
    }

    /// The scores of all networks on the test images, or on this part of them.
    pub(crate) fn scores(&self, part: Option<&DeviceImages>) -> Result<Vec<Score>> {
        let scores = |population: &Population<'_>| match part {
            Some(part) => population.evaluate_on(part),
            None => population.evaluate(),
        };
        match &self.live {
            Some(live) if live.is_plain(self.tracks.len()) => scores(&live.population),
            _ => scores(&self.engine.holding(&self.weights()?.concat())?),
        }
    }

    /// Clocks of all networks, with the losses since the last call; empty unless all of them train
    /// with one learner per network.
    pub(crate) fn take_clocks(&self) -> Result<Vec<Clock>> {
        match &self.live {
            Some(live) if live.is_plain(self.tracks.len()) => live.population.take_clocks(),
            _ => Ok(Vec::new()),
        }
    }

    /// The current state.
    pub(crate) fn state(&self) -> Result<CrewState> {
        let (mut clocks, mut velocity) = (Vec::new(), Vec::new());
        if let Some(live) = self.live.as_ref().filter(|live| live.end > self.step) {
            clocks = live.population.clocks()?;
            if live.momentum {
                velocity = live.population.velocity()?;
            }
        }
        Ok(CrewState {
            step: self.step,
            weights: self.weights()?,
            clocks,
            velocity,
            edited: self.edited,
        })
    }

    /// Resumes from a state.
    pub(crate) fn restore(&mut self, state: CrewState) -> Result<()> {
        (self.step, self.edited, self.live) = (state.step, state.edited, None);
        if !state.clocks.is_empty() {
            self.enter()?;
        }
        if let Some(live) = &self.live {
            let learners = live.twice * live.busy.iter().map(|(_, count)| count).sum::<usize>();
            let numbers = if live.momentum {
                learners * self.engine.size()
            } else {
                0
            };
            if (state.clocks.len(), state.velocity.len()) != (learners, numbers) {
                return Err(Error::Data("a state lacks clocks or velocities".to_owned()));
            }
            live.population.set_clocks(&state.clocks)?;
            if live.momentum {
                live.population.set_velocity(&state.velocity)?;
            }
        }
        Ok(())
    }

    /// The step before which a part begins or ends, or an edit is due.
    fn span_end(&self) -> u32 {
        let bounds = self.tracks.iter().flat_map(|t| t.schedule.bounds());
        let later = bounds.filter(|&bound| bound > self.step);
        later.min().unwrap_or(self.budget).min(self.budget)
    }

    /// Does the edits of weights due before the next step.
    fn edit_all(&mut self, progress: &mut dyn Progress) -> Result<()> {
        let step = self.step;
        let mut edits = self.tracks.iter().flat_map(|t| &t.schedule.edits);
        if edits.any(|(due, _)| *due == step) {
            self.retire()?;
        }
        for track in &mut self.tracks {
            let due = track.schedule.edits.iter();
            for (_, edit) in due.filter(|(due, _)| *due == step) {
                if let Some(subject) = &self.subject {
                    self.engine
                        .edit(&mut track.weights, subject, edit, progress)?;
                }
            }
        }
        self.edited = true;
        Ok(())
    }

    /// Trains until `to`.
    fn train(&mut self, to: u32, progress: &mut dyn Progress) -> Result<()> {
        let Some(live) = &self.live else {
            progress.advance((to - self.step).into());
            self.step = to;
            return Ok(());
        };
        in_slices(&live.population, &mut self.step, to, progress)
    }

    /// Creates the population of the tracks that train from this step on.
    fn enter(&mut self) -> Result<()> {
        let parts = self.tracks.iter().map(|t| t.schedule.part(self.step));
        let busy: Vec<(usize, &Part)> = parts
            .enumerate()
            .filter_map(|(track, part)| Some((track, part?)))
            .collect();
        let Some((_, first)) = busy.first() else {
            return Ok(());
        };
        let (engine, by) = (self.engine, first.by);
        let taught: Vec<Recipe> = busy.iter().flat_map(|(_, p)| p.taught.clone()).collect();
        let noisy = match &self.subject {
            Some(subject) => engine.with_noise(&taught, subject)?,
            None => None,
        };
        let images = noisy.unwrap_or(engine.train);
        let factors = self.factors(&busy)?;
        let rule = match (&factors, by) {
            (Some(factors), _) => Rule::Scaled(factors),
            (_, Some(By::Sparse)) => Rule::Sparse(first.length()),
            (_, Some(By::Projected)) => Rule::Projected(CLIP),
            (_, Some(By::Widened)) => Rule::Widened,
            _ => Rule::Gradient,
        };
        let population = engine.ruled(&images, &taught, rule)?;
        // A method continues its walk through its samples.
        let clocks = busy.iter().flat_map(|(_, part)| {
            let done = Clock::at(self.step - part.steps.start);
            part.taught.iter().map(move |_| done)
        });
        population.set_clocks(&clocks.collect::<Vec<_>>())?;
        let tracks: Vec<usize> = busy.iter().map(|(track, _)| *track).collect();
        let live = Live {
            population,
            twice: if by == Some(By::Projected) { 2 } else { 1 },
            momentum: taught.iter().any(|recipe| recipe.momentum > 0.0),
            busy: tracks
                .iter()
                .map(|&track| (track, self.networks(track)))
                .collect(),
            noisy: noisy.map(|images| (images, engine.device)),
            end: self.span_end(),
        };
        let mut before = Weights::new();
        for track in tracks {
            let weights = std::mem::take(&mut self.tracks[track].weights);
            let networks = weights.chunks_exact(engine.size());
            networks.for_each(|network| before.extend(network.repeat(live.twice)));
        }
        live.population.set_parameters(&before)?;
        self.live = Some(live);
        Ok(())
    }

    /// The fraction of its step that each weight takes, if some of these parts scale any.
    fn factors(&self, busy: &[(usize, &Part)]) -> Result<Option<Weights>> {
        let scaled = |(_, part): &(usize, &Part)| matches!(part.by, Some(By::Scaled(_)));
        let (true, Some(subject)) = (busy.iter().any(scaled), &self.subject) else {
            return Ok(None);
        };
        let each = busy.iter().map(|(_, part)| match part.by {
            Some(By::Scaled(factors)) => self.engine.factors(factors, &part.taught, subject),
            _ => Ok(vec![1.0; part.taught.len() * self.engine.size()]),
        });
        Ok(Some(each.collect::<Result<Vec<_>>>()?.concat()))
    }

    /// Networks of a track that does not train.
    fn networks(&self, track: usize) -> usize {
        self.tracks[track].weights.len() / self.engine.size()
    }

    /// Takes the weights from the population, and leaves it.
    fn retire(&mut self) -> Result<()> {
        let weights = self.weights()?;
        for (track, weights) in self.tracks.iter_mut().zip(weights) {
            track.weights = weights;
        }
        self.live = None;
        Ok(())
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        if let Some((images, device)) = self.noisy.take() {
            images.free(device);
        }
    }
}

impl Live<'_> {
    /// Whether all tracks train with one learner per network.
    fn is_plain(&self, tracks: usize) -> bool {
        self.twice == 1 && self.busy.len() == tracks
    }

    /// Reads back the weights of the tracks that train.
    fn harvest(&self, size: usize, weights: &mut [Weights]) -> Result<()> {
        let all = self.population.parameters()?;
        let mut networks = all.chunks_exact(size).step_by(self.twice);
        for &(track, count) in &self.busy {
            let own = networks.by_ref().take(count);
            weights[track] = own.flatten().copied().collect();
        }
        Ok(())
    }
}

/// Trains from a step, which moves along, to another one; `Interrupted` if `progress` stopped it before.
pub(super) fn in_slices(
    population: &Population<'_>,
    step: &mut u32,
    to: u32,
    progress: &mut dyn Progress,
) -> Result<()> {
    let [least, mut slice] = SLICE;
    while *step < to {
        if progress.stopped() {
            return Err(Error::Interrupted);
        }
        let some = slice.min(to - *step);
        let start = Instant::now();
        population.train(some, &mut |steps| progress.advance(steps.into()))?;
        *step += some;
        slice = match start.elapsed() {
            long if long > PATIENCE => (slice / 2).max(least),
            short if short < PATIENCE / 2 => slice.saturating_mul(2),
            _ => slice,
        };
    }
    Ok(())
}
