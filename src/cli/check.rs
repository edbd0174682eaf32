//! `unlearn check`.

mod probes;
pub(super) mod shader;

use std::path::{Path, PathBuf};

use clap::Args;
use unlearn::check::report::{DeviceReport, Failure, Report, Row};
use unlearn::check::{Known, OPEN, Observer, Options, Subject, check};
use unlearn::contract::Sizes;
use unlearn::device;
use unlearn::device::{INTERPRETER, Opened, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::kernels::{Fill, Shape};
use unlearn::progress::Progress;
use unlearn::reproducer::Reproducer;
use unlearn::shell::quoted;

use super::progress::Counter;
use super::text::{beside, fold};
use super::{Output, litmus, mutants, replay, rewrites};
use probes::Tally;

/// What to check, and where.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Which devices: all (every adapter, and the CPU), auto (the best adapter), cpu, an
    /// adapter's index or name (see `unlearn devices`), or interpreter (shaders run by their text
    /// alone, and what WGSL leaves undefined is found)
    #[arg(long, value_name = "all|auto|cpu|INDEX|NAME", default_value = "all")]
    device: String,
    /// Only this kernel, `training` for whole steps, `litmus` for tests of the memory model, or
    /// `probes` for known miscomputations
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// Only this variant: plain, small, shared, split, ink, mirrored or lanes; on the CPU, gemm or
    /// twin; of litmus tests a row or a test; of probes one of them
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Only this shape: rows, inputs, outputs and learners, such as 64x784x128x4
    #[arg(long, value_name = "RxIxOxL", requires = "kernel")]
    shape: Option<Shape>,
    /// Only these buffer contents: random, exact (small integers), tiny (zeros, subnormal and tiny
    /// numbers among random ones) or large (some rows are 1e15 times as large)
    #[arg(long, value_name = "FILL", value_parser = fill)]
    fill: Option<Fill>,
    /// Seed of all random numbers and shapes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Test the check itself: inject faults into the shaders (the plain variants, unless --variant
    /// says otherwise), and count how many it catches
    #[arg(long, conflicts_with_all = ["shape", "fill", "json", "plant"])]
    mutants: bool,
    /// Test the check itself: rewrite the shaders so that they compute the same, which must all pass; with
    /// =N only the rewrite with this number
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with_all = ["shape", "fill", "json", "plant", "mutants"]
    )]
    rewrites: Option<Option<usize>>,
    /// Inject the fault with this number, from 0, into the kernel's shader, to see what a failure
    /// looks like
    #[arg(long, value_name = "N", requires = "kernel")]
    plant: Option<usize>,
    /// Check a compute shader of your own, as its contract says
    #[arg(long, value_name = "FILE", value_parser = super::path(), conflicts_with_all = ["kernel", "variant", "shape", "plant", "rewrites", "replay"])]
    shader: Option<PathBuf>,
    /// The shader's contract; by default the .toml file beside it
    #[arg(long, value_name = "FILE", value_parser = super::path(), requires = "shader")]
    contract: Option<PathBuf>,
    /// Only these sizes of the contract, such as rows=64,cols=7
    #[arg(long, value_name = "NAME=N,…", requires = "shader")]
    sizes: Option<Sizes>,
    /// Write a first contract for a compute shader beside it
    #[arg(long, value_name = "FILE", value_parser = super::path(), exclusive = true)]
    init: Option<PathBuf>,
    /// Where to put a folder for each failure, from which it runs again anywhere; nothing is overwritten
    #[arg(long, value_name = "DIR", value_parser = super::path(), default_value = "unlearn-failures")]
    reproduce: PathBuf,
    /// Run the failure of such a folder again, on the devices of --device
    #[arg(long, value_name = "DIR", value_parser = super::path(), conflicts_with_all = ["kernel", "variant", "shape", "fill", "seed", "mutants", "rewrites", "plant", "json", "reproduce"])]
    replay: Option<PathBuf>,
    /// Write the full report to a file, or to stdout with -
    #[arg(long, value_name = "FILE", value_parser = super::path())]
    json: Option<PathBuf>,
}

fn fill(text: &str) -> std::result::Result<Fill, String> {
    let found = Fill::ALL.into_iter().find(|fill| fill.name() == text);
    found.ok_or_else(|| "give random, exact, tiny or large".to_owned())
}

