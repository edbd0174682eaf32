//! `unlearn bench`.

mod against;
mod judge;
mod old;
mod shader;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use unlearn::bench::report::{Ceilings, Report, StartUp};
use unlearn::bench::{self, Observer};
use unlearn::check;
use unlearn::contract::{Promise, Sizes};
use unlearn::data::{self, Dataset};
use unlearn::device::{self, Device, Opened, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::files;
use unlearn::kernels::Shape;
use unlearn::progress::Progress;
use unlearn::report::benchmark;
use unlearn::tune;

use super::Output;
use super::text::{fold, note};
use against::{Rival, is_turn};
use judge::FailOn;
use table::Table;
use unlearn::shell::quoted;

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
    /// Measure a compute shader of your own, at sizes of its contract
    #[arg(long, value_name = "FILE", value_parser = super::path(), conflicts_with_all = ["kernel", "variant", "shape", "learners"])]
    shader: Option<PathBuf>,
    /// The shader's contract; by default the .toml file beside it
    #[arg(long, value_name = "FILE", value_parser = super::path(), requires = "shader")]
    contract: Option<PathBuf>,
    /// Sizes of the contract, such as rows=64,cols=7; by default the largest that it tries
    #[arg(long, value_name = "NAME=N,…", requires = "shader")]
    sizes: Option<Sizes>,
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
    /// Write a page with the roofline, the working-set curve and all tables to a file
    #[arg(long, value_name = "FILE", value_parser = super::path())]
    html: Option<PathBuf>,
    /// Compare with an earlier report: a verdict for each time. Exits with 1 if one is slower
    #[arg(long, value_name = "OLD.json", value_parser = super::path(), conflicts_with = "against")]
    compare: Option<PathBuf>,
    /// Compare with another build of unlearn, which takes turns with this one. Exits with 1 if this one
    /// is slower anywhere
    #[arg(long, value_name = "PROGRAM", value_parser = super::path())]
    against: Option<PathBuf>,
    /// Turns of each program with --against
    #[arg(long, value_name = "N", default_value_t = 8, requires = "against", value_parser = clap::value_parser!(u32).range(6..=100))]
    rounds: u32,
    /// Differences up to this share of a time count as none
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = judge::margin)]
    margin: f64,
    /// What makes a comparison exit with 1: a time that is slower, also one of which nothing can be
    /// said, or nothing
    #[arg(long, value_name = "slower|unsure|never", default_value = "slower")]
    fail_on: FailOn,
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

/// Measures, prints the table, and returns whether every kernel is right and none has become slower.
pub(crate) fn run(arguments: &Arguments, started: Instant) -> Result<bool> {
    let options = arguments.options()?;
    let shader = arguments.promise()?;
    let old = arguments.compare.as_deref().map(old::read).transpose()?;
    let output = arguments.json.as_deref().map(Output::new).transpose()?;
    arguments.html.as_deref().map_or(Ok(()), files::probe)?;
    let rival = arguments.against.as_deref().map(Rival::new).transpose()?;
    let mut table = Table::new(
        !matches!(output, Some(Output::Stdout)),
        arguments.flags(),
        arguments.shader_flags(),
    );
    let opening = Opening {
        checked: arguments.plant.is_some(),
        ..Opening::default()
    };
    let mut devices = device::open_all(&arguments.device, opening)?;
    devices.retain(|opened| shader.is_none() || opened.spec != "cpu");
    if devices.is_empty() {
        return arguments.nothing_measured(&[]).map_or(Ok(true), Err);
    }
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
        let how = How {
            options: &options,
            shader: shader.as_ref(),
            learners: &learners,
            before: [opened, loaded],
        };
        let (mut report, stopped) = arguments.measure(one, how, data.as_ref(), &mut table)?;
        report.comparison = match (&counterparts, &rival) {
            (Some(all), _) => arguments.compared(all[n], &report),
            (_, Some(rival)) if stopped.is_none() => {
                let turns = rival.turns(arguments, &report.spec, &mut table)?;
                Some(arguments.raced(rival, &turns))
            }
            _ => None,
        };
        if old.is_some() || rival.is_some() {
            table.comparison(report.comparison.as_ref())?;
        }
        reports.push(report);
        failure = failure.or(stopped);
    }
    failure = failure.or_else(|| arguments.nothing_measured(&reports));
    let right = arguments.right(&reports);
    arguments.write(&reports, output)?;
    failure.map_or(Ok(right), Err)
}

