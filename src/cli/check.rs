//! `unlearn check`.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use unlearn::check::report::{DeviceReport, Failure, Report, Row};
use unlearn::check::{Fill, Options, Shape, Subject, Watch, check};
use unlearn::device;
use unlearn::device::{Opened, gpu::Opening};
use unlearn::error::{Error, Result};

use super::{Output, mutants};

/// What to check, and where.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Which devices: all (every adapter, and the CPU), auto (the best adapter), cpu, or an
    /// adapter's number or name (see `unlearn devices`)
    #[arg(long, value_name = "all|auto|cpu|INDEX|NAME", default_value = "all")]
    device: String,
    /// Only this kernel, or `training` for whole steps
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// Only this variant: plain, small, shared, split, mirrored, lanes, or on the CPU blas or twin
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Only this shape: rows, inputs, outputs and learners, such as 64x784x128x4
    #[arg(long, value_name = "RxIxOxL", requires = "kernel")]
    shape: Option<Shape>,
    /// Only these contents of the buffers: random, exact (small integers), tiny (zeros, subnormal
    /// and tiny numbers among random ones) or large (some rows are 1e15 times as large)
    #[arg(long, value_name = "FILL", value_parser = fill)]
    fill: Option<Fill>,
    /// Seed of all numbers and of the random shapes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Measure the check itself: plant faults in the shaders (the plain variants, unless --variant
    /// says otherwise), and count how many it finds
    #[arg(long, conflicts_with_all = ["shape", "fill", "json", "plant"])]
    mutants: bool,
    /// Plant the fault with this number, from 0, in the kernel's shader, to see what a failure
    /// looks like
    #[arg(long, value_name = "N", requires = "kernel")]
    plant: Option<usize>,
    /// Write the whole report to a file, or to stdout with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn fill(text: &str) -> std::result::Result<Fill, String> {
    let found = Fill::ALL.into_iter().find(|fill| fill.name() == text);
    found.ok_or_else(|| "give random, exact, tiny or large".to_owned())
}

/// Checks, prints the table, and says whether all is right.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let options = Options {
        kernel: arguments.kernel.clone(),
        variant: arguments.variant.clone(),
        shape: arguments.shape,
        fill: arguments.fill,
        seed: arguments.seed,
        plant: arguments.plant,
    };
    if arguments.mutants {
        return mutants::run(&arguments.device, &options);
    }
    options.validate()?;
    let planting = arguments.plant.is_some();
    if planting && arguments.device == "cpu" {
        return Err(Error::Usage(
            "the CPU's kernels are not made from shaders: give --plant an adapter".to_owned(),
        ));
    }
    let opening = Opening {
        checked: planting,
        ..Opening::default()
    };
    let output = arguments.json.as_deref().map(Output::new).transpose()?;
    let mut devices = device::open_all(&arguments.device, opening)?;
    devices.retain(|opened| !(planting && opened.spec == "cpu"));
    // Where the report goes to stdout, nothing else does.
    let mut table = Table::new(!matches!(output, Some(Output::Stdout)));
    let (mut subjects, mut unopened) = (Vec::new(), Vec::new());
    for Opened {
        spec,
        record,
        device,
    } in devices
    {
        table.line(&super::headline(&spec, &record))?;
        match device {
            Ok(device) => subjects.push(Subject { spec, device }),
            Err(e) => {
                table.line(&format!("  not checked: {e}"))?;
                unopened.push(DeviceReport::unopened(&spec, &record, &e));
            }
        }
    }
    let fault = options.fault();
    if let Some((fault, _)) = &fault {
        table.line(&format!("planted: {fault}"))?;
    }
    table.head()?;
    let mut report = check(&subjects, &options, &mut table)?;
    report.passed &= unopened.is_empty();
    report.devices.extend(unopened);
    table.end(&report)?;
    if let (Some((_, argument)), true) = (fault, report.passed) {
        table.line(&match argument {
            Some(why) => format!("The planted fault shows nowhere, as is known: {why}."),
            None => "The planted fault was not found.".to_owned(),
        })?;
    }
    match output.map_or(Ok(()), |output| output.write(&report)) {
        // That something is wrong must not get lost because its report did.
        Err(e) if !report.passed => say!("error: {e}"),
        written => written?,
    }
    Ok(report.passed)
}

/// The table, a line at a time, with a bar below it where someone watches.
struct Table {
    bar: ProgressBar,
    visible: bool,
}

