//! How long a program takes on a device.

use std::time::{Duration, Instant};

use crate::device::{Device, Program};
use crate::error::Result;

/// Samples of a measurement that is to have a spread.
pub const SAMPLES: usize = 5;
/// Repetitions in a sample at the most: they are encoded one by one.
const REPETITIONS: u32 = 4096;

/// What one repetition takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Half of the samples took longer.
    pub median: f64,
    /// A quarter of the samples took less.
    pub low: f64,
    /// A quarter of the samples took more.
    pub high: f64,
}

/// The median seconds of one repetition, for choosing between programs: within about `budget`, but
/// with one run to warm up and one that counts at the least.
///
/// # Errors
/// `Device` where the device was lost.
pub fn median(device: &dyn Device, program: &Program, budget: Duration) -> Result<f64> {
    let times = sample(budget, 1, &mut |times| device.time(program, times))?;
    Ok(times.median)
}

/// What one repetition takes, from `SAMPLES` samples or more.
///
/// # Errors
/// `Device` where the device was lost.
pub fn measure(device: &dyn Device, program: &Program, budget: Duration) -> Result<Times> {
    sample(budget, SAMPLES, &mut |times| device.time(program, times))
}

/// The same of anything: `run` does it so many times, and returns the seconds for all of them. The
/// first runs warm up, and find how many repetitions make a sample.
pub(crate) fn sample(
    budget: Duration,
    least: usize,
    run: &mut dyn FnMut(u32) -> Result<f64>,
) -> Result<Times> {
    let start = Instant::now();
    let wanted = budget.as_secs_f64() / (SAMPLES + 3) as f64;
    let mut times = 1;
    loop {
        let seconds = run(times)?;
        if seconds >= 0.7 * wanted || times == REPETITIONS || start.elapsed() > budget / 2 {
            break;
        }
        times = more(times, wanted / seconds.max(1e-9));
    }
    let mut samples = Vec::new();
    while samples.len() < least || start.elapsed() < budget {
        samples.push(run(times)? / f64::from(times));
    }
    samples.sort_by(f64::total_cmp);
    let at = |quarter: usize| samples[(samples.len() - 1) * quarter / 4];
    Ok(Times {
        median: at(2),
        low: at(1),
        high: at(3),
    })
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
mod tests {
    use super::*;

    #[test]
    fn repetitions_fill_the_samples_and_the_median_is_of_one_repetition() {
        let mut asked = Vec::new();
        let budget = Duration::from_millis(80);
        let times = sample(budget, 5, &mut |times| {
            asked.push(times);
            std::thread::sleep(Duration::from_millis(5));
            Ok(1e-3 * f64::from(times))
        });
        assert_eq!(asked[0], 1);
        assert!(asked.len() >= 6, "{asked:?}");
        assert!((7..=20).contains(&asked[asked.len() - 1]), "{asked:?}");
        assert!((times.unwrap().median - 1e-3).abs() < 1e-12);
    }

    #[test]
    fn what_takes_longer_than_the_budget_still_has_its_samples() {
        let mut runs = 0;
        let times = sample(Duration::ZERO, 5, &mut |times| {
            runs += 1;
            assert_eq!(times, 1);
            Ok(f64::from(runs))
        });
        let Times { median, low, high } = times.unwrap();
        assert_eq!((runs, [low, median, high]), (6, [3.0, 4.0, 5.0]));
    }
}
