use super::*;

#[test]
fn repetitions_fill_the_samples_and_the_median_is_of_one_repetition() {
    let mut asked = Vec::new();
    let budget = Duration::from_millis(80);
    let times = sample(budget, 5, &mut |times| {
        asked.push(times);
        std::thread::sleep(times * Duration::from_millis(1));
        Ok(1e-3 * f64::from(times))
    });
    assert_eq!(asked[0], 1);
    assert!(asked.len() >= 6, "{asked:?}");
    assert!((7..=20).contains(&asked[asked.len() - 1]), "{asked:?}");
    assert!((Times::of(times.unwrap()).median - 1e-3).abs() < 1e-12);
}

/// What comes of a clock that says this of (seconds, run) on a device whose repetition takes so
/// long, and what of the wall clock it took.
fn measured(each: Duration, clock: fn(f64, u32) -> f64) -> (Times, Duration) {
    let (start, mut runs) = (Instant::now(), 0);
    let times = sample(Duration::from_millis(40), 5, &mut |times| {
        let start = Instant::now();
        while start.elapsed() < each * times {}
        runs += 1;
        Ok(clock(start.elapsed().as_secs_f64(), runs))
    });
    (Times::of(times.unwrap()), start.elapsed())
}

#[test]
fn a_clock_that_is_always_wrong_has_no_times_and_does_not_prolong_the_measurement() {
    let wrong: [fn(f64, u32) -> f64; 7] = [
        |_, _| 0.0,
        |_, _| f64::NAN,
        |_, _| f64::INFINITY,
        |_, _| f64::NEG_INFINITY,
        |seconds, _| -seconds,
        |seconds, _| 1000.0 * seconds,
        |_, _| 1e12,
    ];
    for clock in wrong {
        for each in [Duration::from_micros(1), Duration::from_millis(2)] {
            let (times, passed) = measured(each, clock);
            let Times { median, low, high } = times;
            assert!(
                median.is_nan() && low.is_nan() && high.is_nan(),
                "{times:?}"
            );
            assert!(passed < Duration::from_millis(400), "{passed:?}");
        }
    }
}

#[test]
fn a_clock_that_is_slow_does_not_make_samples_long() {
    let each = Duration::from_millis(1);
    let (_, passed) = measured(each, |seconds, _| 1e-3 * seconds);
    assert!(passed < Duration::from_millis(400), "{passed:?}");
}

#[test]
fn what_a_clock_says_now_and_then_that_cannot_be_is_dropped() {
    let (times, _) = measured(Duration::from_millis(2), |seconds, run| match run % 3 {
        0 => 1e9,
        1 => -seconds,
        _ => seconds,
    });
    assert!(times.low > 1e-3 && times.high < 1.0, "{times:?}");
}

#[test]
fn what_takes_longer_than_the_budget_still_has_its_samples() {
    let mut runs = 0;
    let times = sample(Duration::ZERO, 5, &mut |times| {
        runs += 1;
        assert_eq!(times, 1);
        Ok(1e-15 * f64::from(runs))
    });
    let Times { median, low, high } = Times::of(times.unwrap());
    let wanted = [3.0, 4.0, 5.0].map(|runs| 1e-15 * runs);
    assert_eq!((runs, [low, median, high]), (6, wanted));
}