impl Table {
    fn new(visible: bool) -> Self {
        Self {
            bar: ProgressBar::hidden(),
            visible,
        }
    }

    fn head(&self) -> Result<()> {
        self.line(&format!(
            "\n{:<23} {:<8} {:>6} {:>7} {:>12} {:>8}  verdict",
            "kernel", "variant", "device", "cases", "error/bound", "time"
        ))
    }

    fn line(&self, text: &str) -> Result<()> {
        match self.visible {
            true => self.bar.suspend(|| super::print(text)),
            false => Ok(()),
        }
    }

    fn end(&self, report: &Report) -> Result<()> {
        self.bar.finish_and_clear();
        for device in &report.devices {
            for row in &device.rows {
                if let Some(failure) = &row.failure {
                    self.line(&failed(device, row, failure))?;
                }
            }
            if let Some(why) = &device.stopped {
                let name = &device.device.name;
                self.line(&format!(
                    "\nSTOPPED: {name} was not checked to the end: {why}"
                ))?;
            }
        }
        self.line(&summary(report))
    }
}

/// A failure, whole.
fn failed(device: &DeviceReport, row: &Row, failure: &Failure) -> String {
    let (d, m) = (&device.device, &failure.mismatch);
    let mut text = format!(
        "\nWRONG: {}/{} on {} ({}; {})",
        row.kernel, row.variant, d.name, d.backend, d.driver
    );
    if let (Some(shape), Some(fill)) = (failure.shape, failure.fill) {
        let (fill, seed) = (fill.name(), failure.seed);
        text += &format!(
            "\n  case      {shape} (rows x inputs x outputs x learners), {fill}, seed {seed}"
        );
    }
    for (label, value) in [
        ("where", &m.place),
        ("got", &m.got),
        ("expected", &m.expected),
        ("bound", &m.bound),
        ("again", &failure.command),
    ] {
        text += &format!("\n  {label:<9} {value}");
    }
    text
}

fn summary(report: &Report) -> String {
    let cases: u32 = report.devices.iter().map(|d| d.cases()).sum();
    let worst = report
        .devices
        .iter()
        .filter_map(|d| d.worst())
        .reduce(f64::max);
    let rows = || report.devices.iter().flat_map(|d| &d.rows);
    let wrong = rows().filter(|row| row.failure.is_some()).count();
    let not_run = rows().filter(|row| row.cases == 0).count();
    let stopped = report
        .devices
        .iter()
        .filter(|d| d.stopped.is_some())
        .count();
    let worst = worst.map_or(String::new(), |w| {
        format!(" The worst error is {w:.3} of its bound.")
    });
    let seconds = report.seconds;
    if report.passed {
        return format!("\nAll {cases} cases are right.{worst} {seconds:.0} s.");
    }
    let mut parts = Vec::new();
    for (count, one, many) in [
        (
            wrong,
            "variant of a kernel is wrong",
            "variants of kernels are wrong",
        ),
        (not_run, "variant was not run", "variants were not run"),
        (
            stopped,
            "device was not checked to the end",
            "devices were not checked to the end",
        ),
    ] {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            n => parts.push(format!("{n} {many}")),
        }
    }
    format!("\nNot passed: {}. {seconds:.0} s.", parts.join("; "))
}

impl Watch for Table {
    fn begin(&mut self, kernel: &str, work: u64) {
        if self.visible {
            self.bar.finish_and_clear();
            self.bar = super::counting_bar(work, kernel);
        }
    }

    fn advance(&mut self, work: u64) {
        self.bar.inc(work);
    }

    fn row(&mut self, subject: &Subject, row: &Row) {
        let worst = match row.worst {
            Some(worst) => format!("{worst:.3}"),
            None if row.exact && row.cases > 0 => "exact".to_owned(),
            None => "-".to_owned(),
        };
        let verdict = match (&row.failure, row.skipped) {
            (Some(_), _) => "WRONG".to_owned(),
            (None, 0) if row.cases == 0 => "not run".to_owned(),
            (None, n) if row.cases == 0 => format!("not run; no room for {n}"),
            (None, 0) => "ok".to_owned(),
            (None, n) => format!("ok; no room for {n}"),
        };
        // A closed stdout ends the table, not the check.
        let _ = self.line(&format!(
            "{:<23} {:<8} {:>6} {:>7} {:>12} {:>6.1} s  {verdict}",
            row.kernel, row.variant, subject.spec, row.cases, worst, row.seconds
        ));
    }
}
