//! Another build of this program, which takes turns with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use unlearn::bench::{self, Taken};
use unlearn::error::{Error, Result};
use unlearn::progress::Progress;

use super::{Arguments, table::Table};

/// A turn's part of the usual duration of a measurement: there are many turns.
const PART: f64 = 0.2;

/// Set for those who take turns: they leave out what no one compares. Versions that do not know it
/// measure more than they need to.
const TURN: &str = "UNLEARN_TURN";

/// Whether this process takes a turn.
pub(super) fn is_turn() -> bool {
    std::env::var_os(TURN).is_some()
}

/// Another build of this program.
pub(super) struct Rival {
    program: PathBuf,
    own: PathBuf,
    version: String,
}

impl Rival {
    /// The program at this path.
    ///
    /// # Errors
    /// `Usage` where it does not run, or says nothing.
    pub(super) fn new(program: &Path) -> Result<Self> {
        let refused = |why: String| {
            Error::Usage(format!(
                "--against {}: {why}. Take the path of a program that `cargo build --release` made \
                 of another version of unlearn",
                program.display()
            ))
        };
        // Commands without a slash are looked for in PATH; this is a file.
        let file = program
            .canonicalize()
            .map_err(|e| refused(format!("there is no such file ({e})")))?;
        let said = Command::new(&file).arg("--version").output();
        let said = said.map_err(|e| refused(format!("it does not run ({e})")))?;
        let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        if !said.status.success() || !version.starts_with("unlearn ") {
            return Err(refused(
                "it is no unlearn, which answers --version".to_owned(),
            ));
        }
        let own = std::env::current_exe();
        let own = own.map_err(|e| Error::Device(format!("this program cannot be found: {e}")))?;
        Ok(Self {
            program: file,
            own,
            version,
        })
    }

    /// What it is.
    pub(super) fn name(&self) -> String {
        format!("{}, {}", self.program.display(), self.version)
    }

    /// What both measure on a device in so many turns: the other program and this one, then this one
    /// and the other, so that what drifts harms both alike.
    ///
    /// # Errors
    /// `Device` where a turn fails.
    pub(super) fn turns(
        &self,
        arguments: &Arguments,
        spec: &str,
        table: &mut Table,
    ) -> Result<Vec<[Vec<Taken>; 2]>> {
        let flags = flags(arguments, spec);
        table.begin("turns", 2 * u64::from(arguments.rounds));
        let mut turns = Vec::new();
        for round in 0..arguments.rounds {
            let mut turn = |program: &Path| {
                let taken = turn(program, &flags);
                table.advance(1);
                taken
            };
            turns.push(if round % 2 == 0 {
                let old = turn(&self.program)?;
                [old, turn(&self.own)?]
            } else {
                let new = turn(&self.own)?;
                [turn(&self.program)?, new]
            });
        }
        table.counter.end();
        Ok(turns)
    }
}

/// The flags of a turn: those that every version knows.
fn flags(arguments: &Arguments, spec: &str) -> Vec<String> {
    let mut flags: Vec<String> = ["bench", "--json", "-", "--device", spec]
        .map(str::to_owned)
        .to_vec();
    let mut add = |name: &str, value: Option<String>| {
        flags.extend(value.map(|value| format!("--{name}={value}")));
    };
    add("kernel", arguments.kernel.clone());
    add("variant", arguments.variant.clone());
    add("shape", arguments.shape.map(|shape| shape.to_string()));
    let learners = arguments.learners.as_ref().map(|all| {
        let all: Vec<String> = all.iter().map(u32::to_string).collect();
        all.join(",")
    });
    add("learners", learners);
    add("data", Some(arguments.data.display().to_string()));
    // Absolute, as in what a failed turn prints.
    let file = |path: &Option<PathBuf>| {
        let path = path.as_deref()?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Some(path.display().to_string())
    };
    add("shader", file(&arguments.shader));
    add("contract", file(&arguments.contract));
    add("sizes", arguments.sizes.as_ref().map(ToString::to_string));
    add("seed", Some(arguments.seed.to_string()));
    add("seconds", Some((PART * arguments.seconds).to_string()));
    flags
}

/// What a program measures in a turn.
fn turn(program: &Path, flags: &[String]) -> Result<Vec<Taken>> {
    let failed =
        |why: &str| Error::Device(format!("{} {}: {why}", program.display(), flags.join(" ")));
    let output = Command::new(program)
        .args(flags)
        .env(TURN, "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| failed(&e.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("it says nothing");
        let code = output.status.code().unwrap_or(-1);
        return Err(failed(&format!("exit code {code}: {last}")));
    }
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|e| failed(&format!("what it writes is no report ({e})")))?;
    Ok(bench::taken(&report))
}
