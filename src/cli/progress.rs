//! Live progress: bars where stderr is a terminal, a line per evaluation point elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use unlearn::record::{Phase, Point};

/// Shows how far a run is.
pub(crate) struct Progress {
    live: bool,
    bar: ProgressBar,
    phase: Option<Phase>,
    started: Instant,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            live: stderr().is_terminal(),
            bar: ProgressBar::hidden(),
            phase: None,
            started: Instant::now(),
        }
    }

    /// A line of text, above the bars.
    pub(crate) fn note(&self, text: &str) {
        if self.live {
            self.bar.suspend(|| super::say!("{text}"));
        } else {
            super::say!("{text}");
        }
    }

    pub(crate) fn begin(&mut self, phase: Phase, steps: u32) {
        self.end();
        self.phase = Some(phase);
        self.started = Instant::now();
        if self.live {
            self.bar = ProgressBar::new(steps.into()).with_prefix(phase.name());
            let style = ProgressStyle::with_template(
                "{prefix:8} {bar:24.cyan/dim} {percent:>3} %  {msg}  {eta} left",
            );
            if let Ok(style) = style {
                self.bar.set_style(style.progress_chars("━╸─"));
            }
        }
    }

    pub(crate) fn advance(&self, steps: u32) {
        self.bar.inc(steps.into());
    }

    pub(crate) fn evaluated(&self, points: &[Point]) {
        let Some(main) = points.first() else { return };
        let figures = &main.figures;
        let loss = main
            .train_loss
            .as_ref()
            .map_or(String::new(), |l| format!("loss {:.3}  ", l.mean));
        let text = format!(
            "{}: {loss}test {:.1} %  forget {:.1} %  retain {:.1} %",
            main.arm.name(),
            100.0 * figures.test_accuracy.mean,
            100.0 * figures.forget_accuracy.mean,
            100.0 * figures.retain_accuracy.mean,
        );
        if self.live {
            self.bar.set_message(text);
        } else {
            super::say!(
                "{:8} epoch {:5.2}  step {:6}  {text}  {:.1} s",
                main.phase.name(),
                main.epoch,
                main.step,
                main.seconds
            );
        }
    }

    /// Closes the present phase's bar, leaving its last line.
    pub(crate) fn end(&mut self) {
        if let (true, Some(phase)) = (self.live, self.phase.take()) {
            let text = self.bar.message();
            self.bar.finish_and_clear();
            super::say!(
                "{:8} {:6.1} s  {text}",
                phase.name(),
                self.started.elapsed().as_secs_f64()
            );
        }
    }
}
