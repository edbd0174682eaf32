//! Live progress on stderr: bars on terminals, lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use unlearn::progress::{self, Pace, SILENCE};
use unlearn::record::Point;
use unlearn::threads;

/// Shows a run's progress: a bar, or a line for each evaluation.
pub(crate) struct RunProgress {
    bar: ProgressBar,
    /// The name of the current phase.
    phase: Option<String>,
    started: Instant,
    /// Time of the last line.
    said: Instant,
}

const PHASE: &str =
    "{prefix:8} {wide_bar:.cyan/dim} {percent:>3} %  {eta:>3} left\n         {wide_msg}";

impl RunProgress {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            phase: None,
            started: Instant::now(),
            said: Instant::now(),
        }
    }

    /// Prints a line of text above the bars.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| super::text::note(text));
    }

    /// A phase of `steps` steps begins, `done` of which are done.
    pub(crate) fn begin(&mut self, phase: &str, steps: u64, done: u64) {
        self.end();
        self.phase = Some(phase.to_owned());
        self.started = Instant::now();
        self.said = self.started;
        self.bar = progress::bar(steps, PHASE).with_prefix(phase.to_owned());
        self.bar.set_position(done);
    }

    /// Says that the current phase began, where no bar shows it.
    pub(crate) fn say_begun(&self) {
        if let (Some(phase), true) = (&self.phase, self.bar.is_hidden()) {
            super::say!("{phase:8} looking into the networks");
        }
    }

    pub(crate) fn advance(&mut self, steps: u64) {
        self.bar.inc(steps);
        // Evaluations may be far apart.
        if let (Some(phase), true) = (&self.phase, self.bar.is_hidden())
            && self.said.elapsed() >= SILENCE
        {
            self.said = Instant::now();
            super::say!("{phase:8} {}", progress::words(&self.bar));
        }
    }

    pub(crate) fn evaluated(&mut self, points: &[Point]) {
        let Some(main) = points.first() else { return };
        let text = figures(main);
        if self.bar.is_hidden() {
            self.said = Instant::now();
            super::say!(
                "{:8} epoch {:5.2}  {:4.0} s  {text}",
                main.phase.name(),
                main.epoch,
                main.seconds
            );
        } else {
            self.bar.set_message(text);
        }
    }

    /// Closes the current phase's bar, leaving its last line.
    pub(crate) fn end(&mut self) {
        let phase = self.phase.take();
        if let (Some(phase), false) = (phase, self.bar.is_hidden()) {
            let text = self.bar.message();
            self.bar.finish_and_clear();
            super::say!(
                "{phase:8} {:6.1} s  {text}",
                self.started.elapsed().as_secs_f64()
            );
        }
    }
}

/// The current figures of the phase's main arm, in columns.
fn figures(point: &Point) -> String {
    let loss = match point.train_loss.as_ref().map(|loss| loss.mean) {
        None => "-".to_owned(),
        Some(loss) if loss < 10.0 => format!("{loss:.3}"),
        Some(loss) => format!("{loss:.1e}"),
    };
    let f = &point.figures;
    let [test, forget, retain] = [&f.test_accuracy, &f.forget_accuracy, &f.retain_accuracy]
        .map(|spread| 100.0 * spread.mean)
        .map(|share| format!("{share:.*}", usize::from(share < 99.95)));
    format!("loss {loss:>5}  test {test:>4}  forget {forget:>4}  retain {retain:>4} %")
}

/// The template of a wait.
const WAIT: &str = "{elapsed:>4}  {wide_msg}";

/// Shows the progress of countable work: a bar, or occasional lines.
pub(crate) struct Counter {
    bar: ProgressBar,
    pace: Pace,
}

impl Counter {
    /// Without work so far.
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            pace: Pace::new(),
        }
    }

    /// Work of `length` begins; 0 is a wait, which nothing advances.
    pub(crate) fn begin(&mut self, what: &str, length: u64) {
        self.end();
        let template = match length {
            0 => WAIT,
            _ => progress::COUNT,
        };
        self.bar = progress::bar(length, template).with_message(what.to_owned());
        self.pace = Pace::new();
        if length == 0 {
            self.tick(Duration::from_secs(1));
        }
    }

    pub(crate) fn advance(&self, count: u64) {
        self.bar.inc(count);
        if self.pace.due(&self.bar) {
            super::say!("{}  {}", progress::words(&self.bar), self.bar.message());
        }
    }

    /// Redraws the bar periodically.
    pub(crate) fn tick(&self, interval: Duration) {
        if !self.bar.is_hidden() && threads::another() {
            self.bar.enable_steady_tick(interval);
        }
    }

    /// Prints to stderr, above the bar.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| super::text::note(text));
    }

    /// Prints to stdout, above the bar.
    pub(crate) fn print(&self, text: &str) -> unlearn::error::Result<()> {
        self.bar.suspend(|| super::print(text))
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
