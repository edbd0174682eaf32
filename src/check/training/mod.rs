//! The step as a whole: a device trains for 1, 10 and 200 steps, and must arrive where plain f64
//! loops arrive, with losses that fall alike.
//!
//! **How far apart honest results may lie** is found by Monte Carlo arithmetic (Parker, "Monte
//! Carlo arithmetic: exploiting randomness in floating-point arithmetic", 1997): the reference
//! trains again with random rounding errors, and what these runs differ by from the exact one is
//! what such errors do to the result, growth and cancellation included. The errors:
//!
//! - A rounding is off by up to one unit in the last place, 2⁻²³: WGSL asks for one of the two
//!   neighbours, not for the nearer one. Where it allows more (division, exp, log), so do the runs.
//! - A sum of K products, in whatever order, is off by up to √K·2⁻²³·Σ|a||b|. Roundings are as good
//!   as independent (Higham and Mary, "A new approach to probabilistic rounding error analysis",
//!   2019); K of them, each uniform on a partial sum that is no larger than Σ|a||b|, have the
//!   variance of one error that is uniform within this bound.
//! - Velocities, gradients, activations and losses get fresh errors wherever they arise. A weight
//!   is rounded to the same side in every step, by a share drawn once: where updates hardly change
//!   from step to step (a decay with no gradient beside it), so do the roundings to the nearest, and
//!   errors that are drawn afresh would hide it (Croci et al., "Stochastic rounding:
//!   implementation, error analysis and applications", 2022).
//!
//! All this takes roundings to have no bias. A device that rounds every number up, or every number
//! down, as WGSL lets it, errs by half a unit on average. A test has runs with every error half as
//! large as it may be and to one side: they stay within the tolerance. That is no promise for sums
//! whose terms have one sign, where such a device is off by up to K·2⁻²³·Σ|a||b|: it must keep the
//! bounds of the single kernels, which hold for every rounding, but may fail here.
//!
//! **The tolerance** is twice the largest distance among [`RUNS`] such runs of all learners. Were
//! a device as bad as the runs, with distances that have an exponential tail (a cautious choice:
//! those of sums of many errors fall faster), all 24 of them would lie under half of its own with
//! a chance of 1/C(26, 2) = 0.3 %. Devices that round to the nearest are at least twice as good,
//! and partial sums are mostly far smaller than Σ|a||b|.
//!
//! **Why not one network for all.** A pre-activation that rounding moves across zero switches a
//! ReLU, and with it a sample's whole gradient of that unit: a jump of a thousandth, not of a
//! millionth, from which trainings part for good. The default network makes millions of pre-
//! activations in 200 steps, some of which lie within rounding of zero; honest devices then
//! differ by a hundredth of the way gone, the runs by a tenth, and no tolerance tells them from a
//! wrong rate. So the wide task has the default network and 10 steps, the long one 200 steps of a
//! narrow network, and the seeds are such that no pre-activation comes so near to zero that even
//! four times the errors above could switch it.

mod plain;
mod task;

use std::fmt;

use rayon::prelude::*;

use crate::device::Device;
use crate::error::Result;
use crate::kernels::{Cause, Mismatch};
use crate::population::{DeviceImages, Population};
use plain::{Arithmetic, Trainee};

pub use task::Task;

/// Disturbed runs of the reference.
pub const RUNS: u64 = 8;
/// Tolerance, in largest distances of disturbed runs.
const SLACK: f64 = 2.0;
/// Steps that are watched one by one; later losses are compared in sums of as many.
const SINGLE_STEPS: u32 = 10;

/// What a learner went through.
#[derive(Clone, Debug, Default)]
struct Trajectory {
    /// Parameters at the start and at each of the task's points: [1 + points][parameters].
    parameters: Vec<Vec<f64>>,
    /// Mean loss of a step, in nats, of each stretch up to each point: [points][stretches].
    losses: Vec<Vec<f64>>,
}

impl Trajectory {
    /// The farthest that a parameter has moved at point number `point`.
    fn moved(&self, point: usize) -> f64 {
        largest_difference(&self.parameters[point + 1], &self.parameters[0])
    }
}

/// The exact training of a task at one of its points.
pub(super) struct Moments {
    pub(super) steps: u32,
    /// Of parameters and losses, see [`Agreement`].
    pub(super) tolerances: [f64; 2],
    /// Steps of the stretches since the point before, whose mean losses are compared.
    pub(super) stretches: Vec<u32>,
    /// By learner, the farthest that a parameter has moved.
    pub(super) moved: Vec<f64>,
    /// [learners, parameters]
    pub(super) weights: Vec<f64>,
    /// [learners, stretches]
    pub(super) losses: Vec<f64>,
}

