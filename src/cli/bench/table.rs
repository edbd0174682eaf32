//! What `unlearn bench` prints.

use std::time::Duration;

use unlearn::bench::Observer;
use unlearn::bench::report::{
    Ceilings, Compared, Comparison, KernelRow, Samples, StepRow, Verdict,
};
use unlearn::error::Result;
use unlearn::progress::Progress;

use crate::cli::progress::Counter;
use crate::cli::text::{beside, fold};

/// The table, a line at a time, with a progress bar below it on terminals.
pub(super) struct Table {
    pub(super) counter: Counter,
    visible: bool,
    /// The heading above the last line.
    heading: &'static str,
    /// The kernel of the last line.
    kernel: String,
    /// The current device.
    spec: String,
    /// The flags with which a check sees the same case.
    flags: String,
    /// The flags that name a user's shader and its contract.
    shader: Option<String>,
}

/// Marks a figure that could not be measured.
const NONE: &str = "–";

/// Formats any other figure.
fn figure(value: f64, digits: usize) -> String {
    match value.is_finite() {
        true => format!("{value:.digits$}"),
        false => NONE.to_owned(),
    }
}

/// Formats microseconds in a suitable unit.
fn time(us: f64) -> String {
    match us.abs() {
        n if !n.is_finite() => NONE.to_owned(),
        n if n < 1e3 => format!("{us:.1} µs"),
        n if n < 1e6 => format!("{:.2} ms", 1e-3 * us),
        _ => format!("{:.2} s ", 1e-6 * us),
    }
}

