//! `unlearn run`: learn → unlearn → relearn, with the controls in the same dispatches.
//!
//! Every arm trains in every phase, in lockstep: after each phase all arms have taken the same
//! number of steps, so they differ in what they were taught, not for how long.

mod clock;
mod evaluate;
mod learned;
mod part;
mod rate;
mod room;
mod state;
mod work;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use clock::{Keeper, PhaseClock, Stopwatch};

use crate::config::Config;
use crate::data::Dataset;
use crate::device::Device;
use crate::engine::{
    Case, Crew, Engine, Job, Pick, Schedule, Store, Subject, Track, Training, Weights, hardware,
};
use crate::error::{Error, Result};
use crate::inside::{self, Inside, Networks};
use crate::methods::Method;
use crate::metrics::Scope;
use crate::model::Model;
use crate::population::{DeviceImages, Recipe};
use crate::progress::Progress;
use crate::record::{Arm, DataRecord, DeviceRecord, Outcome, Phase, Point, Score};

pub use crate::inside::PARTS as LOOKS;
pub use learned::Learned;
pub use rate::seconds;
pub use state::State;
pub use work::Work;

/// Receives everything that happens, as it happens.
pub trait Observer: Progress {
    /// A phase of `steps` steps begins, or resumes after `done` of them.
    fn phase(&mut self, phase: Phase, steps: u32, done: u32);
    /// An evaluation: one point for each arm.
    ///
    /// # Errors
    /// If the points cannot be saved; the run stops.
    fn evaluated(&mut self, points: &[Point]) -> Result<()>;
    /// A phase ended; `weights` are each arm's parameters [learners, model.parameters()].
    ///
    /// # Errors
    /// If the weights cannot be saved; the run stops.
    fn end(&mut self, outcomes: &[Outcome], weights: &[Vec<f32>]) -> Result<()>;
    /// Whether states are worth their cost.
    fn keeps(&self) -> bool {
        true
    }
    /// A state from which the run could resume.
    ///
    /// # Errors
    /// If it cannot be saved; the run stops.
    fn keep(&mut self, state: &State) -> Result<()>;
}

/// What an arm is taught in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lesson {
    /// All digits with their labels.
    All,
    /// The digits that are not forgotten, with their labels.
    Retain,
    /// What the method prescribes.
    Method,
    /// Nothing: the weights stay as they are.
    Nothing,
}

/// An arm in a phase: the arm it takes its weights from (`None`: fresh ones), and its lesson.
#[derive(Clone, Copy)]
struct Member {
    arm: Arm,
    from: Option<Arm>,
    lesson: Lesson,
}

/// The arms of a phase; `given` where the originals are given and learn nothing.
fn members(phase: Phase, given: bool) -> Vec<Member> {
    let member = |arm, from, lesson| Member { arm, from, lesson };
    match phase {
        Phase::Learn if given => vec![
            member(Arm::Original, Some(Arm::Original), Lesson::Nothing),
            member(Arm::Retrained, None, Lesson::Retain),
        ],
        Phase::Learn => vec![
            member(Arm::Original, None, Lesson::All),
            member(Arm::Retrained, None, Lesson::Retain),
        ],
        Phase::Unlearn => vec![
            member(Arm::Unlearned, Some(Arm::Original), Lesson::Method),
            member(Arm::Original, Some(Arm::Original), Lesson::All),
            member(Arm::Retrained, Some(Arm::Retrained), Lesson::Retain),
        ],
        Phase::Relearn => vec![
            member(Arm::Relearned, Some(Arm::Unlearned), Lesson::All),
            member(Arm::Original, Some(Arm::Original), Lesson::All),
            member(Arm::Retrained, Some(Arm::Retrained), Lesson::All),
        ],
    }
}

