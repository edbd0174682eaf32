//! `unlearn bench`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use unlearn::bench::report::{Ceilings, KernelRow, Report, StartUp, StepRow};
use unlearn::bench::{self, Observer};
use unlearn::check;
use unlearn::data::{self, Dataset};
use unlearn::device::{self, Device, Opened, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::kernels::Shape;
use unlearn::progress::Progress;
use unlearn::tune;

use super::Output;
use super::progress::Counter;
use super::text::{beside, fold, note};

/// What to measure, and where.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Which devices: auto (the best adapter), all (every adapter, and the CPU), cpu, or an
    /// adapter's index or name (see `unlearn devices`)
    #[arg(long, value_name = "auto|all|cpu|INDEX|NAME", default_value = "auto")]
    device: String,
    /// Only this kernel, or `training` for whole steps
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// Only this variant of the kernels; steps use the variants of a run
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Shape to use instead of those in training: rows, inputs, outputs and learners, such as
    /// 64x784x128x4
    #[arg(long, value_name = "RxIxOxL")]
    shape: Option<Shape>,
    /// Population sizes for whole steps; by default no whole steps with --kernel, --variant or
    /// --shape [default: 1,8,64,256]
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    learners: Option<Vec<u32>>,
    /// Source of the images for steps: auto ($UNLEARN_DATA, else the cache, a verified download, or
    /// the built-in digits), builtin, or a folder with the four idx files
    #[arg(long, value_name = "auto|builtin|DIR", default_value = "auto", value_parser = super::path())]
    data: PathBuf,
    /// Measure again which kernel variants are fastest for whole steps, ignoring the cache
    #[arg(long)]
    retune: bool,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Write the full report to a file, or to stdout with -
    #[arg(long, value_name = "FILE", value_parser = super::path())]
    json: Option<PathBuf>,
    /// Compare with an earlier report
    #[arg(long, value_name = "OLD.json", value_parser = super::path())]
    compare: Option<PathBuf>,
    /// Approximate duration of a measurement
    #[arg(long, value_name = "S", default_value_t = 0.25, hide = true, value_parser = seconds)]
    seconds: f64,
    /// Inject the fault with this number into the kernel's shader
    #[arg(long, value_name = "N", requires = "kernel", hide = true)]
    plant: Option<usize>,
}

const LEARNERS: [u32; 4] = [1, 8, 64, 256];

fn seconds(text: &str) -> std::result::Result<f64, String> {
    let seconds = text.parse().map_err(|e| format!("{e}"))?;
    match (1e-6..=3600.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("a measurement takes between a microsecond and an hour".to_owned()),
    }
}

