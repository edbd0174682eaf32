//! The main job: learn → unlearn → relearn, with the controls beside it in every dispatch.
//!
//! Every arm trains in every phase, on one clock: after each phase all arms have taken equally
//! many steps, so whatever sets them apart is what they were taught, not for how long.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::checks;
use crate::compare::single::Run;
use crate::config::Config;
use crate::data::{Dataset, PIXELS};
use crate::device::{Device, Limits};
use crate::error::{Error, Result};
use crate::kernels::{Progress, SOFT};
use crate::memory::size;
use crate::methods::PADDED;
use crate::model::Model;
use crate::population::{Curriculum, DeviceImages, Population, largest, most, words};
use crate::random::{Purpose, learner_key};
use crate::record::{Arm, CLASSES, Figures, Outcome, Phase, Point, Score, Spread};

/// Test images of one digit that the fixed-point sums of `score.wgsl` can hold.
const MOST_OF_A_DIGIT: usize = 10_000;
/// Bytes that a run takes whatever its size: code, threads, reports.
const BASE: u64 = 32 << 20;
/// The same on a software adapter, which compiles shaders to code.
const SOFTWARE_BASE: u64 = 320 << 20;
/// Arms in the phases that have most of them.
const ARMS: usize = 3;

/// Hears of everything that happens, as it happens.
pub trait Observer {
    /// A phase of `steps` steps begins.
    fn begin(&mut self, phase: Phase, steps: u32);
    /// So many more steps were handed to the device.
    fn advance(&mut self, steps: u32);
    /// An evaluation: one point for each arm.
    ///
    /// # Errors
    /// Where the points cannot be kept; the run stops.
    fn evaluated(&mut self, points: &[Point]) -> Result<()>;
    /// A phase ended; `weights` are each arm's parameters [learners, model.parameters()].
    ///
    /// # Errors
    /// Where the weights cannot be kept; the run stops.
    fn end(&mut self, outcomes: &[Outcome], weights: &[Vec<f32>]) -> Result<()>;
}

/// What an arm is taught in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lesson {
    /// All digits with their labels.
    All,
    /// The digits that are not forgotten, with their labels.
    Retain,
    /// The forgotten digits towards the uniform distribution; the others, unless unprotected,
    /// with their labels.
    Forget,
    /// Nothing here: another method than the uniform target makes the weights.
    Elsewhere,
}

/// An arm in a phase: where its weights come from (none: fresh ones), and its lesson.
struct Member {
    arm: Arm,
    from: Option<Arm>,
    lesson: Lesson,
}

fn members(phase: Phase, elsewhere: bool) -> Vec<Member> {
    let member = |arm, from, lesson| Member { arm, from, lesson };
    let forget = if elsewhere {
        Lesson::Elsewhere
    } else {
        Lesson::Forget
    };
    match phase {
        Phase::Learn => vec![
            member(Arm::Original, None, Lesson::All),
            member(Arm::Retrained, None, Lesson::Retain),
        ],
        Phase::Unlearn => vec![
            member(Arm::Unlearned, Some(Arm::Original), forget),
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

/// The sample lists of the lessons.
struct Lists {
    all: Arc<Vec<u32>>,
    retain: Arc<Vec<u32>>,
    forget: Arc<Vec<u32>>,
}

impl Lists {
    fn new(config: &Config, labels: &[u8]) -> Self {
        let numbered = || (0u32..).zip(labels.iter());
        let forgotten = |label: &u8| config.forget.contains(label);
        let soft = |(index, label)| index | if forgotten(label) { SOFT } else { 0 };
        let forget = numbered().filter(|(_, l)| !config.unprotected || forgotten(l));
        let retain = numbered().filter(|(_, l)| !forgotten(l));
        Self {
            all: Arc::new(numbered().map(|(index, _)| index).collect()),
            retain: Arc::new(retain.map(|(index, _)| index).collect()),
            forget: Arc::new(forget.map(soft).collect()),
        }
    }

    fn of(&self, lesson: Lesson) -> &Arc<Vec<u32>> {
        match lesson {
            Lesson::All | Lesson::Elsewhere => &self.all,
            Lesson::Retain => &self.retain,
            Lesson::Forget => &self.forget,
        }
    }
}

/// Steps of a phase, and the length of the list whose passes are its epochs.
#[derive(Clone, Copy, Debug)]
struct Clock {
    steps: u32,
    batch: usize,
    epoch: usize,
}

impl Clock {
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

    fn epochs(self, step: u32) -> f64 {
        f64::from(step) * self.batch as f64 / self.epoch as f64
    }

    /// The steps at which to evaluate: the start, `per_epoch` times an epoch, and before the
    /// first of those at halves of halves, since forgetting and relearning are over within a few
    /// dozen steps; not where the end is near.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below the number of steps"
    )]
    fn evaluations(self, per_epoch: u32) -> Vec<u32> {
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

/// A run of the main job.
pub struct Experiment<'a> {
    config: &'a Config,
    device: &'a dyn Device,
    model: Model,
    train: DeviceImages,
    test: DeviceImages,
    labels: Vec<u8>,
    test_labels: Vec<u8>,
    lists: Lists,
    /// The learn phase's population: made early, so that a device that cannot hold it says so
    /// before anything is written.
    first: Option<Stage<'a>>,
    started: Instant,
}

/// How far a phase is.
struct Visit<'a> {
    phase: Phase,
    stage: &'a Stage<'a>,
    clock: Clock,
    /// Steps that were done.
    done: u32,
    /// The last evaluation.
    scores: Vec<Score>,
}

/// The population of a phase, and who is in it.
struct Stage<'a> {
    members: Vec<Member>,
    population: Population<'a>,
}

