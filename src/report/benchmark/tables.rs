//! The page's tables.

use super::roofline::Dot;
use super::{figure, number, size, text, time};
use crate::bench::CHANGE;
use crate::bench::report::{Ceilings, Compared, Comparison, KernelRow, Measured, Report, Verdict};
use crate::report::sheet::{Cell, NONE, Part, Row, Shade};

/// A row of figures.
fn row<const N: usize>(name: impl Into<String>, cells: [String; N]) -> Row {
    Row::new(name, cells.map(Cell::from))
}

fn percent(share: f64) -> String {
    match share.is_finite() {
        true => format!("{:.0} %", 100.0 * share),
        false => NONE.to_owned(),
    }
}

pub(super) fn ceilings(c: &Ceilings, timing: &str) -> Vec<Part> {
    let rows = [
        ("arithmetic", format!("{} GFLOP/s", figure(c.gflops))),
        ("memory: read", format!("{} GB/s", figure(c.read_gbs))),
        ("memory: written", format!("{} GB/s", figure(c.write_gbs))),
        ("memory: copied", format!("{} GB/s", figure(c.gbs))),
        (
            "workgroup memory",
            format!("{} GB/s", figure(c.workgroup_gbs)),
        ),
        ("host to device", format!("{} GB/s", figure(c.upload_gbs))),
        ("device to host", format!("{} GB/s", figure(c.download_gbs))),
        ("an empty dispatch", time(c.empty_dispatch_us)),
        ("a dispatch that waits", time(c.dependent_dispatch_us)),
    ];
    vec![
        text(format!(
            "What the device can do at the most, measured by kernels that do nothing else, timed by {timing}. \
             Copied bytes count twice."
        )),
        Part::table(
            ["", "at the most"],
            rows.map(|(name, text)| row(name, [text])),
        ),
    ]
}

/// The fastest variant of each kernel at each shape.
pub(super) fn fastest(report: &Report) -> impl Iterator<Item = &Measured> {
    let measured = |row: &'_ KernelRow| row.measured.as_ref().map(|m| m.time.us);
    report.kernels.iter().filter_map(move |row| {
        let own = measured(row)?;
        let rivals = report.kernels.iter();
        let mut rivals = rivals.filter(|r| r.kernel == row.kernel && r.shape == row.shape);
        let beaten = rivals.any(|rival| measured(rival).is_some_and(|us| us < own));
        row.measured.as_ref().filter(|_| !beaten)
    })
}

pub(super) fn kernels(report: &Report, dots: &[Dot]) -> Vec<Part> {
    let mut rows = Vec::new();
    let mut last = "";
    for (at, kernel) in report.kernels.iter().enumerate() {
        if kernel.kernel != last {
            last = &kernel.kernel;
            rows.push(Row::new(last, []));
        }
        let group = number(dots, at).map_or_else(String::new, |n| format!("{n} · "));
        let name = format!("{group}{} {}", kernel.variant, kernel.shape);
        rows.push(row(name, kernel_cells(kernel)));
    }
    let head = [
        "variant and shape",
        "time",
        "spread",
        "GFLOP/s",
        "GB/s",
        "working\nset",
        "bound by",
        "share\nof bound",
        "clock",
    ];
    vec![
        text(
            "Every variant was first held against its reference, then timed: the median, and half the interquartile \
             range as its spread. The bound is the longest of its operations at the arithmetic ceiling, its bytes \
             at what memory allows of its working set, and a launch. Numbers are those of the roofline.",
        ),
        Part::table(head, rows),
    ]
}

fn kernel_cells(kernel: &KernelRow) -> [String; 8] {
    let Some(m) = &kernel.measured else {
        let why = match kernel.failure {
            Some(_) => "wrong",
            None => "no room",
        };
        let mut cells = [NONE; 8].map(str::to_owned);
        cells[0] = why.to_owned();
        return cells;
    };
    [
        time(m.time.us),
        percent(m.time.spread()),
        figure(m.gflops),
        figure(m.gbs),
        size(kernel.working_set),
        m.bound_by.clone(),
        percent(m.share),
        m.samples.remark().unwrap_or_else(|| "held".to_owned()),
    ]
}