impl Arguments {
    /// The report of a device, and why it ends early if it does.
    fn measure(
        &self,
        opened: Opened,
        how: How<'_>,
        data: Option<&Dataset>,
        table: &mut Table,
    ) -> Result<(Report, Option<Error>)> {
        let Opened {
            spec,
            record,
            device,
        } = opened;
        table.device(&spec, &super::headline(&spec, &record))?;
        let mut report = self.report(spec, record);
        let measured = device.and_then(|device| {
            let mut bench = Bench {
                device: &*device,
                how,
                retune: self.retune,
                report: &mut report,
                table,
            };
            bench.run(data)
        });
        table.counter.end();
        let stopped = measured.err();
        if let Some(e) = &stopped {
            table.line(&fold(&format!("  not measured to the end: {e}"), 2))?;
            report.stopped = Some(e.to_string());
        }
        Ok((report, stopped))
    }

    /// Writes the page and the JSON.
    fn write(&self, reports: &[Report], output: Option<Output>) -> Result<()> {
        if let Some(path) = &self.html {
            files::write(path, benchmark::page(reports).as_bytes())?;
        }
        if let Some(output) = output {
            match reports {
                [report] => output.write(report)?,
                several => output.write(&several)?,
            }
        }
        Ok(())
    }

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
        if self.shader.is_some() {
            return Vec::new();
        }
        let training = self.kernel.as_deref().is_none_or(|name| name == "training");
        let all = training && self.variant.is_none() && self.shape.is_none();
        let default = if all { &LEARNERS[..] } else { &[] };
        let mut learners = self.learners.clone().unwrap_or_else(|| default.to_vec());
        learners.sort_unstable();
        learners.dedup();
        learners
    }

    fn report(&self, spec: String, record: unlearn::record::DeviceRecord) -> Report {
        Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: now(),
            command: again(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpu: device::cpu::model().unwrap_or_default().to_owned(),
            seed: self.seed,
            spec,
            device: record,
            timing: String::new(),
            start_up: None,
            ceilings: None,
            kernels: Vec::new(),
            steps: Vec::new(),
            left_out: Vec::new(),
            stopped: None,
            comparison: None,
        }
    }
}

/// Now, UTC.
fn now() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    now.to_string().replace('T', " ").replace('Z', "")
}

/// The command that measures the same again.
fn again() -> String {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| quoted(&word.to_string_lossy()));
    let words: Vec<String> = std::iter::once("unlearn".to_owned()).chain(words).collect();
    words.join(" ")
}

/// What to measure on every device.
#[derive(Clone, Copy)]
struct How<'a> {
    options: &'a bench::Options,
    /// A user's shader, in place of the kernels.
    shader: Option<&'a (Promise, Sizes)>,
    learners: &'a [u32],
    /// Seconds until the devices were open, and from then until the data was loaded.
    before: [f64; 2],
}

/// The benchmark of one device.
struct Bench<'a> {
    device: &'a dyn Device,
    how: How<'a>,
    retune: bool,
    report: &'a mut Report,
    table: &'a mut Table,
}

impl Bench<'_> {
    fn run(&mut self, data: Option<&Dataset>) -> Result<()> {
        let (options, seed) = (self.how.options, self.how.options.check.seed);
        let mut images = None;
        if let Some(data) = data {
            let start = Instant::now();
            images = Some(bench::first_step(self.device, data, seed)?);
            self.start_up(start.elapsed().as_secs_f64())?;
        }
        self.table.begin("ceilings", 1);
        // After the first step, which the clock's trial would warm up.
        self.report.timing = self.device.clock();
        let ceilings = self.ceilings()?;
        let rows = &mut self.report.kernels;
        if let Some((promise, sizes)) = self.how.shader {
            let how = (&ceilings, options.budget);
            return bench::shader(self.device, (promise, sizes), how, rows, self.table);
        }
        bench::kernels(self.device, options, &ceilings, rows, self.table)?;
        if let Some(images) = &images {
            self.table.counter.end();
            // Those for which the same variants are the fastest, at a time.
            let size = |learners: &u32| tune::size(self.device, *learners);
            for learners in self.how.learners.chunk_by(|a, b| size(a) == size(b)) {
                let note = |text: &str| {
                    let _ = self.table.line(&fold(text, 9));
                };
                let variants = tune::fastest(self.device, learners[0], self.retune, &note)?;
                tune::apply(self.device, &variants)?;
                let results = (&mut self.report.steps, &mut self.report.left_out);
                let (learners, how) = ((learners, &variants), (seed, options.budget));
                bench::steps(self.device, images, learners, how, results, self.table)?;
            }
        }
        Ok(())
    }

    fn ceilings(&mut self) -> Result<Ceilings> {
        if is_turn() {
            return Ok(Ceilings::default());
        }
        let ceilings = bench::ceilings(self.device, self.how.options.budget)?;
        let timing = format!("kernels are timed by {}", self.report.timing);
        self.table.line(&fold(&timing, 2))?;
        self.table.ceilings(&ceilings);
        self.report.ceilings = Some(ceilings.clone());
        Ok(ceilings)
    }

    fn start_up(&mut self, first_step: f64) -> Result<()> {
        let [device, data] = self.how.before;
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
