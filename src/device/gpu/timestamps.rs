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
mod tests {
    use super::*;

    /// The ticks of a counter, from the seconds before and after the work, and the run's number.
    type Counter = fn([f64; 2], usize) -> [u64; 2];

    fn ticks(seconds: f64) -> u64 {
        format!("{:.0}", 1e9 * seconds).parse().unwrap()
    }

    fn right(seconds: [f64; 2]) -> [u64; 2] {
        seconds.map(ticks)
    }

    /// What is said of a counter on a device that takes `each` seconds for a repetition and 0.3 ms to
    /// get there and back, and the wall-clock seconds that the trial took.
    fn tried(each: f64, tick: f64, counter: Counter) -> (Option<String>, f64) {
        let (mut now, mut runs) = (1.0, 0);
        let said = fault(tick, &mut |times| {
            let (begin, wall) = (now + 1e-4, f64::from(times) * each + 3e-4);
            now += wall;
            runs += 1;
            assert!(runs < 20);
            Ok((counter([begin, now - 2e-4], runs), wall))
        });
        (said.unwrap(), now - 1.0)
    }

    #[test]
    fn right_timestamps_are_believed_on_slow_and_fast_devices_and_the_trial_is_short() {
        for each in [2e-6, 5e-5, 3e-3] {
            let (said, passed) = tried(each, 1e-9, |at, _| right(at));
            assert_eq!(said, None);
            assert!(passed < 0.2, "{passed}");
        }
        let once_garbage: Counter = |at, run| match run {
            4 => [7, u64::MAX],
            _ => right(at),
        };
        assert_eq!(tried(20e-3, 1e-9, once_garbage).0, None);
    }

    #[test]
    fn wrong_timestamps_are_not_and_the_trial_stays_short() {
        let kinds: [(&str, f64, Counter); 9] = [
            ("zero", 1e-9, |_, _| [0, 0]),
            ("stand still", 1e-9, |_, _| [5, 5]),
            ("backwards", 1e-9, |at, _| {
                let [begin, end] = right(at);
                [end, begin]
            }),
            ("ms for what took", 1e-9, |at, _| [0, right(at)[1]]),
            ("ms for what took", 1e-9, |at, _| {
                right(at).map(|t| 1000 * t)
            }),
            ("ms for what took", 1e-9, |at, _| {
                right(at).map(|t| t / 1000)
            }),
            // The ticks of another unit, as 52 ns that are taken for 1.
            ("ms for what took", 1e-9, |at, _| right(at).map(|t| t / 52)),
            ("ms for what took", 0.0, |at, _| right(at)),
            ("ms for what took", f64::NAN, |at, _| right(at)),
        ];
        for (words, tick, counter) in kinds {
            for each in [2e-6, 5e-5, 3e-3] {
                let (said, passed) = tried(each, tick, counter);
                let said = said.unwrap();
                assert!(said.contains(words), "{said}");
                assert!(passed < 0.2, "{passed}");
            }
        }
    }

    #[test]
    fn ticks_that_cannot_be_are_dropped() {
        let wall = 2e-3;
        assert_eq!(seconds(([5, 1_000_005], wall), 1e-9), 1e-3);
        for ticks in [
            [0, 0],
            [9, 8],
            [9, 9],
            // A counter of 36 bits that ran over.
            [(1 << 36) - 500_000, 500_000],
            [0, u64::MAX],
            [0, 2_200_000],
        ] {
            assert!(seconds((ticks, wall), 1e-9).is_nan(), "{ticks:?}");
        }
        for tick in [0.0, f64::NAN, f64::INFINITY, -1e-9] {
            assert!(seconds(([5, 1_000_005], wall), tick).is_nan());
        }
    }
}
