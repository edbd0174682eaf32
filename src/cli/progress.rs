//! Live progress on stderr: bars on terminals, lines elsewhere.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState};
use unlearn::progress::{self, Left, Pace, SILENCE, about};
use unlearn::record::{Phase, Point};
use unlearn::run::{LOOKS, Work};
use unlearn::threads;

/// A bar for all of some work, with the time left.
struct Whole {
    bar: ProgressBar,
    left: Left,
    /// Seconds left, for the bar.
    shown: Arc<AtomicU64>,
}

/// Seconds left where they are not known.
const UNKNOWN: u64 = u64::MAX;

impl Whole {
    /// Of unknown work, without a bar.
    fn hidden() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            left: Left::new(0),
            shown: Arc::new(AtomicU64::new(UNKNOWN)),
        }
    }

    /// Of this much work.
    fn new(total: u64, template: &str) -> Self {
        let bar = progress::bar(total, template);
        let shown = Arc::new(AtomicU64::new(UNKNOWN));
        let seconds = shown.clone();
        let left = move |_: &ProgressState, to: &mut dyn Write| {
            let _ = match seconds.load(Relaxed) {
                UNKNOWN => Ok(()),
                seconds => write!(to, "{} left", about(Duration::from_secs(seconds))),
            };
        };
        let style = bar.style().with_key("left", left);
        Self {
            bar: bar.with_style(style),
            left: Left::new(total),
            shown,
        }
    }

    /// So much is done.
    fn place(&mut self, done: u64) {
        let left = self.left.at(done, Instant::now());
        self.shown
            .store(left.map_or(UNKNOWN, |left| left.as_secs()), Relaxed);
        self.bar.set_position(done);
    }

    /// ", 3 min left", where that is known.
    fn words(&self) -> String {
        match self.shown.load(Relaxed) {
            UNKNOWN => String::new(),
            seconds => format!(", {} left", about(Duration::from_secs(seconds))),
        }
    }
}

/// Shows a run's progress: a bar for all of it, or a line for each evaluation.
pub(crate) struct RunProgress {
    whole: Whole,
    work: Option<Work>,
    /// The current phase, and when it began.
    now: Option<(String, Instant)>,
    /// The phase that trains, and its step; none while looking inside.
    training: Option<Training>,
    /// Time of the last line.
    said: Instant,
}

/// Where training is.
struct Training {
    phase: Phase,
    step: u32,
    /// The step of the last evaluation.
    evaluated: Option<u32>,
}

const RUN: &str = "run      {wide_bar:.cyan/dim} {percent:>3} %  {left}\n{prefix:8} {wide_msg}";

impl RunProgress {
    pub(crate) fn new() -> Self {
        Self {
            whole: Whole::hidden(),
            work: None,
            now: None,
            training: None,
            said: Instant::now(),
        }
    }

    /// Prints a line of text above the bars.
    pub(crate) fn note(&self, text: &str) {
        self.whole.bar.suspend(|| super::text::note(text));
    }

    /// The run is this much work.
    pub(crate) fn plan(&mut self, work: Work) {
        self.whole = Whole::new(work.total(), RUN);
        self.work = Some(work);
    }

    /// A phase begins, `done` steps of which are done.
    pub(crate) fn phase(&mut self, phase: Phase, done: u32) {
        self.begin(phase.name());
        self.training = Some(Training {
            phase,
            step: done,
            evaluated: (done > 0).then_some(done),
        });
        self.place(|work| work.evaluated(phase, done));
    }

    /// Looking inside begins.
    pub(crate) fn look(&mut self) {
        self.begin("inside");
        self.training = None;
        if self.whole.bar.is_hidden() {
            super::say!("inside   looking into the networks");
        }
        self.place(Work::phases);
    }

    fn begin(&mut self, phase: &str) {
        self.close();
        let now = Instant::now();
        self.now = Some((phase.to_owned(), now));
        self.said = now;
        self.whole.bar.set_prefix(phase.to_owned());
        self.whole.bar.set_message("");
    }