/// Reads the reports in a file: an object for one device, a list for several.
fn read(path: &Path) -> Result<Vec<Report>> {
    let text = std::fs::read(path).map_err(|source| Error::File {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    let reports = match text.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(&text),
        _ => serde_json::from_slice(&text).map(|report| vec![report]),
    };
    let why = match reports {
        Ok(reports) if !reports.is_empty() => return Ok(reports),
        Ok(_) => "it is an empty list".to_owned(),
        Err(e) if e.is_eof() => format!("it breaks off ({e})"),
        Err(e) => e.to_string(),
    };
    Err(Error::Usage(format!(
        "--compare {}: not the report of a benchmark{}: {why}. Take a file that this version's \
         `unlearn bench --json FILE` wrote",
        path.display(),
        other_version(&text)
    )))
}

/// The version that wrote a report, if different.
fn other_version(text: &[u8]) -> String {
    let report: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    let report = report.get(0).unwrap_or(&report);
    let version = report["version"].as_str();
    let version = version.filter(|version| *version != env!("CARGO_PKG_VERSION"));
    version.map_or_else(String::new, |version| {
        format!(" that this version can read (unlearn {version} wrote it)")
    })
}

/// Measures, prints the table, and returns whether every kernel is right.
pub(crate) fn run(arguments: &Arguments, started: Instant) -> Result<bool> {
    let options = arguments.options()?;
    let old = arguments.compare.as_deref().map(read).transpose()?;
    let output = arguments.json.as_deref().map(Output::new).transpose()?;
    let mut table = Table::new(!matches!(output, Some(Output::Stdout)), arguments.flags());
    let opening = Opening {
        checked: arguments.plant.is_some(),
        ..Opening::default()
    };
    let devices = device::open_all(&arguments.device, opening)?;
    let opened = started.elapsed().as_secs_f64();
    let learners = arguments.learners();
    let data = match learners.is_empty() {
        true => None,
        false => Some(data::load(&arguments.data, &note)?),
    };
    let loaded = started.elapsed().as_secs_f64() - opened;
    let (mut reports, mut failure) = (Vec::new(), None);
    let records: Vec<_> = devices.iter().map(|opened| opened.record.clone()).collect();
    let counterparts = old.as_deref().map(|old| bench::counterparts(old, &records));
    for (n, one) in devices.into_iter().enumerate() {
        let Opened {
            spec,
            record,
            device,
        } = one;
        table.device(&spec, &super::headline(&spec, &record))?;
        let mut report = arguments.report(spec, record);
        let measured = device.and_then(|device| {
            let mut bench = Bench {
                device: &*device,
                options: &options,
                learners: &learners,
                retune: arguments.retune,
                before: [opened, loaded],
                report: &mut report,
                table: &mut table,
            };
            bench.run(data.as_ref())
        });
        table.counter.end();
        if let Err(e) = measured {
            table.line(&fold(&format!("  not measured to the end: {e}"), 2))?;
            report.stopped = Some(e.to_string());
            failure.get_or_insert(e);
        }
        if let Some(counterparts) = &counterparts {
            table.comparison(counterparts[n], &report)?;
        }
        reports.push(report);
    }
    if let (Some(variant), true, None) = (
        &arguments.variant,
        reports.iter().all(|report| report.kernels.is_empty()),
        &failure,
    ) {
        failure = Some(Error::Usage(format!(
            "no kernel that was asked for has a variant {variant:?} on this device"
        )));
    }
    let right = |report: &Report| report.kernels.iter().all(|row| row.failure.is_none());
    let right = reports.iter().all(right);
    if let Some(output) = output {
        match &reports[..] {
            [report] => output.write(report)?,
            several => output.write(&several)?,
        }
    }
    failure.map_or(Ok(right), Err)
}

impl Arguments {
    fn options(&self) -> Result<bench::Options> {
        let check = check::Options {
            kernel: self.kernel.clone(),
            variant: self.variant.clone(),
            shape: self.shape,
            fill: None,
            seed: self.seed,
            plant: self.plant,
        };
        check.validate()?;
        let budget = Duration::from_secs_f64(self.seconds);
        Ok(bench::Options { check, budget })
    }

    /// The flags with which a check sees the same case.
    fn flags(&self) -> String {
        let planted = self.plant.map(|n| format!(" --plant {n}"));
        format!(" --seed {}{}", self.seed, planted.unwrap_or_default())
    }

    /// Population sizes.
    fn learners(&self) -> Vec<u32> {
        let training = self.kernel.as_deref().is_none_or(|name| name == "training");
        let all = training && self.variant.is_none() && self.shape.is_none();
        let default = if all { &LEARNERS[..] } else { &[] };
        self.learners.clone().unwrap_or_else(|| default.to_vec())
    }

    fn report(&self, spec: String, record: unlearn::record::DeviceRecord) -> Report {
        Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpu: device::cpu::model().unwrap_or_default().to_owned(),
            seed: self.seed,
            spec,
            device: record,
            timing: String::new(),
            variants: tune::Variants::new(),
            start_up: None,
            ceilings: None,
            kernels: Vec::new(),
            steps: Vec::new(),
            left_out: Vec::new(),
            stopped: None,
        }
    }
}

/// The benchmark of one device.
struct Bench<'a> {
    device: &'a dyn Device,
    options: &'a bench::Options,
    learners: &'a [u32],
    retune: bool,
    /// Seconds until the devices were open, and from then until the data was loaded.
    before: [f64; 2],
    report: &'a mut Report,
    table: &'a mut Table,
}

