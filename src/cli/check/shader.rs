//! `unlearn check --shader` and `--init`: users' own shaders.

use std::path::Path;
use std::time::Duration;

use unlearn::check::report::DeviceReport;
use unlearn::check::{
    MutationObserver, MutationScore, ShaderOptions, Subject, faults, shader, shader_power,
};
use unlearn::contract::{Contract, Promise, init};
use unlearn::device::{self, INTERPRETER, Opened, gpu::Opening};
use unlearn::error::{Error, Result};
use unlearn::files;
use unlearn::progress::Progress;

use super::super::Output;
use super::super::progress::Counter;
use super::super::text::fold;
use super::{Arguments, Table, subjects};

/// Faults that a usual check plants, and the longest that it may take.
const FAULTS: usize = 45;
const LIMIT: Duration = Duration::from_secs(10);

/// Writes a first contract beside a shader.
pub(super) fn begin(path: &Path) -> Result<bool> {
    let wgsl = read(path)?;
    let name = path.display().to_string();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let text = init(&wgsl, &file, &stem)?;
    let to = path.with_extension("toml");
    if to.exists() {
        return Err(Error::Usage(format!(
            "{} is there already, and is not overwritten: move it away, or go on with it: `unlearn check \
             --shader {name}`",
            to.display()
        )));
    }
    files::write(&to, text.as_bytes())?;
    let todo = text.matches("TODO").count();
    let next = format!(
        "{} is a first contract. Next:\n  \
         1. Go through its {todo} lines marked TODO.\n  \
         2. Write the reference that it names, {stem}_plain.wgsl: the same computation in plain loops, with \
         the same binding names.\n  \
         3. `unlearn check --shader {name}`\n\
         docs/check.md has a whole example.",
        to.display()
    );
    super::super::print(&fold(&next, 3))?;
    Ok(true)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| Error::File {
        action: "read",
        path: path.to_owned(),
        source,
    })
}

/// Checks a shader, prints the table, and returns whether everything passed.
pub(super) fn run(arguments: &Arguments, path: &Path) -> Result<bool> {
    let options = ShaderOptions {
        sizes: arguments.sizes.clone(),
        fill: arguments.fill,
    };
    let promise = bound(path, arguments.contract.as_deref(), arguments.seed)?;
    if arguments.mutants {
        return power(&promise, &options, &arguments.device);
    }
    let output = arguments.json.as_deref().map(Output::new).transpose()?;
    let visible = !matches!(output, Some(Output::Stdout));
    let mut table = Table::new(visible, &arguments.options(), &arguments.reproduce);
    let interprets = options.sizes.is_none() || arguments.device == "all";
    let opened = devices(&arguments.device, &promise, interprets, &table)?;
    let (subjects, unopened) = subjects(opened, &table)?;
    table.head()?;
    let mut report = shader(&promise, &options, &subjects, &mut table)?;
    if arguments.device != INTERPRETER {
        // Nobody asked for it, and it takes small cases only.
        let ran = |device: &DeviceReport| device.spec != INTERPRETER || device.cases() > 0;
        report.devices.retain(ran);
        let all = report.devices.iter().all(DeviceReport::passed);
        report.passed = all
            && !report
                .open
                .is_some_and(|open| options.leaves_too_much(open));
    }
    report.passed &= unopened.is_empty();
    report.devices.extend(unopened);
    table.end(&report)?;
    if let Some(open) = report.open.filter(|open| *open > 0.0) {
        let share = 100.0 * open;
        let verdict = match options.leaves_too_much(open) {
            true => " That is too much: not passed.",
            false => "",
        };
        table.line(&fold(&format!(
            "The reference leaves {share:.2} % of the results open, which are not judged: bounds in f64 do not \
             follow everything that f32 may do.{verdict} A reference with a tolerance (run = \"f32\", or a \
             command) judges them."
        ), 0))?;
    }
    if report.passed && options.sizes.is_none() && options.fill.is_none() {
        match sample(&promise, &subjects, &mut table) {
            Ok(score) => report.power = score,
            Err(e) => table.line(&fold(&format!("No faults were planted: {e}"), 0))?,
        }
    }
    match output.map_or(Ok(()), |output| output.write(&report)) {
        // A failure must not be masked by a report that cannot be written.
        Err(e) if !report.passed => super::super::text::error(&format!("error: {e}")),
        written => written?,
    }
    Ok(report.passed)
}

