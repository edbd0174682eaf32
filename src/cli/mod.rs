//! The command line, one file per subcommand.

/// `eprintln!` that does not panic on a closed stderr.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
use say;

mod bench;
mod check;
mod clean;
mod compare;
mod completions;
mod devices;
mod diff;
mod litmus;
mod methods;
mod mutants;
mod page;
mod plan;
mod predict;
mod progress;
mod replay;
mod rewrites;
mod run;
mod runs;
mod sheet;
mod signals;
mod sweep;
mod table;
mod text;
mod work;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Parser, Subcommand};
use serde::Serialize;
use unlearn::error::Error;
use unlearn::files;
use unlearn::record::{DeviceKind, DeviceRecord};
use unlearn::threads;

use signals::Signals;

/// Train populations of networks on handwritten digits in WGSL compute shaders, make them
/// forget chosen digits, and compare them with networks that never saw those digits.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = text::WIDTH)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 success; 1 a check failed, or a benchmarked kernel is wrong; 2 usage, data or device; 130 interrupted by Ctrl-C, 143 by SIGTERM: results so far are kept, and a second signal exits at once.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Learn, unlearn and relearn next to control networks; writes a run folder.
    Run(Box<run::Arguments>),
    /// Check every kernel on every device against references, within derived error bounds.
    Check(Box<check::Arguments>),
    /// Benchmark every kernel and whole training steps against the device's ceilings.
    Bench(Box<bench::Arguments>),
    /// Apply unlearning methods to the same networks, and measure how far each ends up from networks
    /// that never saw the forgotten digits.
    Compare(Box<compare::Arguments>),
    /// Compare methods in every combination of learning rates, epochs, forgotten classes and seeds.
    Sweep(Box<sweep::Arguments>),
    /// Do a part of a planned comparison or sweep, beside other processes, on one machine or many.
    Work(work::Arguments),
    /// Show pictures of your own to a run's networks: what every arm answers, and how sure it is.
    Predict(predict::Arguments),
    /// Make a web page that trains, forgets and checks on whatever GPU opens it.
    Page(page::Arguments),
    /// Regenerate the reports of finished runs, and compare several runs.
    Report(runs::ReportArguments),
    /// List runs with their settings and results.
    Runs(runs::ListArguments),
    /// Compare two runs: settings, figures, and which differences are beyond noise.
    Diff(diff::Arguments),
    /// List what is kept on disk, with sizes, or remove what is named.
    Clean(clean::Arguments),
    /// List the unlearning methods, with their rules and sources, and the metrics; or print the
    /// declaration of one.
    Methods(methods::Arguments),
    /// List the devices: their capabilities, and which one `auto` picks, and why.
    Devices(devices::Arguments),
    /// Print a shell completion script.
    Completions(completions::Arguments),
}

/// A path on the command line.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| tilde(&path).map(|()| path))
}

/// Refuses a tilde that the shell did not expand: otherwise a folder named `~` would be created.
fn tilde(path: &Path) -> Result<(), &'static str> {
    match path.as_os_str().as_encoded_bytes().starts_with(b"~") {
        false => Ok(()),
        true => Err(
            "the shell replaces ~ only at the beginning of a word, and unquoted: put a space in \
             place of the =, or write $HOME. What is really called ~ is ./~",
        ),
    }
}

/// Adds what to do to the error of a folder for results that cannot be made.
pub(crate) fn elsewhere(error: Error) -> Error {
    match error {
        Error::File { .. } => Error::Usage(format!(
            "{error}. Name a folder that can be made: --out DIR"
        )),
        other => other,
    }
}

/// Parses, runs, and reports errors on stderr.
pub(crate) fn main() -> ExitCode {
    let started = Instant::now();
    threads::start();
    let signals = OnceCell::new();
    let result = match parse().command {
        Command::Run(arguments) => run::run(&arguments, &signals).map(|()| true),
        Command::Check(arguments) => check::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments, started),
        Command::Compare(arguments) => compare::run(&arguments, &signals).map(|()| true),
        Command::Sweep(arguments) => sweep::run(&arguments, &signals).map(|()| true),
        Command::Work(arguments) => work::run(&arguments, &signals).map(|()| true),
        Command::Predict(arguments) => predict::run(&arguments).map(|()| true),
        Command::Page(arguments) => page::run(&arguments, &signals).map(|()| true),
        Command::Report(arguments) => runs::report(&arguments).map(|()| true),
        Command::Runs(arguments) => runs::list(&arguments).map(|()| true),
        Command::Diff(arguments) => diff::run(&arguments).map(|()| true),
        Command::Clean(arguments) => clean::run(&arguments).map(|()| true),
        Command::Methods(arguments) => methods::run(&arguments).map(|()| true),
        Command::Devices(arguments) => devices::run(&arguments).map(|()| true),
        Command::Completions(arguments) => completions::run(&arguments).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(Error::Interrupted) => ExitCode::from(signals.get().map_or(130, Signals::code)),
        Err(e) => {
            text::error(&format!("error: {e}"));
            ExitCode::from(2)
        }
    }
}

/// Wraps usage errors that are too wide for the terminal, like other errors, and words them for people.
fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|e| {
        let parsers = e.to_string();
        let said = text::plain(&parsers);
        if !e.use_stderr() || (said == parsers && text::fits(&said)) {
            e.exit();
        }
        text::error(said.trim_end());
        std::process::exit(e.exit_code())
    })
}

/// Prints to stdout; a closed pipe, as with `| head`, is not an error.
pub(crate) fn print(text: &str) -> unlearn::error::Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(unlearn::error::Error::File {
            action: "write",
            path: "stdout".into(),
            source: e,
        }),
        _ => Ok(()),
    }
}

/// A device in one line, with its `--device` value if that matters.
pub(crate) fn headline(spec: &str, device: &DeviceRecord) -> String {
    let DeviceRecord {
        name,
        backend,
        driver,
        ..
    } = device;
    let text = match device.kind {
        DeviceKind::Cpu => device.words(),
        _ => format!("{name} ({backend}; {driver})"),
    };
    let label = format!("device {spec}");
    let columns = if spec.is_empty() { 9 } else { 12 };
    text::beside(&label, columns.max(label.len() + 2), &text)
}

/// Destination of the JSON report.
pub(crate) enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// Tries the destination before the work, lest its result be lost.
    pub(crate) fn new(path: &Path) -> unlearn::error::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        files::probe(path)?;
        Ok(Self::File(path.to_owned()))
    }

    pub(crate) fn write(&self, report: &(impl Serialize + ?Sized)) -> unlearn::error::Result<()> {
        let text = serde_json::to_string_pretty(report).map_err(|e| Error::Data(e.to_string()))?;
        match self {
            Self::Stdout => print(&text),
            Self::File(path) => files::write(path, (text + "\n").as_bytes()),
        }
    }
}