impl<'a> Experiment<'a> {
    /// Checks that the configuration fits data and device, and brings the data there.
    ///
    /// # Errors
    /// `Usage` where something does not fit; `Device` where the device fails.
    pub fn new(config: &'a Config, data: &Dataset, device: &'a dyn Device) -> Result<Self> {
        let model = Model::new(&config.hidden)?;
        let lists = Lists::new(config, &data.train.labels);
        check_data(config, data, &lists)?;
        check_size(config, data, device, &model)?;
        let mut experiment = Self {
            config,
            device,
            model,
            train: DeviceImages::upload(device, &data.train)?,
            test: DeviceImages::upload(device, &data.test)?,
            labels: data.train.labels.clone(),
            test_labels: data.test.labels.clone(),
            lists,
            first: None,
            started: Instant::now(),
        };
        experiment.first = Some(experiment.assemble(Phase::Learn, None)?);
        Ok(experiment)
    }

    /// The network's shape.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Runs all phases; returns the seconds each took.
    ///
    /// # Errors
    /// `Diverged` where a loss became unusable; whatever device and observer fail with.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<BTreeMap<String, f64>> {
        self.started = Instant::now();
        let mut seconds = BTreeMap::new();
        let mut before = self.first.take();
        for phase in [Phase::Learn, Phase::Unlearn, Phase::Relearn] {
            let start = Instant::now();
            let stage = match (phase, before.take()) {
                (Phase::Learn, Some(first)) => first,
                (_, before) => self.assemble(phase, before)?,
            };
            self.phase(phase, &stage, observer)?;
            before = Some(stage);
            seconds.insert(phase.name().to_owned(), start.elapsed().as_secs_f64());
        }
        seconds.insert("total".to_owned(), self.started.elapsed().as_secs_f64());
        Ok(seconds)
    }

    fn clock(&self, phase: Phase) -> Clock {
        let (epochs, lesson) = match phase {
            Phase::Learn => (self.config.epochs, Lesson::All),
            Phase::Unlearn => (self.config.unlearn_epochs, Lesson::Forget),
            Phase::Relearn => (self.config.relearn_epochs, Lesson::All),
        };
        Clock::new(epochs, self.lists.of(lesson).len(), self.config.batch)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "settings are f64 to be read and written exactly; devices compute in f32"
    )]
    fn curriculum(&self, phase: Phase, lesson: Lesson, learner: u32) -> Curriculum {
        let rate = match lesson {
            Lesson::Elsewhere => 0.0,
            Lesson::Forget => self.config.unlearn_rate(),
            Lesson::All | Lesson::Retain => self.config.lr,
        };
        Curriculum {
            samples: self.lists.of(lesson).clone(),
            key: learner_key(self.config.seed, learner, Purpose::Order(phase as u32)),
            soft_target: [1.0 / CLASSES as f32; CLASSES],
            table: None,
            weights: [1.0; 2],
            rate: rate as f32,
            momentum: self.config.momentum as f32,
            decay: self.config.weight_decay as f32,
            strength: 0.0,
        }
    }

    /// The phase's population, with its weights: those of the stage before, or fresh ones.
    fn assemble(&self, phase: Phase, before: Option<Stage<'a>>) -> Result<Stage<'a>> {
        let members = members(phase, self.config.other_method().is_some());
        let learners = self.config.learners;
        let numbers = || (0u32..).take(learners);
        let taught: Vec<Curriculum> = members
            .iter()
            .flat_map(|m| numbers().map(|k| self.curriculum(phase, m.lesson, k)))
            .collect();
        let population = Population::new(
            self.device,
            &self.model,
            self.config.batch,
            &self.train,
            &self.test,
            &taught,
        )?;
        if let Some(before) = before {
            let place = |from| before.members.iter().position(|m| Some(m.arm) == from);
            let parents = members.iter().filter_map(|m| place(m.from));
            let from: Vec<usize> = parents
                .flat_map(|p| p * learners..(p + 1) * learners)
                .collect();
            population.inherit(&before.population, &from)?;
        } else {
            let key = |k| learner_key(self.config.seed, k, Purpose::Weights);
            let keys: Vec<_> = members.iter().flat_map(|_| numbers().map(key)).collect();
            population.initialise(&keys)?;
        }
        Ok(Stage {
            members,
            population,
        })
    }

    /// Trains through a phase, evaluating on the way.
    fn phase(&self, phase: Phase, stage: &Stage<'_>, observer: &mut dyn Observer) -> Result<()> {
        let clock = self.clock(phase);
        observer.begin(phase, clock.steps);
        let stops = clock.evaluations(self.config.evaluations);
        let mut visit = Visit {
            phase,
            stage,
            clock,
            done: 0,
            scores: Vec::new(),
        };
        match self
            .config
            .other_method()
            .filter(|_| phase == Phase::Unlearn)
        {
            None => {
                for step in stops {
                    self.visit(&mut visit, step, None, observer)?;
                }
            }
            Some(method) => {
                let of_originals = self.weights_of(stage, Arm::Original)?;
                let mut look = |step, weights: &Vec<f32>| {
                    self.visit(&mut visit, step, Some(weights), observer)
                };
                let run = self.single();
                run.unlearn(method, &of_originals, &stops, &mut look)?;
            }
        }
        let outcomes = self.outcomes(phase, &stage.members, &visit.scores);
        let parameters = stage.population.parameters()?;
        self.check_weights(phase, &stage.members, &parameters)?;
        let per_arm = self.config.learners * self.model.parameters() as usize;
        let weights: Vec<_> = parameters
            .chunks_exact(per_arm)
            .map(<[f32]>::to_vec)
            .collect();
        drop(parameters);
        observer.end(&outcomes, &weights)
    }

    /// Trains until a step, and evaluates all arms. The first one, which unlearns, has these weights
    /// where another method made them.
    fn visit(
        &self,
        visit: &mut Visit<'_>,
        step: u32,
        unlearned: Option<&Vec<f32>>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let Stage {
            members,
            population,
        } = visit.stage;
        let steps = step - visit.done;
        population.train(steps, &mut |steps| observer.advance(steps))?;
        let progress = population.take_progress()?;
        self.check_divergence(visit.phase, members, &progress)?;
        if let Some(weights) = unlearned {
            population.set_parameters(weights)?;
        }
        let mean = |p: &Progress| f64::from(p.loss_sum) / f64::from(steps);
        let train_loss = (steps > 0).then(|| progress.iter().map(mean).collect());
        visit.done = step;
        visit.scores = population.evaluate()?;
        let (phase, clock) = (visit.phase, visit.clock);
        let points = self.points(phase, members, clock, step, &visit.scores, train_loss);
        observer.evaluated(&points)
    }

    fn single(&self) -> Run<'_> {
        Run {
            config: self.config,
            device: self.device,
            model: &self.model,
            train: self.train,
            test: self.test,
            labels: &self.labels,
            test_labels: &self.test_labels,
        }
    }

    /// The weights of an arm.
    fn weights_of(&self, stage: &Stage<'_>, arm: Arm) -> Result<Vec<f32>> {
        let each = self.config.learners * self.model.parameters() as usize;
        let place = stage.members.iter().position(|m| m.arm == arm);
        let all = stage.population.parameters()?;
        let own = place.and_then(|place| all.chunks_exact(each).nth(place));
        Ok(own.unwrap_or_default().to_vec())
    }

    fn points(
        &self,
        phase: Phase,
        members: &[Member],
        clock: Clock,
        step: u32,
        scores: &[Score],
        train_loss: Option<Vec<f64>>,
    ) -> Vec<Point> {
        let learners = self.config.learners;
        let point = |(number, member): (usize, &Member)| {
            let range = number * learners..(number + 1) * learners;
            let scores = &scores[range.clone()];
            Point {
                phase,
                arm: member.arm,
                step,
                epoch: clock.epochs(step),
                seconds: self.started.elapsed().as_secs_f64(),
                train_loss: (member.lesson != Lesson::Elsewhere)
                    .then(|| Some(Spread::of(train_loss.as_ref()?[range].to_vec())))
                    .flatten(),
                test_loss: Spread::of(scores.iter().map(mean_loss).collect()),
                figures: figures(scores, &self.config.forget),
            }
        };
        members.iter().enumerate().map(point).collect()
    }

    fn outcomes(&self, phase: Phase, members: &[Member], scores: &[Score]) -> Vec<Outcome> {
        let arms = scores.chunks_exact(self.config.learners);
        let outcome = |(member, scores): (&Member, &[Score])| Outcome {
            phase,
            arm: member.arm,
            figures: figures(scores, &self.config.forget),
            scores: scores.to_vec(),
        };
        members.iter().zip(arms).map(outcome).collect()
    }

    fn check_divergence(
        &self,
        phase: Phase,
        members: &[Member],
        progress: &[Progress],
    ) -> Result<()> {
        let elsewhere =
            |place: usize| members[place / self.config.learners].lesson == Lesson::Elsewhere;
        let bad = progress.iter().enumerate();
        // Where weights come from elsewhere, a loss decides nothing.
        let bad = bad.filter(|(place, p)| p.diverged > 0 && !elsewhere(*place));
        let Some((place, first)) = bad.min_by_key(|(_, p)| p.diverged) else {
            return Ok(());
        };
        Err(self.diverged(phase, members, place, first.diverged))
    }

    /// The last step's update shows in no loss: the weights themselves must be numbers.
    fn check_weights(&self, phase: Phase, members: &[Member], weights: &[f32]) -> Result<()> {
        let size = self.model.parameters() as usize;
        let mut learners = weights.chunks_exact(size);
        match learners.position(|w| w.iter().any(|w| !w.is_finite())) {
            None => Ok(()),
            Some(place) => Err(self.diverged(phase, members, place, self.clock(phase).steps)),
        }
    }

    fn diverged(&self, phase: Phase, members: &[Member], place: usize, step: u32) -> Error {
        let member = &members[place / self.config.learners];
        Error::Diverged {
            phase: phase.name(),
            step,
            learner: place % self.config.learners,
            arm: member.arm.name(),
            // Weights that unlearning brought too far diverge when they relearn.
            setting: match (member.lesson, member.arm) {
                (Lesson::Forget | Lesson::Elsewhere, _) | (_, Arm::Relearned) => {
                    self.config.fault_of_unlearning()
                }
                (Lesson::All | Lesson::Retain, _) => self.config.fault_of_learning(),
            },
        }
    }
}