/// Checks, prints the table, and returns whether everything passed.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    match (&arguments.init, &arguments.shader, &arguments.replay) {
        (Some(path), ..) => return shader::begin(path),
        (_, Some(path), _) => return shader::run(arguments, path),
        (.., Some(folder)) => return replay::run(folder, &arguments.device),
        _ => {}
    }
    let options = arguments.options();
    if arguments.mutants && litmus::only(&options) {
        return litmus::power(&arguments.device, &options);
    }
    if arguments.mutants {
        return mutants::run(&arguments.device, &options);
    }
    if let Some(only) = arguments.rewrites {
        return rewrites::run(&arguments.device, &options, only);
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
    // If the report goes to stdout, nothing else does.
    let visible = !matches!(output, Some(Output::Stdout));
    let mut table = Table::new(visible, &options, &arguments.reproduce);
    let (subjects, unopened) = subjects(devices, &table)?;
    let fault = options.fault();
    if let Some((fault, _)) = &fault {
        table.line(&fold(&format!("planted: {fault}"), 9))?;
    }
    table.head()?;
    let mut report = check(&subjects, &options, &mut table)?;
    report.passed &= unopened.is_empty();
    report.devices.extend(unopened);
    table.end(&report)?;
    if let (Some((_, argument)), true) = (fault, report.passed) {
        let text = match argument {
            Some(why) => format!("The planted fault shows nowhere, as is known: {why}."),
            None => "The planted fault was not found.".to_owned(),
        };
        table.line(&fold(&text, 0))?;
    }
    match output.map_or(Ok(()), |output| output.write(&report)) {
        // A failure must not be masked by a report that cannot be written.
        Err(e) if !report.passed => super::text::error(&format!("error: {e}")),
        written => written?,
    }
    Ok(report.passed)
}

/// The devices that could be opened, and reports of those that could not.
fn subjects(devices: Vec<Opened>, table: &Table) -> Result<(Vec<Subject>, Vec<DeviceReport>)> {
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
                table.line(&fold(&format!("  not checked: {e}"), 2))?;
                unopened.push(DeviceReport::unopened(&spec, &record, &e));
            }
        }
    }
    Ok((subjects, unopened))
}

impl Arguments {
    /// What to check.
    fn options(&self) -> Options {
        Options {
            kernel: self.kernel.clone(),
            variant: self.variant.clone(),
            shape: self.shape,
            fill: self.fill,
            seed: self.seed,
            plant: self.plant,
        }
    }
}

/// The table, a line at a time, with a progress bar below it on terminals.
struct Table {
    counter: Counter,
    visible: bool,
    /// Whether the table has room for every outcome of litmus tests.
    litmus_alone: bool,
    /// Where folders for failures go.
    under: PathBuf,
    /// Why some failures have none.
    unkept: Vec<String>,
    /// Known miscomputations that did not show, where the table has no row for each.
    probes: Option<Tally>,
}

impl Table {
    fn new(visible: bool, options: &Options, under: &Path) -> Self {
        Self {
            counter: Counter::new(),
            visible,
            litmus_alone: litmus::only(options),
            under: under.to_owned(),
            unkept: Vec::new(),
            probes: options.kernel.is_none().then(Tally::default),
        }
    }

    fn head(&self) -> Result<()> {
        self.line(&format!(
            "\n{:<22} {:<8} {:>6} {:>6} {:>11} {:>8}  verdict",
            "kernel", "variant", "device", "cases", "error/bound", "time"
        ))
    }

    fn line(&self, text: &str) -> Result<()> {
        match self.visible {
            true => self.counter.print(text),
            false => Ok(()),
        }
    }

    fn end(&self, report: &Report) -> Result<()> {
        self.counter.end();
        for tally in self.probes.iter().flat_map(Tally::lines) {
            self.line(&tally)?;
        }
        for device in &report.devices {
            for row in &device.rows {
                if let Some(failure) = &row.failure {
                    self.line(&failed(device, row, failure))?;
                }
            }
            if let Some(why) = &device.stopped {
                let name = &device.device.name;
                let text = format!("\nSTOPPED: {name} was not checked to the end: {why}");
                self.line(&fold(&text, 9))?;
            }
        }
        if !self.litmus_alone {
            for device in &report.devices {
                let text = litmus::summary(device);
                text.map_or(Ok(()), |text| self.line(&text))?;
            }
        }
        for why in &self.unkept {
            super::text::note(why);
        }
        self.line(&summary(report))
    }
}

/// Width of the labels of a failure.
const LABEL: usize = 12;

