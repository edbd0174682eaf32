//! `unlearn diff`: two runs beside each other.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use unlearn::diff::{Compared, Diff, Finding};
use unlearn::error::{Error, Result};
use unlearn::record::{Arm, Phase};
use unlearn::report::sheet::{Cell, Part, Row, Section, Sheet};
use unlearn::run_folder::{self, Standing};
use unlearn::run_record::RunRecord;
use unlearn::verdict::{fixed, signed};

use super::runs::{ASIDE, fields, no_run, typed};
use super::sheet;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// A run's folder
    #[arg(value_name = "A", value_parser = super::path())]
    a: PathBuf,
    /// Another run's folder
    #[arg(value_name = "B", value_parser = super::path())]
    b: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints what differs between two runs.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folders = [&arguments.a, &arguments.b];
    let records = [read(folders[0])?, read(folders[1])?];
    match arguments.json {
        true => super::Output::Stdout.write(&object(folders, &records)),
        false => super::print(&sheet::brief(&sheet_of(folders, &records))),
    }
}

/// The comparison for programs.
fn object(folders: [&PathBuf; 2], records: &[RunRecord; 2]) -> Value {
    let [a, b] = records;
    let settings: Map<String, Value> = settings(a, b)
        .into_iter()
        .map(|(name, values)| (name, json!(values)))
        .collect();
    json!({
        "folders": folders.map(|folder| folder.to_string_lossy()),
        "incomplete": [&a.incomplete, &b.incomplete],
        "settings": settings,
        "outcomes": Diff::of(a, b),
    })
}

/// The record of a run, finished or not.
fn read(folder: &Path) -> Result<RunRecord> {
    let mut record = run_folder::read_so_far(folder).map_err(|e| match e {
        _ if !folder.exists() => no_run(folder),
        e if run_folder::is_missing(&e) => Error::Usage(format!(
            "{} holds no run that has results: it has neither a summary.json nor a state.safetensors",
            folder.display()
        )),
        e => e,
    })?;
    if run_folder::standing(folder, Some(&record)) == Standing::Running {
        record.incomplete = Some("still running".to_owned());
    }
    Ok(record)
}

fn sheet_of(folders: [&PathBuf; 2], records: &[RunRecord; 2]) -> Sheet {
    let [a, b] = records;
    let diff = Diff::of(a, b);
    let settings = settings(a, b);
    let named = ["A", "B"].into_iter().zip(folders).zip(records);
    let named = named.map(|((name, folder), record)| {
        let why = record.incomplete.as_ref();
        let why = why.map_or(String::new(), |why| format!(" (incomplete: {why})"));
        format!("{name}  {}{why}", folder.display())
    });
    let mut sections = Vec::new();
    if !settings.is_empty() {
        let rows = settings.iter().map(|(name, values)| {
            let cells = values.iter().map(|value| Cell::from(value.clone()));
            Row::new(name, cells)
        });
        let table = Part::table(["setting", "A", "B"], rows);
        sections.push(Section::brief("What differs", vec![table]));
    }
    sections.push(Section::brief("Ends of phases", figures(&diff, records)));
    Sheet {
        lead: vec![named.collect::<Vec<_>>().join("\n"), said(&diff, &settings)],
        sections,
        ..Sheet::default()
    }
}

/// The name of the program's version, beside the settings.
const VERSION: &str = "version";

/// Settings, data, device, and version if both runs have one, where they differ.
fn settings(a: &RunRecord, b: &RunRecord) -> Vec<(String, [String; 2])> {
    let all = [a, b].map(described);
    let mut names: Vec<&String> = all.iter().flat_map(Map::keys).collect();
    names.sort();
    names.dedup();
    if [a, b].iter().any(|record| record.version.is_empty()) {
        // The state of an interrupted run does not say it.
        names.retain(|name| *name != VERSION);
    }
    let differing = names.into_iter().filter_map(|name| {
        let values = all.each_ref().map(|fields| typed(fields.get(name)));
        let differs = values[0] != values[1];
        differs.then(|| (name.replace('_', "-"), values))
    });
    differing.collect()
}

/// What a run was: its settings, and what else it depends on.
fn described(record: &RunRecord) -> Map<String, Value> {
    let mut fields = fields(&record.config);
    // They have entries of their own, in words.
    fields.retain(|name, _| name == "method_file" || !ASIDE.contains(&name.as_str()));
    let variants = record.config.variants.iter();
    fields.extend(
        variants.map(|(kernel, variant)| (format!("variant of {kernel}"), variant.clone().into())),
    );
    fields.insert("data".to_owned(), record.data.label().into());
    fields.insert("device".to_owned(), record.device.words().into());
    fields.insert("driver".to_owned(), record.device.driver.clone().into());
    fields.insert(VERSION.to_owned(), record.version.clone().into());
    fields
}

