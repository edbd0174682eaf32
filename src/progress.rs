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
    fn a_bar_that_nobody_sees_counts_all_the_same() {
        let bar = ProgressBar::hidden();
        bar.set_length(8);
        bar.inc(2);
        assert_eq!(words(&bar), " 25 %     0 s");
    }
}