/// The networks, the data and what is to be forgotten, by a run's settings; `hardware` as for
/// `Engine::new`.
pub(crate) fn engine<'a>(
    config: &Config,
    data: &'a Dataset,
    device: &'a dyn Device,
    hardware: &str,
    store: &'a Store,
) -> Result<Engine<'a>> {
    let training = Training {
        epochs: config.epochs,
        lr: config.lr,
        momentum: config.momentum,
        decay: config.weight_decay,
        batch: config.batch,
    };
    let case = Case {
        seed: config.seed,
        scope: Scope::Digits(config.forget.clone()),
        pick: Pick::Random,
    };
    let network = (&config.hidden[..], training);
    Engine::new(device, data, network, hardware, store, case)
}

/// A run, ready to start.
pub struct Run<'a> {
    config: &'a Config,
    method: &'static dyn Method,
    engine: Engine<'a>,
    /// What stands for all test images within a phase; none if they are few.
    part: Option<DeviceImages>,
}

/// A run in one of its phases.
pub struct Underway<'r> {
    phase: Phase,
    members: Vec<Member>,
    /// Their tracks, in order, are the members.
    crews: Vec<Crew<'r>>,
    /// The weights before unlearning.
    originals: Rc<Weights>,
    /// The step of the last evaluation, with its scores if they are known.
    evaluated: Option<u32>,
    scores: Vec<Score>,
    past: Past,
    own: Stopwatch,
}

/// The history of a run.
struct Past {
    /// When it began, UTC, as `YYYY-MM-DD HH:MM:SS`.
    started: String,
    device: DeviceRecord,
    data: DataRecord,
    /// Evaluation points.
    points: usize,
    /// Of earlier phases.
    outcomes: Vec<Outcome>,
    /// Of earlier phases.
    seconds: BTreeMap<String, f64>,
    /// Since the run's first step, without pauses.
    watch: Stopwatch,
    /// The run that the learn phase was a part of, if not this one.
    reused: Option<String>,
}

impl<'a> Run<'a> {
    /// Checks that the configuration fits data and device, and uploads the data.
    ///
    /// # Errors
    /// `Usage` if something does not fit; `Device` if the device fails.
    pub fn new(
        config: &'a Config,
        data: &'a Dataset,
        device: &'a dyn Device,
        store: &'a Store,
    ) -> Result<Self> {
        config.check()?;
        let model = Model::new(&config.hidden)?;
        room::check_data(config, data)?;
        room::check_size(config, data, device, &model)?;
        let hardware = format!("{} {:?}", hardware(device), config.variants);
        let engine = engine(config, data, device, &hardware, store)?;
        let labels = &data.test.labels;
        let part = part::part(labels, config.seed);
        let part = part.map(|images| engine.test.part(device, labels, &images));
        Ok(Self {
            config,
            method: config.known_method()?,
            engine,
            part: part.transpose()?,
        })
    }

    /// The network's shape.
    pub fn model(&self) -> &Model {
        &self.engine.model
    }

    /// How much work it is.
    pub fn work(&self) -> Work {
        Work::new(self.config, self.engine.data)
    }