impl Bench<'_> {
    fn run(&mut self, data: Option<&Dataset>) -> Result<()> {
        let (options, seed) = (self.options, self.options.check.seed);
        let mut images = None;
        if let Some(data) = data {
            let start = Instant::now();
            images = Some(bench::first_step(self.device, data, seed)?);
            self.start_up(start.elapsed().as_secs_f64())?;
        }
        self.table.begin("ceilings", 1);
        // After the first step, which the clock's trial would warm up.
        self.report.timing = self.device.clock();
        let ceilings = bench::ceilings(self.device, options.budget)?;
        self.report.ceilings = Some(ceilings);
        let timing = format!("kernels are timed by {}", self.report.timing);
        self.table.line(&fold(&timing, 2))?;
        self.table.ceilings(&ceilings);
        let rows = &mut self.report.kernels;
        bench::kernels(self.device, options, &ceilings, rows, self.table)?;
        if let Some(images) = &images {
            let results = (&mut self.report.steps, &mut self.report.left_out);
            let how = (seed, options.budget);
            self.table.counter.end();
            let note = |text: &str| {
                let _ = self.table.line(&fold(text, 9));
            };
            self.report.variants = tune::fastest(self.device, self.retune, &note)?;
            tune::apply(self.device, &self.report.variants)?;
            bench::steps(self.device, images, self.learners, how, results, self.table)?;
        }
        Ok(())
    }

    fn start_up(&mut self, first_step: f64) -> Result<()> {
        let [device, data] = self.before;
        let s = StartUp {
            data_ms: 1e3 * data,
            device_ms: 1e3 * device,
            first_step_ms: 1e3 * first_step,
            total_ms: 1e3 * (data + device + first_step),
        };
        self.report.start_up = Some(s);
        let text = format!(
            "start-up   {:.0} ms to the end of the first step: device {:.0}, data {:.0}, step {:.0}",
            s.total_ms, s.device_ms, s.data_ms, s.first_step_ms
        );
        self.table.line(&fold(&text, 11))
    }
}

/// The table, a line at a time, with a progress bar below it on terminals.
struct Table {
    counter: Counter,
    visible: bool,
    /// The heading above the last line.
    heading: &'static str,
    /// The kernel of the last line.
    kernel: String,
    /// The current device.
    spec: String,
    /// The flags with which a check sees the same case.
    flags: String,
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

impl Table {
    fn new(visible: bool, flags: String) -> Self {
        Self {
            spec: String::new(),
            flags,
            counter: Counter::new(),
            visible,
            heading: "",
            kernel: String::new(),
        }
    }

    /// Starts a new device.
    fn device(&mut self, spec: &str, headline: &str) -> Result<()> {
        if !self.spec.is_empty() {
            self.line("")?;
        }
        (self.spec, self.heading) = (spec.to_owned(), "");
        self.kernel.clear();
        self.line(headline)
    }

    fn line(&self, text: &str) -> Result<()> {
        match self.visible {
            true => self.counter.print(text),
            false => Ok(()),
        }
    }

    /// The command that checks a wrong kernel.
    fn again(&self, row: &KernelRow) -> String {
        let (kernel, variant, shape) = (&row.kernel, &row.variant, row.shape);
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

    fn comparison(&self, old: Option<&Report>, new: &Report) -> Result<()> {
        let Some(old) = old else {
            return self.line("\nnot compared: this device is not in the old report");
        };
        self.line(&format!(
            "\n{:<48} {:>10} {:>10} {:>9}",
            "compared with the old report", "old", "new", "old/new"
        ))?;
        for difference in bench::differences(old, new) {
            self.line(&fold(&format!("  {difference}"), 2))?;
        }
        let ratios = bench::compare(old, new);
        for r in &ratios {
            let (old, new) = (time(r.old_us), time(r.new_us));
            self.line(&format!(
                "{:<48} {old:>10} {new:>10} {:>9}",
                r.what,
                figure(r.ratio, 2)
            ))?;
        }
        match ratios.is_empty() {
            true => self.line("  nothing that both have"),
            false => Ok(()),
        }
    }
}

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
            "ceilings   {} GFLOP/s, {} GB/s; a dispatch {}, one that waits for another {}",
            rate(c.gflops),
            rate(c.gbs),
            time(c.empty_dispatch_us).trim_end(),
            time(c.dependent_dispatch_us).trim_end(),
        );
        let _ = self.line(&fold(&text, 11));
    }

    fn kernel(&mut self, row: &KernelRow) {
        let head = format!("  {:<8} {:<15}", row.variant, row.shape.to_string());
        let rest = match (&row.measured, &row.failure) {
            (Some(m), _) => format!(
                " {:>10} {:>4} % {:>7} {:>6}  {:<7} {:>4} %",
                time(m.time.us),
                figure(100.0 * m.time.spread(), 0),
                rate(m.gflops),
                rate(m.gbs),
                m.bound_by,
                figure(100.0 * m.share, 0)
            ),
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
            &format!(
                "{:>8} {:>11} {:>5} % {:>14} {:>20} {:>8}",
                row.learners,
                time(row.us_per_step),
                figure(100.0 * spread, 0),
                time(row.device_us_per_step),
                figure(row.seconds_per_learner_epoch, 4),
                rate(row.gflops)
            ),
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
