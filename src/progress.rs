//! Progress of long work: a bar on terminals, rate-limited lines elsewhere.

use std::cell::Cell;
use std::env;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Receives the progress of long work, and may stop it.
pub trait Progress {
    /// A task of `units` units begins.
    fn begin(&mut self, _what: &str, _units: u64) {}
    /// `units` more units of it are done.
    fn advance(&mut self, _units: u64) {}
    /// So much of all work that is to come is done, in a unit of its own, and all of it is so much. It may
    /// become less, where results of earlier are there.
    fn whole(&mut self, _done: u64, _of: u64) {}
    /// A message for the user.
    fn note(&mut self, _text: &str) {}
    /// Whether to stop as soon as possible; results so far are kept.
    fn stopped(&self) -> bool {
        false
    }
}

/// Ignores progress.
pub struct Silent;

impl Progress for Silent {}

/// A bar that counts to `length` on stderr. It is hidden if it would only leave control characters:
/// off terminals, on dumb ones, and in CI logs.
pub fn bar(length: u64, template: &str) -> ProgressBar {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let target = match ["CI", "TF_BUILD"].into_iter().any(set) {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸─")),
        Err(_) => bar,
    }
}

/// The template of a bar for anything countable; its message says what is counted.
pub const COUNT: &str = "{bar:20.cyan/dim} {percent:>3} %  {elapsed:>4}  {wide_msg}";

/// The longest time without output.
pub const SILENCE: Duration = Duration::from_secs(10);
/// The shortest time between two lines.
const APART: Duration = Duration::from_secs(2);

/// Limits the lines that replace a hidden bar: one at each tenth of the work, but at most one every
/// two seconds, and one every ten seconds if a tenth takes longer.
pub struct Pace {
    last: Cell<(Instant, u64)>,
}

impl Pace {
    /// The first line comes at the earliest two seconds from now.
    #[allow(clippy::new_without_default, reason = "it starts a clock")]
    pub fn new() -> Self {
        Self {
            last: Cell::new((Instant::now(), 0)),
        }
    }

    /// Whether a line is due.
    pub fn due(&self, bar: &ProgressBar) -> bool {
        let length = bar.length().unwrap_or_default();
        bar.is_hidden() && self.due_at(bar.position(), length, Instant::now())
    }

    fn due_at(&self, done: u64, length: u64, now: Instant) -> bool {
        let (last, before) = self.last.get();
        let tenth = done.saturating_mul(10) / length.max(1);
        let wait = if tenth == before { SILENCE } else { APART };
        let due = now.duration_since(last) >= wait;
        if due {
            self.last.set((now, tenth));
        }
        due
    }
}

/// Estimates the time left from the mean rate since work began, which is steadier than that of the last
/// moments.
#[derive(Debug)]
pub struct Left {
    total: u64,
    /// When the measurement began, and how much was done by then.
    since: Option<(Instant, u64)>,
}

impl Left {
    /// Of this much work.
    pub fn new(total: u64) -> Self {
        Self { total, since: None }
    }

    /// All of the work is this much after all.
    pub fn resize(&mut self, total: u64) {
        self.total = total;
    }

    /// Measures from here on: what came before, such as compiling, does not come again.
    pub fn begin(&mut self, done: u64, now: Instant) {
        self.since.get_or_insert((now, done));
    }

    /// The time left; none before there is a second to judge by.
    pub fn at(&self, done: u64, now: Instant) -> Option<Duration> {
        let (start, before) = self.since?;
        let (spent, made) = (now.duration_since(start), done.saturating_sub(before));
        let rest = self.total.saturating_sub(done) as f64;
        let enough = made > 0 && spent >= Duration::from_secs(1);
        let left = || Duration::try_from_secs_f64(spent.as_secs_f64() * rest / made as f64).ok();
        enough.then(left).flatten()
    }
}

/// About how long: "42 s", "3 min", "2.5 h".
pub fn about(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 89.5 => format!("{s:.0} s"),
        s if s < 5370.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// A bar's progress in words.
pub fn words(bar: &ProgressBar) -> String {
    let share = 100 * bar.position() / bar.length().unwrap_or_default().max(1);
    format!("{share:>3} %  {:>4.0} s", bar.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_with_each_tenth_but_neither_too_often_nor_too_seldom() {
        let pace = Pace::new();
        let start = pace.last.get().0;
        let due = |done, ms| pace.due_at(done, 1000, start + Duration::from_millis(ms));
        assert!(!due(500, 1900), "too early");
        assert!(due(500, 2000));
        assert!(!due(599, 5000), "the same tenth");
        assert!(due(600, 5000));
        assert!(!due(650, 14_999));
        assert!(due(650, 15_000), "ten seconds without a tenth");
        assert!(!pace.due_at(0, 0, start), "nothing to count");
    }

    #[test]
    fn times_are_about() {
        let said = |seconds| about(Duration::from_secs(seconds));
        assert_eq!(
            [0, 42, 89, 90, 200, 3600, 5400].map(said),
            ["0 s", "42 s", "89 s", "2 min", "3 min", "60 min", "1.5 h"]
        );
    }

    #[test]
    fn the_time_left_is_that_of_all_work_at_its_mean_rate() {
        let (mut left, start) = (Left::new(1000), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(left.at(10, at(5000)), None, "not begun");
        left.begin(10, at(5000));
        left.begin(99, at(9000));
        assert_eq!(left.at(20, at(5900)), None, "too early");
        assert_eq!(left.at(10, at(7000)), None, "nothing done");
        assert_eq!(left.at(20, at(6000)), Some(Duration::from_secs(98)));
        assert_eq!(left.at(1000, at(6000)), Some(Duration::ZERO));
        // Half of it is there already.
        left.resize(500);
        assert_eq!(left.at(20, at(6000)), Some(Duration::from_secs(48)));
    }

    #[test]
    fn a_bar_that_nobody_sees_counts_all_the_same() {
        let bar = ProgressBar::hidden();
        bar.set_length(8);
        bar.inc(2);
        assert_eq!(words(&bar), " 25 %     0 s");
    }
}