    /// The start, or the saved state `from` of a run with the same settings. A device that cannot
    /// hold the networks fails here, before anything is computed.
    ///
    /// # Errors
    /// `Usage` if the state is of another build, other data, another device or other settings;
    /// `Device` if the device fails.
    pub fn start(&self, from: Option<State>) -> Result<Underway<'_>> {
        match from {
            None => self.begin(Vec::new()),
            Some(state) => self.resume(state),
        }
    }

    /// The start with given originals, [learners, model.parameters()], for settings that name their
    /// file: in the learn phase they stay as they are, while retrained networks train from scratch.
    ///
    /// # Errors
    /// `Device` if the device fails.
    pub fn start_from(&self, originals: Vec<f32>) -> Result<Underway<'_>> {
        self.begin(vec![(Arm::Original, originals)])
    }

    fn begin(&self, given: Vec<(Arm, Weights)>) -> Result<Underway<'_>> {
        let mut now = self.enter(Phase::Learn, given, self.past())?;
        now.crews.iter_mut().try_for_each(Crew::prepare)?;
        Ok(now)
    }

    /// The history of a run that begins now.
    fn past(&self) -> Past {
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        Past {
            started: now.to_string().replace('T', " ").replace('Z', ""),
            device: self.engine.device.record().clone(),
            data: self.engine.data.record.clone(),
            points: 0,
            outcomes: Vec::new(),
            seconds: BTreeMap::new(),
            watch: Stopwatch::from(0.0),
            reused: None,
        }
    }

    /// The arms of a phase, in the order of its points.
    pub(crate) fn arms(&self, phase: Phase) -> Vec<Arm> {
        self.members(phase)
            .iter()
            .map(|member| member.arm)
            .collect()
    }

    /// The arms, as of the phase before, whose networks these arms start with; none for fresh networks.
    pub(crate) fn parents(&self, phase: Phase) -> Vec<Option<Arm>> {
        let members = self.members(phase);
        members.iter().map(|member| member.from).collect()
    }

    fn members(&self, phase: Phase) -> Vec<Member> {
        members(phase, self.config.from.is_some())
    }

    /// Runs to the end; returns the seconds that each phase took.
    ///
    /// # Errors
    /// `Interrupted` if the observer stopped it, after the state was saved; `Diverged` if a loss
    /// became unusable; the errors of device and observer.
    pub fn run(
        &self,
        underway: Underway<'_>,
        observer: &mut dyn Observer,
    ) -> Result<BTreeMap<String, f64>> {
        let mut now = underway;
        let mut keeper = Keeper::new(observer.keeps());
        loop {
            self.phase(&mut now, &mut keeper, observer)?;
            let weights = now.weights()?;
            let outcomes = self.outcomes(&now, &weights);
            self.check_weights(&now, &weights)?;
            observer.end(&outcomes, &weights)?;
            now.past.outcomes.extend(outcomes);
            let name = now.phase.name().to_owned();
            now.past.seconds.insert(name, now.own.seconds());
            let next = match now.phase {
                Phase::Learn => Phase::Unlearn,
                Phase::Unlearn => Phase::Relearn,
                Phase::Relearn => {
                    // What comes after the phases may be interrupted too.
                    keeper.keep(|| observer.keep(&self.state(&now)?))?;
                    break;
                }
            };
            let arms = now.members.iter().map(|member| member.arm);
            let before = arms.zip(weights).collect();
            let Underway { past, crews, .. } = now;
            // Frees memory for the next phase.
            drop(crews);
            now = self.enter(next, before, past)?;
            keeper.keep(|| observer.keep(&self.state(&now)?))?;
        }
        let total = now.past.watch.seconds();
        now.past.seconds.insert("total".to_owned(), total);
        Ok(now.past.seconds)
    }

    /// Looks into the networks that the phases left; none without test images of the forgotten classes.
    ///
    /// # Errors
    /// `Interrupted` if `progress` says so; `Device` if the device fails.
    pub fn look(&self, networks: &Networks, progress: &mut dyn Progress) -> Result<Option<Inside>> {
        inside::look(&self.engine, networks, progress)
    }

    fn clock(&self, phase: Phase) -> PhaseClock {
        PhaseClock::of(self.config, phase, self.engine.labels().len())
    }

    /// A phase before its first step, with weights from the previous arms, or fresh ones.
    fn enter(&self, phase: Phase, before: Vec<(Arm, Weights)>, past: Past) -> Result<Underway<'_>> {
        let of = |member: &Member| {
            let parent = before.iter().find(|(arm, _)| Some(*arm) == member.from);
            match parent {
                Some((_, weights)) => Ok(weights.clone()),
                None => {
                    let numbers: Vec<u32> = (0u32..).take(self.config.learners).collect();
                    self.engine.fresh(&numbers)
                }
            }
        };
        let weights: Vec<Weights> = self.members(phase).iter().map(of).collect::<Result<_>>()?;
        let originals = match phase {
            Phase::Unlearn => weights[0].clone(),
            Phase::Learn | Phase::Relearn => Weights::new(),
        };
        self.arrange(phase, originals.into(), weights, past)
    }

    /// A phase's arms, with these weights, in crews of arms that share an update rule.
    fn arrange(
        &self,
        phase: Phase,
        originals: Rc<Weights>,
        weights: Vec<Weights>,
        past: Past,
    ) -> Result<Underway<'_>> {
        let steps = self.clock(phase).steps;
        let members = self.members(phase);
        let unlearning = phase == Phase::Unlearn;
        let subject = unlearning.then(|| Subject::new(&self.engine, originals.clone(), 0));
        let mut tracks = Vec::new();
        for (member, weights) in members.iter().zip(weights) {
            let schedule = match (member.lesson, &subject) {
                (Lesson::Method, Some(subject)) => {
                    let (method, setting) = (self.method, self.config.setting());
                    Schedule::new(&Job { method, setting }, &subject.task, steps)?
                }
                (lesson, _) => Schedule::plain(self.recipes(lesson, phase), steps),
            };
            let schedule = Rc::new(schedule);
            tracks.push(Track { schedule, weights });
        }
        let others = match tracks.iter().all(|t| t.schedule.is_plain(steps)) {
            true => Vec::new(),
            false => tracks.split_off(1),
        };
        let groups = [tracks, others].into_iter().filter(|g| !g.is_empty());
        let crew = |tracks| Crew::new(&self.engine, tracks, subject.clone(), steps);
        Ok(Underway {
            crews: groups.map(crew).collect(),
            phase,
            members,
            originals,
            evaluated: None,
            scores: Vec::new(),
            past,
            own: Stopwatch::from(0.0),
        })
    }

    /// The recipes of an arm's learners.
    fn recipes(&self, lesson: Lesson, phase: Phase) -> Vec<Recipe> {
        let list = Arc::new(self.engine.list(lesson != Lesson::Retain));
        let numbers = (0u32..).take(self.config.learners);
        let recipe = |n| {
            let mut recipe = self.engine.recipe(list.clone(), n, phase as u32);
            if lesson == Lesson::Nothing {
                recipe.rate = 0.0;
            }
            recipe
        };
        numbers.map(recipe).collect()
    }

    /// Trains through the rest of a phase, with evaluations.
    fn phase(
        &self,
        now: &mut Underway<'_>,
        keeper: &mut Keeper,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let clock = self.clock(now.phase);
        observer.phase(now.phase, clock.steps, now.step());
        let mut stops = clock.evaluations(self.config.evaluations);
        stops.retain(|stop| now.evaluated.is_none_or(|last| *stop > last));
        for step in stops {
            let mut crews = now.crews.iter_mut();
            let advanced = crews.try_for_each(|crew| crew.advance(step, observer));
            if let Err(Error::Interrupted) = advanced {
                observer.keep(&self.state(now)?)?;
            }
            advanced?;
            self.evaluate(now, clock, step, observer)?;
            keeper.keep(|| observer.keep(&self.state(now)?))?;
        }
        if now.scores.is_empty() {
            // The last evaluation was before an interruption.
            now.scores = now.scores(None)?;
        }
        Ok(())
    }
}

impl Underway<'_> {
    /// When the run began, UTC, as `YYYY-MM-DD HH:MM:SS`.
    pub fn started(&self) -> &str {
        &self.past.started
    }

    /// The device that the run began on.
    pub fn device(&self) -> &DeviceRecord {
        &self.past.device
    }

    /// The data, as it was when the run began.
    pub fn data(&self) -> &DataRecord {
        &self.past.data
    }

    /// The run that the learn phase was a part of, if not this one.
    pub fn reused(&self) -> Option<&str> {
        self.past.reused.as_deref()
    }

    /// Steps of this phase that all arms have taken.
    fn step(&self) -> u32 {
        self.crews.iter().map(Crew::step).min().unwrap_or(0)
    }

    /// Each arm's weights, [learners, model.parameters()].
    fn weights(&self) -> Result<Vec<Weights>> {
        let all: Vec<Vec<Weights>> = self
            .crews
            .iter()
            .map(Crew::weights)
            .collect::<Result<_>>()?;
        Ok(all.concat())
    }
}
