//! The variants of a kernel take turns: in each of several rounds every one is timed for a while, on
//! the same inputs. What drifts during the measurement hits all of them, and the rounds show it.

use std::time::Duration;

use super::report::Samples;
use super::watch::Watch;
use crate::device::timing::{block, repetitions};
use crate::device::trial::{Loaded, NoResult, Timed, Verdict, judge};
use crate::device::{Device, Program};
use crate::error::Result;
use crate::kernels::case::Case;
use crate::kernels::{Kernel, Variant};
use crate::progress::Progress;

/// Rounds of a measurement: as few as show a difference of two with 95 % confidence.
pub(crate) const ROUNDS: usize = 5;

/// What one repetition took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timing {
    /// Seconds, by round and in the order in which they were taken.
    pub(crate) rounds: Vec<Vec<f64>>,
    /// What the watch saw: before each round, and after the last.
    pub(crate) looks: Vec<f64>,
}

impl From<Timing> for Samples {
    fn from(timing: Timing) -> Self {
        let mut rounds = timing.rounds;
        rounds.iter_mut().flatten().for_each(|time| *time *= 1e6);
        let known = timing.looks.iter().all(|look| look.is_finite());
        Self {
            rounds,
            clock: if known { timing.looks } else { Vec::new() },
        }
    }
}

/// Samples in as many rounds as there are at the most, in their order.
pub(crate) fn split(samples: &[f64]) -> Vec<Vec<f64>> {
    let each = samples.len().div_ceil(ROUNDS).max(1);
    samples.chunks(each).map(<[f64]>::to_vec).collect()
}

/// A variant that is right, and how many of its runs make a sample.
struct Racer {
    program: Program,
    repetitions: u32,
    timing: Timing,
}

/// Holds what each variant computes against the case's reference, and times those that are right, for
/// about `budget` each.
///
/// # Errors
/// `Device` where the device is lost.
pub(crate) fn time(
    device: &dyn Device,
    (case, kernel): (&Case, &'static Kernel),
    variants: &[&'static Variant],
    (budget, watch): (Duration, &Watch<'_>),
    observer: &mut dyn Progress,
) -> Result<Vec<Timed<Timing>>> {
    let mut judged = Vec::new();
    for variant in variants {
        device.choose(kernel, Some(variant));
        judged.push(judge(case, kernel, variant, device, 1));
        observer.advance(1);
    }
    let Some(first) = judged.iter().position(is_right) else {
        return judged.into_iter().map(untimed).collect();
    };
    device.choose(kernel, Some(variants[first]));
    let loaded = match case.load(device, kernel) {
        Ok(loaded) => loaded,
        Err(NoResult::Lost(e)) => return Err(e),
        Err(_) => return judged.into_iter().map(untimed).collect(),
    };
    let mut racers = Vec::new();
    for (variant, verdict) in variants.iter().zip(&judged) {
        racers.push(match is_right(verdict) {
            true => {
                device.choose(kernel, Some(variant));
                Racer::new(device, (case, kernel), &loaded, budget)?
            }
            false => None,
        });
    }
    race(device, &loaded, &mut racers, (budget, watch))?;
    loaded.free(device);
    let finished = judged.into_iter().zip(racers).map(|(verdict, racer)| {
        let Some(racer) = racer else {
            return untimed(verdict);
        };
        device.free(&[], &[&racer.program]);
        Ok((Some(racer.timing), None))
    });
    finished.collect()
}

/// Runs all rounds.
fn race(
    device: &dyn Device,
    loaded: &Loaded,
    racers: &mut [Option<Racer>],
    (budget, watch): (Duration, &Watch<'_>),
) -> Result<()> {
    let mut looks = vec![watch.look()?];
    for _ in 0..ROUNDS {
        for racer in racers.iter_mut().flatten() {
            loaded.fill(device)?;
            racer.run(device, budget)?;
        }
        looks.push(watch.look()?);
    }
    for racer in racers.iter_mut().flatten() {
        racer.timing.looks.clone_from(&looks);
    }
    Ok(())
}

fn is_right(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Right(_))
}

/// A variant that has no time.
fn untimed(verdict: Verdict) -> Result<Timed<Timing>> {
    match verdict {
        Verdict::Wrong(mismatch) => Ok((None, Some(mismatch))),
        Verdict::None(why) => why.timed(),
        Verdict::Right(_) => Ok((None, None)),
    }
}

impl Racer {
    /// The variant that is chosen now, warmed up; none where it is refused all of a sudden.
    fn new(
        device: &dyn Device,
        (case, kernel): (&Case, &'static Kernel),
        loaded: &Loaded,
        budget: Duration,
    ) -> Result<Option<Self>> {
        let program = match case.compile(device, kernel, &loaded.buffers) {
            Ok(program) => program,
            Err(NoResult::Lost(e)) => return Err(e),
            Err(_) => return Ok(None),
        };
        loaded.fill(device)?;
        let run = &mut |times| device.time(&program, times);
        let repetitions = repetitions(budget / 16, budget / 4, run)?;
        Ok(Some(Self {
            program,
            repetitions,
            timing: Timing::default(),
        }))
    }

    /// A round.
    fn run(&mut self, device: &dyn Device, budget: Duration) -> Result<()> {
        let run = &mut |times| device.time(&self.program, times);
        let each = budget.mul_f64(0.75 / ROUNDS as f64);
        self.timing
            .rounds
            .push(block(self.repetitions, each, 1, run)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_split_into_rounds_in_their_order() {
        let rounds = |count: u32| {
            let samples: Vec<f64> = (0..count).map(f64::from).collect();
            let rounds = split(&samples);
            assert_eq!(rounds.concat(), samples);
            rounds.len()
        };
        assert_eq!([0, 1, 5, 6, 8, 12].map(rounds), [0, 1, 5, 3, 4, 4]);
    }
}