fn mean_loss(score: &Score) -> f64 {
    weighted(score, &score.loss, |_| true)
}

/// The mean of a per-digit mean over the images of the digits that `counts`.
fn weighted(score: &Score, means: &[f64; CLASSES], counts: impl Fn(usize) -> bool) -> f64 {
    let digits = || (0..CLASSES).filter(|&d| counts(d));
    let images = |d: usize| f64::from(score.confusion[d].iter().sum::<u32>());
    digits().map(|d| means[d] * images(d)).sum::<f64>() / digits().map(images).sum::<f64>()
}

/// The four figures of an arm.
pub fn figures(scores: &[Score], forget: &[u8]) -> Figures {
    let forgotten = |digit: usize| forget.iter().any(|&f| usize::from(f) == digit);
    let over = |value: &dyn Fn(&Score) -> f64| Spread::of(scores.iter().map(value).collect());
    let accuracy = |score: &Score, counts: &dyn Fn(usize) -> bool| {
        let rows = || (0..CLASSES).filter(|&d| counts(d));
        let right: u32 = rows().map(|d| score.confusion[d][d]).sum();
        let all: u32 = rows().flat_map(|d| score.confusion[d]).sum();
        f64::from(right) / f64::from(all)
    };
    Figures {
        test_accuracy: over(&|s| accuracy(s, &|_| true)),
        forget_accuracy: over(&|s| accuracy(s, &forgotten)),
        retain_accuracy: over(&|s| accuracy(s, &|d| !forgotten(d))),
        forget_confidence: over(&|s| weighted(s, &s.confidence, forgotten)),
    }
}

