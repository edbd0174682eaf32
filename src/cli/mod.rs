//! The command line, one file per subcommand.

/// `eprintln!` that a closed stderr does not end.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
use say;

mod check;
mod devices;
mod mutants;
mod progress;
mod run;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trains networks on handwritten digits in WGSL compute shaders, makes them forget chosen
/// digits, and trains them again: many networks at once, beside controls.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 fine; 1 a check failed; 2 usage, data or device.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Learn, unlearn and relearn, with the controls beside it; writes a run folder.
    Run(Box<run::Arguments>),
    /// Hold every kernel on every device against references, within derived bounds.
    Check(Box<check::Arguments>),
    /// List the devices: what they can do, which one `auto` picks, and why.
    Devices(devices::Arguments),
}

/// Parses, runs, and reports errors on stderr.
pub(crate) fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments).map(|()| true),
        Command::Check(arguments) => check::run(&arguments),
        Command::Devices(arguments) => devices::run(&arguments).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(e) => {
            say!("error: {e}");
            ExitCode::from(2)
        }
    }
}

/// Prints to stdout; a reader that went away, as `| head` does, is no error.
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
