use serde_json::json;

use super::*;
use crate::bench::report::Verdict;
use crate::random::threefry2x32;

/// Reproducible times: noise that makes them longer, and now and then something else that runs.
struct Noise(u32);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 += 1;
        let [word, _] = threefry2x32([self.0, 1], [3, 4]);
        (f64::from(word) + 0.5) / 2f64.powi(32)
    }

    /// A time of about `us`; one of thirty is disturbed.
    fn time(&mut self, us: f64) -> f64 {
        let disturbed = if self.uniform() < 0.033 { 1.5 } else { 1.0 };
        us * disturbed * (1.0 - 0.01 * self.uniform().ln())
    }
}

fn one(us: f64, steady: bool) -> Vec<Taken> {
    let what = "square plain 1x4x1x1".to_owned();
    vec![Taken { what, us, steady }]
}

/// The verdicts of a thousand comparisons in so many rounds each, of programs of which the new one
/// takes `slower` times as long; a drift makes both slower from round to round.
fn verdicts(rounds: usize, slower: f64) -> [usize; 4] {
    let mut noise = Noise(0);
    let mut counts = [0; 4];
    for _ in 0..1000 {
        let turns: Vec<_> = (0..rounds)
            .map(|round| {
                let drift = 1.0 + 0.02 * round as f64;
                let times = [100.0, 100.0 * slower].map(|us| noise.time(drift * us));
                times.map(|us| one(us, true))
            })
            .collect();
        counts[judged(&turns, 0.05)[0].verdict as usize] += 1;
    }
    counts
}

#[test]
fn the_same_program_is_hardly_ever_faster_or_slower_and_a_fifth_is_found() {
    let [faster, slower, same, _] = verdicts(8, 1.0);
    assert!(faster + slower <= 2, "{faster} {slower}");
    assert!(same > 400, "{same}");
    let [faster, slower, same, _] = verdicts(8, 1.2);
    assert!(faster == 0 && same == 0 && slower > 700, "{slower}");
    let [faster, slower, ..] = verdicts(8, 1.0 / 1.2);
    assert!(slower == 0 && faster > 700, "{faster}");
}

#[test]
fn rounds_in_which_the_clock_changed_do_not_count() {
    let turns = |unsteady: usize| -> Vec<[Vec<Taken>; 2]> {
        let turn = |round| [one(100.0, round >= unsteady), one(100.0, true)];
        (0..8).map(turn).collect()
    };
    assert_eq!(judged(&turns(2), 0.05)[0].verdict, Verdict::Same);
    let row = judged(&turns(3), 0.05).remove(0);
    assert_eq!(row.verdict, Verdict::CannotSay);
    assert!(row.why.contains("clock"), "{row:?}");
    let few = judged(&turns(0)[..5], 0.05).remove(0);
    assert!(few.why.contains("too few rounds"), "{few:?}");
    assert!(judged(&[], 0.05).is_empty());
}

#[test]
fn reports_of_any_version_have_times() {
    let old = json!({"kernels": [
            {"kernel": "square", "variant": "plain", "shape": "1x4x1x1", "measured": {"us": 3.5}},
            {"kernel": "square", "variant": "wide", "shape": "1x4x1x1", "measured": null}],
        "steps": [{"learners": 8, "batch": 64, "us_per_step": 9.5}]});
    let found = taken(&old);
    let names: Vec<&str> = found.iter().map(|taken| taken.what.as_str()).collect();
    assert_eq!(
        names,
        ["square plain 1x4x1x1", "step of 8 learners, batch 64"]
    );
    assert_eq!((found[0].us, found[1].us), (3.5, 9.5));
    assert!(found[0].steady);
    let new = json!({"kernels": [{"kernel": "square", "variant": "plain", "shape": "1x4x1x1",
        "measured": {"us": 3.5, "clock": [1.0, 0.8]}}]});
    assert!(!taken(&new)[0].steady);
    assert!(taken(&json!("nothing")).is_empty());
}