/// Every list must hold a batch, and every digit to forget must be there.
fn check_data(config: &Config, data: &Dataset, lists: &Lists) -> Result<()> {
    checks::kept(&config.forget, data)?;
    for digit in 0..10u8 {
        let images = data.test.labels.iter().filter(|&&l| l == digit).count();
        if images > MOST_OF_A_DIGIT {
            return Err(Error::Usage(format!(
                "the test set of {} holds {images} images of digit {digit}: more than the \
                 {MOST_OF_A_DIGIT} that the evaluation can count. Use a smaller test set",
                data.record.name
            )));
        }
    }
    let named = [
        (&lists.all, "training images"),
        (
            &lists.retain,
            "training images that are not to be forgotten",
        ),
        (&lists.forget, "training images of the forgotten digits"),
    ];
    let mut named = named.into_iter();
    named.try_for_each(|(list, what)| checks::fits(config.batch, list.len(), what))
}

/// All arms of all learners must fit the device at a time, and its memory as often as they are there.
fn check_size(config: &Config, data: &Dataset, device: &dyn Device, model: &Model) -> Result<()> {
    let (limits, name) = (device.limits(), &device.record().name);
    let by_buffers = largest(limits, model, config.batch) / ARMS;
    let need = |learners| need(config, data, limits, model, learners);
    let most = most(by_buffers, |learners| need(learners) <= limits.memory);
    let learners = config.learners;
    if learners <= most {
        return Ok(());
    }
    let remedy = match most {
        0 => "not even one fits: use a smaller --batch or --hidden".to_owned(),
        most => format!("the most that fit are --learners {most}"),
    };
    Err(Error::Usage(match learners <= by_buffers {
        true => format!(
            "--learners {learners} need about {} of memory, and {} are left: {ARMS} arms of them train \
             side by side, and are there twice between two phases; {remedy}",
            size(need(learners)),
            size(limits.memory)
        ),
        false => format!(
            "--learners {learners} is more than {name} can hold with its limits on buffers: {ARMS} \
             arms of them train side by side, and {remedy}"
        ),
    }))
}