/// The steps up to each point, cut into the stretches whose losses are compared.
fn stretches(points: &[u32]) -> Vec<Vec<u32>> {
    let mut step = 0;
    let mut up_to = |point: u32| {
        let mut stretches = Vec::new();
        while step < point {
            let most = if step < SINGLE_STEPS { 1 } else { SINGLE_STEPS };
            let stretch = most.min(point - step);
            stretches.push(stretch);
            step += stretch;
        }
        stretches
    };
    points.iter().map(|&point| up_to(point)).collect()
}

/// Trains one learner in plain loops.
fn trajectory(task: &Task, learner: usize, arithmetic: Arithmetic) -> Trajectory {
    let mut trainee = Trainee::new(task, learner, arithmetic);
    let mut trajectory = Trajectory {
        parameters: vec![trainee.parameters()],
        losses: Vec::new(),
    };
    for stretches in stretches(task.points) {
        let mut loss = |&steps: &u32| {
            let sum: f64 = (0..steps).map(|_| trainee.step(f64::from(steps))).sum();
            sum / f64::from(steps)
        };
        trajectory
            .losses
            .push(stretches.iter().map(&mut loss).collect());
        trajectory.parameters.push(trainee.parameters());
    }
    trajectory
}

/// Trains all learners on a device.
fn trajectories(device: &dyn Device, task: &Task) -> Result<Vec<Trajectory>> {
    let images = DeviceImages::upload(device, &task.images)?;
    let (model, batch) = (&task.model, task.batch);
    let population = Population::new(device, model, batch, &images, &images, &task.learners)?;
    population.initialise(&task.weights)?;
    let mut trajectories = vec![Trajectory::default(); task.learners.len()];
    let keep = |trajectories: &mut [Trajectory]| -> Result<()> {
        let parameters = population.parameters()?;
        let learners = parameters.chunks_exact(model.parameters() as usize);
        for (trajectory, parameters) in trajectories.iter_mut().zip(learners) {
            let parameters = parameters.iter().map(|&w| w.into()).collect();
            trajectory.parameters.push(parameters);
        }
        Ok(())
    };
    keep(&mut trajectories)?;
    for stretches in stretches(task.points) {
        let mut losses = vec![Vec::new(); trajectories.len()];
        for steps in stretches {
            population.train(steps, &mut |_| {})?;
            for (losses, progress) in losses.iter_mut().zip(population.take_clocks()?) {
                losses.push(f64::from(progress.loss_sum) / f64::from(steps));
            }
        }
        for (trajectory, losses) in trajectories.iter_mut().zip(losses) {
            trajectory.losses.push(losses);
        }
        keep(&mut trajectories)?;
    }
    Ok(trajectories)
}

/// The largest difference; infinite where one is no number.
fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    let worse = |worst: f64, (a, b): (&f64, &f64)| {
        let apart = (a - b).abs();
        let apart = if apart.is_nan() { f64::INFINITY } else { apart };
        worst.max(apart)
    };
    a.iter().zip(b).fold(0.0, worse)
}

/// How far two trajectories are apart at point number `point`: the largest difference of parameters,
/// as a share of the farthest that any of them has moved in the exact trajectory, and the largest
/// difference of losses since the point before, in nats.
fn distance(trajectory: &Trajectory, exact: &Trajectory, point: usize) -> [f64; 2] {
    let parameters = &exact.parameters[point + 1];
    [
        largest_difference(&trajectory.parameters[point + 1], parameters) / exact.moved(point),
        largest_difference(&trajectory.losses[point], &exact.losses[point]),
    ]
}

/// The largest distances at a point among pairs of a trajectory and its exact one.
fn largest<'a>(
    pairs: impl Iterator<Item = (&'a Trajectory, &'a Trajectory)>,
    point: usize,
) -> [f64; 2] {
    pairs.fold([0.0; 2], |[w, l], (trajectory, exact)| {
        let [weights, losses] = distance(trajectory, exact, point);
        [weights.max(w), losses.max(l)]
    })
}

/// The exact training of a task, and what may be expected of others; for all devices.
#[derive(Clone, Debug)]
pub struct Reference {
    task: Task,
    exact: Vec<Trajectory>,    // [learners]
    tolerances: Vec<[f64; 2]>, // [points], of parameters and losses
}

impl Reference {
    /// Trains the task in f64, once exactly and [`RUNS`] times with rounding errors.
    #[must_use]
    pub fn new(task: Task) -> Self {
        Self::with_errors(task, 1.0)
    }