    /// So much of the run is done.
    fn place(&mut self, done: impl Fn(&Work) -> u64) {
        let Some(work) = &self.work else { return };
        self.whole.place(done(work));
    }

    /// Steps of training, or parts of looking inside, are done.
    pub(crate) fn advance(&mut self, units: u64) {
        let done = self.whole.bar.position();
        self.whole.left.begin(done, Instant::now());
        match &mut self.training {
            Some(Training {
                phase,
                step,
                evaluated,
            }) => {
                *step = step.saturating_add(u32::try_from(units).unwrap_or(u32::MAX));
                let (phase, last, step) = (*phase, *evaluated, *step);
                self.place(|work| work.trained(phase, last, step));
            }
            None => self.place(|work| done + units * (work.total() - work.phases()) / LOOKS),
        }
        // Evaluations may be far apart.
        if let (Some((phase, _)), true) = (&self.now, self.whole.bar.is_hidden())
            && self.said.elapsed() >= SILENCE
        {
            self.said = Instant::now();
            super::say!(
                "{phase:8} {}{}",
                progress::words(&self.whole.bar),
                self.whole.words()
            );
        }
    }

    pub(crate) fn evaluated(&mut self, points: &[Point]) {
        let Some(main) = points.first() else { return };
        let (phase, step) = (main.phase, main.step);
        self.training = Some(Training {
            phase,
            step,
            evaluated: Some(step),
        });
        self.place(|work| work.evaluated(phase, step));
        let text = figures(main);
        if self.whole.bar.is_hidden() {
            self.said = Instant::now();
            super::say!(
                "{:8} epoch {:5.2}  {:4.0} s  {text}",
                main.phase.name(),
                main.epoch,
                main.seconds
            );
        } else {
            self.whole.bar.set_message(text);
        }
    }

    /// Leaves the bar, and the current phase's last line.
    pub(crate) fn end(&mut self) {
        self.close();
        self.whole.bar.finish_and_clear();
    }

    /// Leaves the current phase's last line.
    fn close(&mut self) {
        let Some((phase, started)) = self.now.take() else {
            return;
        };
        if self.whole.bar.is_hidden() {
            return;
        }
        let (text, seconds) = (self.whole.bar.message(), started.elapsed().as_secs_f64());
        self.whole
            .bar
            .suspend(|| super::say!("{phase:8} {seconds:6.1} s  {text}"));
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

/// Shows the progress of tasks of known work, one after another: a bar for all of it, or lines.
pub(crate) struct Tasks {
    whole: Whole,
    pace: Pace,
}

const TASKS: &str = "{wide_bar:.cyan/dim} {percent:>3} %  {left}\n{elapsed:>4}  {wide_msg}";

impl Tasks {
    /// Of this much work.
    pub(crate) fn new(total: u64) -> Self {
        let whole = Whole::new(total, TASKS);
        if !whole.bar.is_hidden() && threads::another() {
            whole.bar.enable_steady_tick(Duration::from_secs(1));
        }
        Self {
            whole,
            pace: Pace::new(),
        }
    }

    /// A task begins.
    pub(crate) fn begin(&self, what: &str) {
        self.whole.bar.set_message(what.to_owned());
    }

    /// So much is done, of so much.
    pub(crate) fn place(&mut self, done: u64, of: u64) {
        let whole = &mut self.whole;
        whole.left.resize(of);
        whole.bar.set_length(of);
        if done > 0 {
            whole.left.begin(done, Instant::now());
        }
        whole.place(done);
        if self.pace.due(&whole.bar) {
            let (done, left) = (progress::words(&whole.bar), whole.words());
            super::say!("{done}  {}{left}", whole.bar.message());
        }
    }

    /// Prints to stderr, above the bar.
    pub(crate) fn note(&self, text: &str) {
        self.whole.bar.suspend(|| super::text::note(text));
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.whole.bar.is_hidden()
    }

    pub(crate) fn end(&self) {
        self.whole.bar.finish_and_clear();
    }
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
