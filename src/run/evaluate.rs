//! Evaluation points, outcomes, and divergence.

use std::ops::Range;

use super::clock::PhaseClock;
use super::learned::hash;
use super::{Lesson, Member, Observer, Run, Underway};
use crate::engine::{Crew, Weights};
use crate::error::{Error, Result};
use crate::kernels::Clock;
use crate::population::DeviceImages;
use crate::record::{Arm, Figures, Outcome, Phase, Point, Score, Spread};

impl Run<'_> {
    /// Evaluates all arms: records their points, and checks whether a loss became unusable.
    pub(super) fn evaluate(
        &self,
        now: &mut Underway<'_>,
        clock: PhaseClock,
        step: u32,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let steps = step - now.evaluated.unwrap_or(0);
        let clocks = now.take_clocks(self.config.learners)?;
        self.check_divergence(now, &clocks)?;
        now.scores = self.scores(now, clock, step)?;
        now.evaluated = Some(step);
        let points = self.points(now, clock, step, |member, learners| {
            let follows = member.lesson != Lesson::Method || self.method.trains_on();
            let clocks: Option<Vec<Clock>> = clocks[learners].iter().copied().collect();
            let mean = |clock: Clock| f64::from(clock.loss_sum) / f64::from(steps);
            let clocks = clocks.filter(|_| follows && steps > 0)?;
            Some(Spread::of(clocks.into_iter().map(mean).collect()))
        });
        now.past.points += points.len();
        observer.evaluated(&points)
    }

    /// The scores of all arms' learners: on all test images at the end of a phase, where the next
    /// begins too, and on a part of them in between.
    fn scores(&self, now: &Underway<'_>, clock: PhaseClock, step: u32) -> Result<Vec<Score>> {
        if step == clock.steps {
            return now.scores(None);
        }
        let before = |member: &Member| {
            let mut of_arm = now.past.outcomes.iter().rev();
            let parent = of_arm.find(|outcome| Some(outcome.arm) == member.from)?;
            Some(&parent.scores[..])
        };
        let before: Option<Vec<&[Score]>> = now.members.iter().map(before).collect();
        match before.filter(|_| step == 0) {
            Some(known) => Ok(known.concat()),
            None => now.scores(self.part.as_ref()),
        }
    }

    fn points(
        &self,
        now: &Underway<'_>,
        clock: PhaseClock,
        step: u32,
        train_loss: impl Fn(&Member, Range<usize>) -> Option<Spread>,
    ) -> Vec<Point> {
        let learners = self.config.learners;
        let point = |(number, member): (usize, &Member)| {
            let range = number * learners..(number + 1) * learners;
            let scores = &now.scores[range.clone()];
            Point {
                phase: now.phase,
                arm: member.arm,
                step,
                epoch: clock.epochs(step),
                seconds: now.past.watch.seconds(),
                images: scores.first().map_or(0, Score::images),
                train_loss: train_loss(member, range),
                test_loss: Spread::of(scores.iter().map(Score::mean_loss).collect()),
                figures: Figures::of(scores, &self.config.forget),
            }
        };
        now.members.iter().enumerate().map(point).collect()
    }

    /// Every arm's results at the last evaluation, of these weights.
    pub(super) fn outcomes(&self, now: &Underway<'_>, weights: &[Weights]) -> Vec<Outcome> {
        let arms = now.scores.chunks_exact(self.config.learners).zip(weights);
        let is_learned = now.phase == Phase::Learn;
        let outcome = |(member, (scores, weights)): (&Member, (&[Score], &Weights))| Outcome {
            phase: now.phase,
            arm: member.arm,
            figures: Figures::of(scores, &self.config.forget),
            scores: scores.to_vec(),
            sha256: is_learned.then(|| hash(weights)),
        };
        now.members.iter().zip(arms).map(outcome).collect()
    }

    /// Losses are ignored if a method computes the weights in its own way.
    fn check_divergence(&self, now: &Underway<'_>, clocks: &[Option<Clock>]) -> Result<()> {
        let member = |place: usize| &now.members[place / self.config.learners];
        let counts = |place| match member(place).lesson {
            Lesson::Method => self.method.trains_on(),
            Lesson::Nothing => false,
            Lesson::All | Lesson::Retain => true,
        };
        let bad = clocks.iter().enumerate().filter_map(|(place, clock)| {
            let step = clock.map(|clock| clock.diverged).filter(|step| *step > 0)?;
            counts(place).then_some((place, step))
        });
        match bad.min_by_key(|(_, step)| *step) {
            None => Ok(()),
            Some((place, step)) => Err(self.diverged(now, place, step)),
        }
    }

    /// No loss reflects the last step's update, so the weights themselves must be finite.
    pub(super) fn check_weights(&self, now: &Underway<'_>, weights: &[Weights]) -> Result<()> {
        let size = self.engine.size();
        let mut learners = weights.iter().flat_map(|arm| arm.chunks_exact(size));
        match learners.position(|w| w.iter().any(|w| !w.is_finite())) {
            None => Ok(()),
            Some(place) => Err(self.diverged(now, place, self.clock(now.phase).steps)),
        }
    }

    fn diverged(&self, now: &Underway<'_>, place: usize, step: u32) -> Error {
        let member = &now.members[place / self.config.learners];
        Error::Diverged {
            phase: now.phase.name(),
            step,
            learner: place % self.config.learners,
            arm: member.arm.name(),
            // Weights that unlearning moved too far diverge in relearning.
            setting: match (member.lesson, member.arm) {
                (Lesson::Method, _) | (_, Arm::Relearned) => self.config.fault_of_unlearning(),
                (Lesson::All | Lesson::Retain | Lesson::Nothing, _) => {
                    self.config.fault_of_learning()
                }
            },
        }
    }
}

impl Underway<'_> {
    /// The scores of all arms' learners on all test images, or on a part of them.
    pub(super) fn scores(&self, part: Option<&DeviceImages>) -> Result<Vec<Score>> {
        let scores = |crew: &Crew<'_>| crew.scores(part);
        let all: Vec<Vec<Score>> = self.crews.iter().map(scores).collect::<Result<_>>()?;
        Ok(all.concat())
    }

    /// Clocks of all arms' learners, `learners` in each, with the losses since the last call;
    /// `None` for methods with other clocks.
    fn take_clocks(&self, learners: usize) -> Result<Vec<Option<Clock>>> {
        let mut all = Vec::new();
        for crew in &self.crews {
            let own = crew.take_clocks()?;
            match own.is_empty() {
                true => all.extend(vec![None; crew.tracks() * learners]),
                false => all.extend(own.into_iter().map(Some)),
            }
        }
        Ok(all)
    }
}