/// A failure in full.
fn failed(device: &DeviceReport, row: &Row, failure: &Failure) -> String {
    let d = &device.device;
    let text = format!(
        "\nWRONG: {}/{} on {} ({}; {})",
        row.kernel, row.variant, d.name, d.backend, d.driver
    );
    let mut text = fold(&text, 7);
    if let (Some(shape), Some(fill)) = (failure.shape, failure.fill) {
        let (fill, seed) = (fill.name(), failure.seed);
        let case = format!("{shape} (rows x inputs x outputs x learners), {fill}, seed {seed}");
        text += &format!("\n{}", beside("  case", LABEL, &case));
    }
    if let Some(known) = &failure.known {
        text += &format!("\n{}", beside("  known", LABEL, &known_words(known)));
    }
    if let (Some(sizes), Some(fill)) = (&failure.sizes, failure.fill) {
        let case = format!("{sizes}, {}, seed {}", fill.name(), failure.seed);
        text += &format!("\n{}", beside("  case", LABEL, &case));
    }
    if let Some(element) = &failure.element {
        text += &format!("\n{}", beside("  element", LABEL, element));
    }
    text += &format!("\n{}", replay::words(&failure.mismatch));
    // On one line each, for copying.
    text += &format!("\n{:<LABEL$}{}", "  again", failure.command);
    if let Some(folder) = &failure.folder {
        let folder = quoted(&folder.display().to_string());
        text += &format!("\n{:<LABEL$}unlearn check --replay {folder}", "  anywhere");
    }
    text
}

/// A known miscomputation in words.
fn known_words(known: &Known) -> String {
    let Known {
        issue,
        fault,
        seen,
        link,
    } = known;
    format!("this adapter has {issue}: {fault}. Seen before: {seen}; {link}")
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
        let text = format!("\nAll {cases} cases are right.{worst} {seconds:.0} s.");
        return fold(&text, 0);
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
    let open = report.open.filter(|open| *open > OPEN);
    parts.extend(open.map(|open| format!("{:.0} % of the results are not judged", 100.0 * open)));
    let text = format!("\nNot passed: {}. {seconds:.0} s.", parts.join("; "));
    fold(&text, 0)
}

/// A device's name as the table has room for it.
fn short(spec: &str) -> &str {
    if spec == INTERPRETER { "interp" } else { spec }
}

/// Kernel and variant, in columns if the variant's name is not too long.
fn named(row: &Row) -> String {
    let (kernel, variant) = (&row.kernel, &row.variant);
    match variant.chars().count() <= 8 {
        true => format!("{kernel:<22} {variant:<8}"),
        false => format!("{:<31}", format!("{kernel} {variant}")),
    }
}

/// Continues below the row, which has no room for it either.
fn no_room(spec: &str, cases: u32) -> String {
    match spec {
        "interpreter" => format!("\n{:22} {cases} more are too large for the interpreter", ""),
        _ => format!("\n{:22} {cases} more have no room on this device", ""),
    }
}

impl Progress for Table {
    fn begin(&mut self, kernel: &str, work: u64) {
        self.counter.begin(kernel, work);
    }

    fn advance(&mut self, work: u64) {
        self.counter.advance(work);
    }
}

impl Observer for Table {
    fn reproducer(
        &mut self,
        kernel: &str,
        variant: &str,
        made: Result<Reproducer>,
    ) -> Option<PathBuf> {
        match made.and_then(|made| made.write(&self.under)) {
            Ok(folder) => Some(folder),
            Err(e) => {
                let why = format!("the failure of {kernel}/{variant} has no folder: {e}");
                self.unkept.push(why);
                None
            }
        }
    }

    fn row(&mut self, subject: &Subject, row: &Row) {
        let tally = self.probes.as_mut();
        if tally.is_some_and(|tally| tally.takes(&subject.spec, row)) {
            return;
        }
        let worst = match row.worst {
            Some(worst) => format!("{worst:.3}"),
            None if row.exact && row.cases > 0 => "exact".to_owned(),
            None => "-".to_owned(),
        };
        let verdict = match (&row.failure, row.skipped) {
            (Some(_), _) => "WRONG".to_owned(),
            (None, 0) if row.cases == 0 => "not run".to_owned(),
            (None, n) if row.cases == 0 => format!("not run{}", no_room(&subject.spec, n)),
            (None, 0) => "ok".to_owned(),
            (None, n) => format!("ok{}", no_room(&subject.spec, n)),
        };
        // A closed stdout ends the table, not the check.
        let _ = self.line(&format!(
            "{} {:>6} {:>6} {:>11} {:>6.1} s  {verdict}",
            named(row),
            short(&subject.spec),
            row.cases,
            worst,
            row.seconds
        ));
        if self.litmus_alone {
            let _ = self.line(&litmus::details(row));
        }
    }
}
