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