/// The contract with its shader.
pub(crate) fn bound(path: &Path, contract: Option<&Path>, seed: u32) -> Result<Promise> {
    let wgsl = read(path)?;
    let beside = path.with_extension("toml");
    let file = contract.unwrap_or(&beside);
    if contract.is_none() && !beside.is_file() {
        let (shader, beside) = (path.display(), beside.display());
        return Err(Error::Usage(format!(
            "{shader} has no contract ({beside}): name one with --contract FILE, or make a first one with \
             `unlearn check --init {shader}`"
        )));
    }
    let contract = Contract::read(file)?;
    contract.bind(&wgsl, &path.display().to_string(), seed)
}

/// The devices that are asked for; the interpreter comes first, if it is to run beside them.
fn devices(spec: &str, promise: &Promise, interprets: bool, table: &Table) -> Result<Vec<Opened>> {
    let mut opened = device::open_all(spec, Opening::default())?;
    if spec == "all" {
        opened.retain(|opened| opened.spec != "cpu");
    }
    let there = opened.iter().any(|opened| opened.spec == INTERPRETER);
    match promise.interpreted() {
        Ok(()) if there || !interprets || spec == "cpu" => {}
        Ok(()) => opened
            .splice(0..0, device::open_all(INTERPRETER, Opening::default())?)
            .for_each(drop),
        Err(why) if there => {
            return Err(Error::Usage(format!(
                "the interpreter cannot run it: {why}"
            )));
        }
        Err(why) => table.line(&fold(&format!("not interpreted: {why}"), 2))?,
    }
    if opened.len() > 1 {
        // The CPU's kernels are not made from shaders.
        opened.retain(|opened| opened.spec != "cpu");
    }
    Ok(opened)
}

/// Plants some faults, to see whether the contract would find any, and says so in a line.
fn sample(
    promise: &Promise,
    subjects: &[Subject],
    table: &mut Table,
) -> Result<Option<MutationScore>> {
    let Some(subject) = subjects.iter().find(|subject| !subject.interprets()) else {
        return Ok(None);
    };
    let all = faults(promise);
    let step = all.div_ceil(FAULTS).max(1);
    let options = ShaderOptions::default();
    let score = shader_power(promise, &options, subject, (step, Some(LIMIT)), table)?;
    table.counter.end();
    let (caught, tried) = (score.caught, score.mutants());
    let text = match tried {
        0 => "No fault could be planted in the shader.".to_owned(),
        _ => format!(
            "The contract catches {caught} of {tried} planted faults ({all} can be planted; `--mutants` tries \
             all, and lists those that it misses)."
        ),
    };
    table.line(&fold(&text, 0))?;
    Ok(Some(score))
}

/// Plants all faults, and lists those that the contract misses.
fn power(promise: &Promise, options: &ShaderOptions, spec: &str) -> Result<bool> {
    let spec = if spec == "all" { "auto" } else { spec };
    let mut opened = device::open_all(spec, Opening::default())?.into_iter();
    let found = opened.find(|opened| opened.spec != "cpu");
    let Some(Opened {
        spec,
        record,
        device,
    }) = found
    else {
        return Err(Error::Usage(
            "the CPU's kernels are not made from shaders, so no fault can be planted: give --mutants an adapter \
             (see `unlearn devices`)"
                .to_owned(),
        ));
    };
    super::super::print(&super::super::headline(&spec, &record))?;
    let subject = Subject {
        spec,
        device: device?,
    };
    let mut bar = Bar(Counter::new());
    let score = shader_power(promise, options, &subject, (1, None), &mut bar)?;
    bar.0.end();
    let mut text = String::new();
    for survivor in &score.survivors {
        text += &fold(&format!("\nSURVIVES: {survivor}"), 2);
    }
    let (caught, mutants) = (score.caught, score.mutants());
    text += &fold(
        &format!(
            "\nThe contract catches {caught} of {mutants} planted faults ({:.1} %); {} more did not compile. {:.0} s.",
            100.0 * f64::from(caught) / f64::from(mutants.max(1)),
            score.refused,
            score.seconds
        ),
        0,
    );
    if !score.survivors.is_empty() {
        text += &fold(
            "\nA fault that survives computes the same as the shader, or shows what the contract does not test: \
             more sizes, other values, an output that is ignored.",
            0,
        );
    }
    super::super::print(&text)?;
    Ok(true)
}

/// A progress bar.
struct Bar(Counter);

impl Progress for Bar {
    fn begin(&mut self, what: &str, work: u64) {
        self.0.begin(what, work);
    }

    fn advance(&mut self, work: u64) {
        self.0.advance(work);
    }
}

impl MutationObserver for Bar {}

impl MutationObserver for Table {}