/// Formats a rate to about three digits; empty if there is nothing to count or it could not be measured.
fn rate(value: f64) -> String {
    match value {
        0.0 => NONE.to_owned(),
        n if !n.is_finite() => NONE.to_owned(),
        n if n < 10.0 => format!("{n:.2}"),
        n if n < 100.0 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

/// What must be said of a time whose clock did not hold, on a line of its own.
fn remark(samples: &Samples) -> String {
    let remark = samples.remark();
    remark.map_or_else(String::new, |text| format!("\n    {text} meanwhile"))
}

impl Table {
    pub(super) fn new(visible: bool, flags: String, shader: Option<String>) -> Self {
        Self {
            shader,
            spec: String::new(),
            flags,
            counter: Counter::new(),
            visible,
            heading: "",
            kernel: String::new(),
        }
    }

    /// Starts a new device.
    pub(super) fn device(&mut self, spec: &str, headline: &str) -> Result<()> {
        if !self.spec.is_empty() {
            self.line("")?;
        }
        (self.spec, self.heading) = (spec.to_owned(), "");
        self.kernel.clear();
        self.line(headline)
    }

    pub(super) fn line(&self, text: &str) -> Result<()> {
        match self.visible {
            true => self.counter.print(text),
            false => Ok(()),
        }
    }

    /// The command that checks a wrong kernel.
    fn again(&self, row: &KernelRow) -> String {
        let (kernel, variant, shape) = (&row.kernel, &row.variant, &row.shape);
        if let Some(shader) = &self.shader {
            return format!(
                "unlearn check --device {} {shader} --sizes {shape} --fill random{}",
                self.spec, self.flags
            );
        }
        format!(
            "unlearn check --device {} --kernel {kernel} --variant {variant} --shape {shape} --fill \
             random{}",
            self.spec, self.flags
        )
    }

    /// Prints a line of a table, after its heading if that changed. A closed stdout ends the table,
    /// not the measurement.
    fn row(&mut self, heading: &'static str, text: &str) {
        if self.heading != heading {
            self.heading = heading;
            let _ = self.line(&format!("\n{heading}"));
        }
        let _ = self.line(text);
    }

    pub(super) fn comparison(&self, found: Option<&Comparison>) -> Result<()> {
        let Some(found) = found else {
            return self.line("\nnot compared: this device is not in the old report");
        };
        self.line(&fold(&format!("\ncompared with {}", found.with), 2))?;
        for difference in &found.differences {
            self.line(&fold(&format!("  {difference}"), 2))?;
        }
        for (side, names) in [
            ("only in the old report", &found.only_old),
            ("only now", &found.only_new),
        ] {
            if !names.is_empty() {
                self.line(&fold(&format!("  {side}: {}", names.join(", ")), 4))?;
            }
        }
        if found.rows.is_empty() {
            return self.line("  nothing that both have");
        }
        self.line(&format!("\n{COMPARED}"))?;
        for row in &found.rows {
            self.compared(row)?;
        }
        self.line(&fold(&summary(found), 2))
    }

    /// A row of a comparison: what it is about on a line of its own, where it does not fit.
    fn compared(&self, row: &Compared) -> Result<()> {
        let interval = match row.low.is_finite() {
            true => format!("{:.2}–{:.2}", row.low, row.high),
            false => NONE.to_owned(),
        };
        let figures = format!(
            " {:>10} {:>10} {:>5} {:>10}  ",
            time(row.old_us),
            time(row.new_us),
            figure(row.ratio, 2),
            interval
        );
        let verdict = match row.why.as_str() {
            "" => row.verdict.name().to_owned(),
            why => format!("{}: {why}", row.verdict.name()),
        };
        let name = match row.what.chars().count() > FIRST {
            true => format!("{}\n{:FIRST$}", row.what, ""),
            false => format!("{:<FIRST$}", row.what),
        };
        let (first, rest) = match figures.chars().count() + FIRST + verdict.chars().count() {
            width if width <= 80 => (verdict, String::new()),
            _ => (row.verdict.name().to_owned(), format!("\n    {}", row.why)),
        };
        self.line(&(name + &figures + &first + &rest))
    }
}

/// Columns of the names in a comparison.
const FIRST: usize = 28;

/// How many rows have each verdict.
fn summary(found: &Comparison) -> String {
    let all = [
        Verdict::Faster,
        Verdict::Slower,
        Verdict::Same,
        Verdict::CannotSay,
    ];
    let counts = all.map(|verdict| {
        let count = found.rows.iter().filter(|row| row.verdict == verdict);
        format!("{} {}", count.count(), verdict.name())
    });
    let turns = match found.interleaved {
        true => "",
        false => "; other times, so the intervals are wider by what runs differ, see docs/bench.md",
    };
    format!(
        "  {}, where the 95 % interval of old/new is beyond, or within, {:.0} %{turns}",
        counts.join(", "),
        100.0 * found.margin
    )
}

const COMPARED: &str =
    "                                    old        new old/new  95 %     verdict";
const KERNELS: &str = "kernel     shape                 time spread GFLOP/s   GB/s  bound    share";
const STEPS: &str = "learners        step  spread  on the device  s per learner-epoch  GFLOP/s";

impl Progress for Table {
    fn begin(&mut self, what: &str, measurements: u64) {
        self.counter.begin(what, measurements);
        // Some take long: show that they are still running.
        self.counter.tick(Duration::from_millis(500));
    }

    fn advance(&mut self, measurements: u64) {
        self.counter.advance(measurements);
    }
}

impl Observer for Table {
    fn ceilings(&mut self, c: &Ceilings) {
        let text = format!(
            "ceilings   {} GFLOP/s; memory {} GB/s read, {} written, {} copied; workgroup memory {} GB/s; \
             host to device {} GB/s, back {}; a dispatch {}, one that waits for another {}",
            rate(c.gflops),
            rate(c.read_gbs),
            rate(c.write_gbs),
            rate(c.gbs),
            rate(c.workgroup_gbs),
            rate(c.upload_gbs),
            rate(c.download_gbs),
            time(c.empty_dispatch_us).trim_end(),
            time(c.dependent_dispatch_us).trim_end(),
        );
        let _ = self.line(&fold(&text, 11));
        let points = c.curve.iter().map(|point| {
            let size = match point.bytes >> 20 {
                0 => format!("{} KiB", point.bytes >> 10),
                size => format!("{size} MiB"),
            };
            format!("{size} {}", rate(point.gbs))
        });
        let points: Vec<String> = points.collect();
        let _ = self.line(&fold(
            &format!("read       GB/s of working sets: {}", points.join(", ")),
            11,
        ));
    }

    fn kernel(&mut self, row: &KernelRow) {
        let head = match (&self.shader, row.shape.len()) {
            (None, _) => format!("  {:<8} {:<15}", row.variant, row.shape),
            (Some(_), ..=24) => format!("  {:<24}", row.shape),
            (Some(_), _) => format!("  {}\n  {:24}", row.shape, ""),
        };
        let rest = match (&row.measured, &row.failure) {
            (Some(m), _) => {
                format!(
                    " {:>10} {:>4} % {:>7} {:>6}  {:<7} {:>4} %",
                    time(m.time.us),
                    figure(100.0 * m.time.spread(), 0),
                    rate(m.gflops),
                    rate(m.gbs),
                    m.bound_by,
                    figure(100.0 * m.share, 0)
                ) + &remark(&m.samples)
            }
            (None, Some(m)) => {
                let what = format!("    {}. See", m.cause);
                let (what, again) = (fold(&what, 0), self.again(row));
                format!(" WRONG, so it was not timed:\n{what}\n    `{again}`")
            }
            (None, None) => " not timed: the device has no room for it".to_owned(),
        };
        let first = self.kernel != row.kernel;
        self.kernel.clone_from(&row.kernel);
        let name = if first {
            row.kernel.clone() + "\n"
        } else {
            String::new()
        };
        self.row(KERNELS, &(name + &head + &rest));
    }

    fn step(&mut self, row: &StepRow) {
        let spread = (row.us_high - row.us_low) / (2.0 * row.us_per_step);
        self.row(
            STEPS,
            &(format!(
                "{:>8} {:>11} {:>5} % {:>14} {:>20} {:>8}",
                row.learners,
                time(row.us_per_step),
                figure(100.0 * spread, 0),
                time(row.device_us_per_step),
                figure(row.seconds_per_learner_epoch, 4),
                rate(row.gflops)
            ) + &remark(&row.samples)),
        );
        let mut parts: Vec<_> = row.parts.iter().collect();
        parts.sort_by(|a, b| b.us.total_cmp(&a.us));
        let part = |p: &&unlearn::bench::report::StepPart| {
            format!("{} {} %", p.kernel, figure(100.0 * p.share, 0))
        };
        let parts: Vec<String> = parts.iter().map(part).collect();
        let _ = self.line(&beside("", 9, &parts.join(", ")));
    }

    fn left_out(&mut self, why: &str) {
        let _ = self.line(&fold(&format!("left out: {why}"), 10));
    }
}