    /// As `new`, with errors that many times as large.
    fn with_errors(task: Task, times: f64) -> Self {
        let learners = task.learners.len();
        let run = |run: u64| (0..learners).map(move |learner| (run, learner));
        let jobs: Vec<_> = (0..=RUNS).flat_map(run).collect();
        let train = |(run, learner): (u64, usize)| {
            let seed = run * learners as u64 + learner as u64;
            let arithmetic = match run {
                0 => Arithmetic::new(0.0, 0),
                _ => Arithmetic::new(times, seed),
            };
            trajectory(&task, learner, arithmetic)
        };
        let mut exact: Vec<Trajectory> = jobs.into_par_iter().map(train).collect();
        let disturbed = exact.split_off(learners);
        let tolerance = |point| {
            let pairs = disturbed.iter().zip(exact.iter().cycle());
            largest(pairs, point).map(|apart| SLACK * apart)
        };
        Self {
            tolerances: (0..task.points.len()).map(tolerance).collect(),
            exact,
            task,
        }
    }

    /// What a training must reach at each of the task's points.
    pub(super) fn moments(&self) -> Vec<Moments> {
        let points = self.task.points.iter().zip(&self.tolerances);
        let parts = points.zip(stretches(self.task.points)).enumerate();
        let moment = |(point, ((&steps, &tolerances), stretches))| Moments {
            steps,
            tolerances,
            stretches,
            moved: self.exact.iter().map(|t| t.moved(point)).collect(),
            weights: self.joined(|t| &t.parameters[point + 1]),
            losses: self.joined(|t| &t.losses[point]),
        };
        parts.map(moment).collect()
    }

    fn joined(&self, part: impl Fn(&Trajectory) -> &Vec<f64>) -> Vec<f64> {
        self.exact.iter().flat_map(part).copied().collect()
    }

    /// What was trained.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }
}

/// A device's training beside the reference, at one point.
#[derive(Clone, Copy, Debug)]
pub struct Agreement {
    /// Steps done.
    pub steps: u32,
    /// The largest difference of a parameter, as a share of the farthest that any parameter of
    /// the same learner has moved.
    pub apart: f64,
    /// What `apart` may be.
    pub tolerance: f64,
    /// The largest difference of mean losses since the point before, in nats.
    pub loss_apart: f64,
    /// What `loss_apart` may be.
    pub loss_tolerance: f64,
}

impl Agreement {
    /// The larger distance as a share of its tolerance; infinite where one is no number.
    #[must_use]
    pub fn share(&self) -> f64 {
        let shares = [
            self.apart / self.tolerance,
            self.loss_apart / self.loss_tolerance,
        ];
        match shares.iter().any(|share| share.is_nan()) {
            true => f64::INFINITY,
            false => shares[0].max(shares[1]),
        }
    }

    /// Whether the device trains as it should.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.share() <= 1.0
    }

    /// What is wrong, where it does not.
    pub(super) fn mismatch(&self) -> Option<Mismatch> {
        let steps = self.steps;
        let cause = match self.loss_apart > self.loss_tolerance {
            true => Cause::Losses {
                steps,
                apart: self.loss_apart,
                tolerance: self.loss_tolerance,
            },
            false => Cause::Weights {
                steps,
                apart: self.apart,
                tolerance: self.tolerance,
            },
        };
        (!self.agrees()).then(|| cause.into())
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "step {}: weights {:.1e} apart of {:.1e}, losses {:.1e} of {:.1e} nats",
            self.steps, self.apart, self.tolerance, self.loss_apart, self.loss_tolerance
        )
    }
}

/// Trains the reference's task on a device, and compares at each of its points.
///
/// # Errors
/// `Usage` or `Data` where the device cannot hold the task; `Device` where it fails.
pub fn compare(device: &dyn Device, reference: &Reference) -> Result<Vec<Agreement>> {
    compare_as(device, reference, reference.task())
}

/// As `compare`, with another task of the same shape, which should be found out.
///
/// # Errors
/// As `compare`.
pub fn compare_as(
    device: &dyn Device,
    reference: &Reference,
    task: &Task,
) -> Result<Vec<Agreement>> {
    let trajectories = trajectories(device, task)?;
    let points = task.points.iter().zip(&reference.tolerances).enumerate();
    let agreement = |(point, (&steps, tolerances)): (usize, (&u32, &[f64; 2]))| {
        let [apart, loss_apart] = largest(trajectories.iter().zip(&reference.exact), point);
        Agreement {
            steps,
            apart,
            tolerance: tolerances[0],
            loss_apart,
            loss_tolerance: tolerances[1],
        }
    };
    Ok(points.map(agreement).collect())
}

#[cfg(test)]
mod tests;