/// The differences in a sentence or two.
fn said(diff: &Diff, settings: &[(String, [String; 2])]) -> String {
    let names: Vec<&str> = settings.iter().map(|(name, _)| name.as_str()).collect();
    let differ = match names.split_last() {
        None => "The runs have the same settings, data and device.".to_owned(),
        Some((last, [])) => format!("The runs differ in {last}."),
        Some((last, rest)) => format!("The runs differ in {} and {last}.", rest.join(", ")),
    };
    let (compared, same) = (diff.figures.len(), diff.same.len());
    if compared == 0 {
        let found = match same {
            0 => "No phase ended in both, so there is nothing to compare yet.",
            _ => "Every network of theirs has the same figures, to the bit.",
        };
        return format!("{differ} {found}");
    }
    let beyond = diff.figures.iter().filter(|c| c.finding == Finding::Beyond);
    let largest = beyond.max_by(|a, b| a.difference.abs().total_cmp(&b.difference.abs()));
    let count = diff.count(Finding::Beyond);
    let verb = if count == 1 { "differs" } else { "differ" };
    let chance = "chance alone makes about one figure in twenty seem so";
    let found = match largest {
        Some(c) => format!(
            "{count} of {compared} figures {verb} beyond noise ({chance}), the {} of {} the most: {} in A, \
             {} in B.",
            c.figure,
            networks(c.phase, c.arm),
            shown(c, c.a),
            shown(c, c.b)
        ),
        None if diff.count(Finding::Unknown) == compared => {
            "Single learners show no noise, so whether figures differ beyond it is unknown."
                .to_owned()
        }
        None => format!("None of {compared} figures differs beyond noise."),
    };
    format!("{differ} {found}")
}

/// "97.3 %", "0.97".
fn shown(of: &Compared, value: f64) -> String {
    match is_share(of) {
        true => format!("{} %", fixed(100.0 * value, 1)),
        false => fixed(value, 2),
    }
}

/// Whether a figure is in percent.
fn is_share(of: &Compared) -> bool {
    of.figure.ends_with("accuracy")
}

/// "the unlearned networks after the unlearn phase".
fn networks(phase: Phase, arm: Arm) -> String {
    let who = match arm {
        Arm::Original => "originals",
        Arm::Retrained => "retrained networks",
        Arm::Unlearned => "unlearned networks",
        Arm::Relearned => "relearned networks",
    };
    format!("the {who} after the {} phase", phase.name())
}

/// The figures, and how to read them.
fn figures(diff: &Diff, [a, b]: &[RunRecord; 2]) -> Vec<Part> {
    let mut rows = Vec::new();
    for of_arm in diff
        .figures
        .chunk_by(|x, y| (x.phase, x.arm) == (y.phase, y.arm))
    {
        let Compared { phase, arm, .. } = of_arm[0];
        rows.push(Row::new(format!("{}, {}", phase.name(), arm.name()), []));
        rows.extend(of_arm.iter().map(row));
    }
    let mut parts = Vec::new();
    if !rows.is_empty() {
        let head = [
            "phase, arm",
            "A",
            "B",
            "B − A",
            "95 % interval",
            "beyond noise",
        ];
        parts.push(Part::table(head, rows));
        parts.push(Part::text(match diff.paired {
            true => "Learner k of both runs starts from the same weights, so differences are paired.",
            false => {
                "The learners of the runs do not start from the same weights, so intervals are Welch's, for \
                 two groups."
            }
        }));
    }
    if a.config.forget != b.config.forget {
        parts.push(Part::text(
            "The runs forget different classes: forget and retain figures are of other test images in each.",
        ));
    }
    if !diff.same.is_empty() {
        let phases = diff.same.chunk_by(|x, y| x.0 == y.0).map(|of_phase| {
            let arms: Vec<&str> = of_phase.iter().map(|(_, arm)| arm.name()).collect();
            format!("{} ({})", of_phase[0].0.name(), arms.join(", "))
        });
        let phases = phases.collect::<Vec<_>>().join("; ");
        parts.push(Part::text(format!(
            "The same in both, learner by learner: {phases}."
        )));
    }
    if parts.is_empty() {
        parts.push(Part::text("No phase ended in both runs."));
    }
    parts
}

fn row(c: &Compared) -> Row {
    let (unit, decimals) = if is_share(c) { (100.0, 1) } else { (1.0, 2) };
    let mark = if is_share(c) { " %" } else { "" };
    let interval = match c.half.is_finite() && c.finding != Finding::Same {
        true => {
            let end = |end: f64| signed(unit * end.clamp(-1.0, 1.0), decimals + 1);
            format!(
                "{} to {}",
                end(c.difference - c.half),
                end(c.difference + c.half)
            )
        }
        false => "–".to_owned(),
    };
    let finding = match c.finding {
        Finding::Same => "the same",
        Finding::Noise => "no",
        Finding::Beyond => "yes",
        Finding::Unknown => "unknown",
    };
    let cells = [
        fixed(unit * c.a, decimals),
        fixed(unit * c.b, decimals),
        signed(unit * c.difference, decimals + 1),
        interval,
        finding.to_owned(),
    ];
    Row::new(format!("  {}{mark}", c.figure), cells.map(Cell::from))
}
