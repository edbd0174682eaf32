//! How long a program takes on a device.

use std::time::{Duration, Instant};

use crate::device::{Device, Program, possible};
use crate::error::Result;

/// Samples of a measurement that is to have a spread.
pub(crate) const SAMPLES: usize = 5;
/// Repetitions in a sample at the most: they are encoded one by one.
const REPETITIONS: u32 = 4096;

/// What one repetition takes, in seconds; all NaN where the clock said nothing that can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    /// Half of the samples took longer.
    pub(crate) median: f64,
    /// A quarter of the samples took less.
    pub(crate) low: f64,
    /// A quarter of the samples took more.
    pub(crate) high: f64,
}

impl Times {
    /// Of samples, in any order.
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |quarter: usize| match samples.len() {
            0 => f64::NAN,
            n => samples[(n - 1) * quarter / 4],
        };
        Self {
            median: at(2),
            low: at(1),
            high: at(3),
        }
    }
}

/// Does something so many times, and returns the seconds for all of them, by whatever clock.
pub(crate) type Run<'a> = dyn FnMut(u32) -> Result<f64> + 'a;

/// The median seconds of one repetition, for choosing between programs: within about `budget`, but
/// with one run to warm up and one that counts at the least.
///
/// # Errors
/// `Device` where the device was lost.
pub(crate) fn median(device: &dyn Device, program: &Program, budget: Duration) -> Result<f64> {
    let samples = sample(budget, 1, &mut |times| device.time(program, times))?;
    Ok(Times::of(samples).median)
}

/// What one repetition takes, from `SAMPLES` samples or more.
///
/// # Errors
/// `Device` where the device was lost.
pub(crate) fn measure(device: &dyn Device, program: &Program, budget: Duration) -> Result<Times> {
    let samples = sample(budget, SAMPLES, &mut |times| device.time(program, times))?;
    Ok(Times::of(samples))
}

/// Seconds of one repetition, in the order in which they were taken. The first runs warm up, and find
/// how many repetitions make a sample.
///
/// Seconds that cannot be are dropped, and whatever the clock says, the wall clock bounds how long this
/// lasts.
pub(crate) fn sample(budget: Duration, least: usize, run: &mut Run<'_>) -> Result<Vec<f64>> {
    let start = Instant::now();
    let wanted = budget.div_f64((SAMPLES + 3) as f64);
    let times = repetitions(wanted, budget / 2, run)?;
    block(times, budget.saturating_sub(start.elapsed()), least, run)
}

/// Warms up, for about `most` at the most, and finds how many repetitions take the `wanted` time.
pub(crate) fn repetitions(wanted: Duration, most: Duration, run: &mut Run<'_>) -> Result<u32> {
    let (start, wanted) = (Instant::now(), wanted.as_secs_f64());
    let mut times = 1;
    loop {
        let (seconds, wall) = timed(times, run)?;
        let seconds = seconds.unwrap_or(wall);
        // A clock that is slow must not make submissions that last for seconds.
        let room = 4.0 * wanted / wall;
        let enough = seconds >= 0.7 * wanted || room < 2.0 || times == REPETITIONS;
        if enough || start.elapsed() > most {
            return Ok(times);
        }
        times = more(times, (wanted / seconds).min(room));
    }
}

/// Samples of so many repetitions each, over the budget, from `least` runs or more: seconds of one
/// repetition.
pub(crate) fn block(
    times: u32,
    budget: Duration,
    least: usize,
    run: &mut Run<'_>,
) -> Result<Vec<f64>> {
    let start = Instant::now();
    let (mut samples, mut tries) = (Vec::new(), 0);
    while tries < least || start.elapsed() < budget {
        let (seconds, _) = timed(times, run)?;
        samples.extend(seconds.map(|seconds| seconds / f64::from(times)));
        tries += 1;
    }
    Ok(samples)
}

/// The seconds of a run, where they can be, and those by the wall clock.
fn timed(times: u32, run: &mut Run<'_>) -> Result<(Option<f64>, f64)> {
    let start = Instant::now();
    let seconds = run(times)?;
    let wall = start.elapsed().as_secs_f64();
    Ok((Some(seconds).filter(|&s| possible(s, wall)), wall))
}

/// `times`, made larger by about `factor`, at least 2 and at most 16.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive and small"
)]
fn more(times: u32, factor: f64) -> u32 {
    let wanted = f64::from(times) * factor.clamp(2.0, 16.0);
    (wanted.ceil() as u32).min(REPETITIONS)
}

#[cfg(test)]
mod tests;