pub(super) fn steps(report: &Report) -> Vec<Part> {
    let rows = report.steps.iter().map(|step| {
        let mut parts: Vec<_> = step.parts.iter().collect();
        parts.sort_by(|a, b| b.us.total_cmp(&a.us));
        let longest = parts.first().map_or(NONE.to_owned(), |part| {
            format!("{} {}", part.kernel, percent(part.share))
        });
        let spread = (step.us_high - step.us_low) / (2.0 * step.us_per_step);
        row(
            step.learners.to_string(),
            [
                time(step.us_per_step),
                percent(spread),
                time(step.device_us_per_step),
                time(1e6 * step.seconds_per_learner_epoch),
                figure(step.gflops),
                longest,
                step.samples.remark().unwrap_or_else(|| "held".to_owned()),
            ],
        )
    });
    let head = [
        "learners",
        "a step",
        "spread",
        "on the\ndevice",
        "learner\nand epoch",
        "GFLOP/s",
        "longest part",
        "clock",
    ];
    let mut all = vec![
        text(
            "Steps of 784-128-64-10 with batch 64, by the wall clock as a run sees them, and on the device alone.",
        ),
        Part::table(head, rows),
    ];
    if !report.left_out.is_empty() {
        all.push(Part::List(report.left_out.clone()));
    }
    all
}

pub(super) fn comparison(c: &Comparison) -> Vec<Part> {
    let how = match c.interleaved {
        true => "Both programs took turns, each in processes of its own.",
        false => {
            "Some time lies between the two reports: the intervals are wider by what runs of one program differ."
        }
    };
    let mut all = vec![text(format!(
        "{how} A verdict needs the whole 95 % interval of the ratio beyond, or within, {:.0} %.",
        100.0 * c.margin
    ))];
    if !c.differences.is_empty() {
        all.push(Part::List(c.differences.clone()));
    }
    let head = ["", "before", "now", "before\nby now", "95 %", "verdict"];
    all.push(Part::table(head, c.rows.iter().map(compared)));
    all
}

fn compared(c: &Compared) -> Row {
    let interval = match c.low.is_finite() {
        true => format!("{:.2}–{:.2}", c.low, c.high),
        false => NONE.to_owned(),
    };
    let verdict = match c.why.as_str() {
        "" => c.verdict.name().to_owned(),
        why => format!("{}: {why}", c.verdict.name()),
    };
    let mut row = row(
        &c.what,
        [
            time(c.old_us),
            time(c.new_us),
            figure(c.ratio),
            interval,
            verdict,
        ],
    );
    let shade = match c.verdict {
        Verdict::Faster => Some(Shade::Inside),
        Verdict::Slower => Some(Shade::Farther),
        Verdict::Same | Verdict::CannotSay => None,
    };
    if let Some(cell) = row.cells.last_mut() {
        cell.shade = shade;
    }
    row
}

/// Whether the clock held.
pub(super) fn clock(report: &Report) -> Vec<Part> {
    let kernels = report.kernels.iter().filter_map(|row| {
        let samples = &row.measured.as_ref()?.samples;
        Some((
            format!("{} {} {}", row.kernel, row.variant, row.shape),
            samples,
        ))
    });
    let steps = report.steps.iter();
    let steps = steps.map(|row| (format!("a step of {} learners", row.learners), &row.samples));
    let all: Vec<_> = kernels.chain(steps).collect();
    let looks = all.iter().flat_map(|(_, samples)| &samples.clock);
    let (low, high) = looks.fold((f64::INFINITY, 0.0f64), |(low, high), look| {
        (low.min(*look), high.max(*look))
    });
    if high == 0.0 {
        return vec![text("Whether the clock held is unknown.")];
    }
    let unsteady = all
        .iter()
        .filter_map(|(name, samples)| Some(format!("{name}: {}", samples.remark()?)));
    let unsteady: Vec<String> = unsteady.collect();
    let range = format!(
        "Before, between and after the rounds of every measurement the same short arithmetic ran. Its rate was \
         between {} and {} of the first one.",
        percent(low),
        percent(high)
    );
    if unsteady.is_empty() {
        let held = format!(" It changed by less than {} during each.", percent(CHANGE));
        return vec![text(range + &held)];
    }
    let text_after = format!(
        " It changed by more than {} during {} of {} measurements, whether by heat or by another program; a \
         comparison says nothing of these:",
        percent(CHANGE),
        unsteady.len(),
        all.len()
    );
    vec![text(range + &text_after), Part::List(unsteady)]
}