/// Bytes of the machine's memory that a run takes at its worst, beside what it has when it begins.
fn need(config: &Config, data: &Dataset, limits: Limits, model: &Model, learners: usize) -> u64 {
    let images = (data.train.len() + data.test.len()) as u64;
    let population = |networks, tables| {
        let lists = 2 * data.train.len();
        words(limits, model, config.batch, networks, [lists, tables])
    };
    let arms = population(ARMS * learners, 0);
    let (parameters, networks) = (u64::from(model.parameters()), learners as u64);
    // The next phase inherits from the one before. Afterwards all weights come to the host, twice.
    let mut more = [(arms, 0), (0, 8 * ARMS as u64 * networks * parameters)];
    if config.other_method().is_some() {
        // Its networks may be pairs, with a target for every image each, and what it draws on and
        // makes of weights is on the host.
        let tables = learners * data.train.len() * PADDED;
        let device = population(2 * learners, tables) + 2 * networks * parameters;
        let host = 4 * (6 * networks * parameters + 3 * tables as u64);
        more[1] = (device, host);
    }
    let each = (PIXELS / 4 + 2) as u64;
    let worst = more.map(|(words, host)| limits.need(arms + words + images * each, host));
    let base = match limits.copies {
        0 | 1 => BASE,
        _ => SOFTWARE_BASE,
    };
    worst.into_iter().fold(0, u64::max) + base
}
