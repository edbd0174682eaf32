//! Whether timestamps can be believed: the decision, apart from the devices that it is about.

use crate::device::possible;
use crate::error::Result;

/// Samples, of which most must agree with the wall clock: a busy machine disturbs one or two.
const SAMPLES: usize = 3;
/// A sample lasts so many seconds, beside which the way to the device and back is little.
const LONG: f64 = 10e-3;
/// Repetitions in a sample at the most.
const MOST: u32 = 4096;
/// The part of the wall-clock time that timestamps must show. A unit that is wrong is so by far more.
const LEAST: f64 = 0.5;

/// Ticks at the beginning and at the end of some work, and its wall-clock seconds.
pub(super) type Sample = ([u64; 2], f64);

/// Seconds between two ticks; NaN where that cannot be: the counter stood still, ran backwards or over,
/// or counted more time than passed. `tick` is in seconds.
pub(super) fn seconds(([begin, end], wall): Sample, tick: f64) -> f64 {
    let seconds = tick * end.saturating_sub(begin) as f64;
    if possible(seconds, wall) {
        seconds
    } else {
        f64::NAN
    }
}

/// Why timestamps cannot be believed; none where they can. `run` does work so many times. How often it
/// has to is for the wall clock to say.
pub(super) fn fault(
    tick: f64,
    run: &mut dyn FnMut(u32) -> Result<Sample>,
) -> Result<Option<String>> {
    // The first run of a pipeline may be its compilation.
    run(1)?;
    let (mut times, mut samples) = (1, Vec::new());
    while samples.len() < SAMPLES {
        let sample = run(times)?;
        if sample.1 < LONG && times < MOST {
            times *= 4;
        } else {
            samples.push(sample);
        }
    }
    let wrong: Vec<Sample> = samples
        .into_iter()
        .filter(|&sample| {
            let seconds = seconds(sample, tick);
            seconds.is_nan() || seconds < LEAST * sample.1
        })
        .collect();
    let most = 2 * wrong.len() > SAMPLES;
    Ok(wrong.first().filter(|_| most).map(|&s| in_words(s, tick)))
}

/// What is wrong with a sample.
fn in_words(([begin, end], wall): Sample, tick: f64) -> String {
    if [begin, end] == [0, 0] {
        "the timestamps are zero".to_owned()
    } else if begin == end {
        "the timestamps stand still".to_owned()
    } else if begin > end {
        "the timestamps run backwards".to_owned()
    } else {
        format!(
            "the timestamps say {:.3} ms for what took {:.3} ms",
            1e3 * tick * (end - begin) as f64,
            1e3 * wall
        )
    }
}

#[cfg(test)]
mod tests;
