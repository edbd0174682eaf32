//! `unlearn report` and `unlearn runs`: settings and results of earlier runs.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use unlearn::config::Config;
use unlearn::engine::name_of;
use unlearn::error::{Error, Result};
use unlearn::record::{Arm, Phase};
use unlearn::report;
use unlearn::run_folder::{self, Standing};
use unlearn::run_record::RunRecord;
use unlearn::verdict::fixed;

use super::table::columns;
use super::text::{fold, note};

#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// Run folders
    #[arg(required = true, value_name = "DIR", value_parser = super::path())]
    runs: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Parent of the run folders
    #[arg(value_name = "DIR", default_value = "runs", value_parser = super::path())]
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Regenerates reports, and compares several runs.
pub(crate) fn report(arguments: &ReportArguments) -> Result<()> {
    let read = arguments.runs.iter().map(|folder| finished(folder));
    let records: Vec<RunRecord> = read.collect::<Result<_>>()?;
    for (folder, record) in arguments.runs.iter().zip(&records) {
        report::write(record, folder)?;
        if record.inside.is_none() && run_folder::has_inside(folder) {
            note(&format!(
                "{}/inside.json is damaged, or of another version: the report does without it",
                folder.display()
            ));
        }
        note(&format!("report   {}/report.html", folder.display()));
    }
    match records.len() {
        1 => Ok(()),
        _ => super::print(&beside(&arguments.runs, &records)),
    }
}

/// The error for a run that is not there.
pub(super) fn no_run(folder: &Path) -> Error {
    let folder = folder.display();
    Error::Usage(format!("there is no {folder}; `unlearn runs` lists runs"))
}

/// The record of the run in a folder.
pub(super) fn finished(folder: &Path) -> Result<RunRecord> {
    match run_folder::read(folder) {
        Err(_) if !folder.exists() => Err(no_run(folder)),
        Err(e) if run_folder::is_missing(&e) => Err(Error::Usage(format!(
            "{} holds no finished run: it has no summary.json, or no metrics.jsonl",
            folder.display()
        ))),
        read => read,
    }
}

/// Lists the runs in a folder.
pub(crate) fn list(arguments: &ListArguments) -> Result<()> {
    let folder = &arguments.folder;
    let runs = match folder.is_dir() {
        true => run_folder::list(folder)?,
        false => Vec::new(),
    };
    if runs.is_empty() {
        note(&format!(
            "There are no runs in {}. `unlearn run` makes one",
            folder.display()
        ));
    }
    match arguments.json {
        true => {
            let runs: Vec<Value> = runs.iter().map(|run| object(run)).collect();
            super::Output::Stdout.write(&runs)
        }
        false => runs.iter().try_for_each(|run| super::print(&entry(run))),
    }
}

/// A run for programs.
fn object(folder: &Path) -> Value {
    let record = run_folder::read(folder).ok();
    let standing = match run_folder::standing(folder, record.as_ref()) {
        Standing::Finished => "finished",
        Standing::Running => "running",
        Standing::Interrupted(..) => "interrupted",
        Standing::Broken => "failed",
    };
    let percent: Map<String, Value> = record
        .iter()
        .flat_map(|record| {
            let of = |&(name, phase, arm, forget): &(&str, Phase, Arm, bool)| {
                Some((
                    name.to_owned(),
                    json!(100.0 * figure(record, phase, arm, forget)?),
                ))
            };
            FIGURES.iter().filter_map(of)
        })
        .collect();
    json!({
        "folder": folder.to_string_lossy(),
        "standing": standing,
        "started": record.as_ref().map(|record| &record.started),
        "device": record.as_ref().map(|record| &record.device),
        "seconds": record.as_ref().map(|record| &record.seconds),
        "config": run_folder::read_config(folder).ok(),
        "percent": percent,
    })
}

/// A run in a few lines.
fn entry(folder: &Path) -> String {
    let mut text = folder.display().to_string();
    let record = run_folder::read(folder).ok();
    let standing = match run_folder::standing(folder, record.as_ref()) {
        Standing::Finished => record.as_ref().map_or("finished".to_owned(), |record| {
            format!("finished on {}", record.data.name)
        }),
        Standing::Running => "running".to_owned(),
        Standing::Interrupted(phase, step) => format!(
            "interrupted in the {} phase after step {step}: `unlearn run --resume {}`",
            phase.name(),
            folder.display()
        ),
        Standing::Broken => "failed, or interrupted before anything was kept".to_owned(),
    };
    let settings = match run_folder::read_config(folder) {
        Ok(config) => settings(&config),
        Err(_) => "config.toml cannot be read by this version".to_owned(),
    };
    let mut lines = match standing.contains(':') {
        true => vec![standing, settings],
        false => vec![format!("{standing}: {settings}")],
    };
    if let Some(record) = record {
        let reused = record.reused.iter();
        lines.extend(reused.map(|run| format!("learn phase reused from {run}")));
        let named = FIGURES.iter().map(|(name, ..)| name);
        let figures = named.zip(figures(&record));
        let figures = figures.filter(|(_, figure)| figure != NONE);
        let figures: Vec<String> = figures.map(|(name, f)| format!("{name} {f} %")).collect();
        lines.push(figures.join(", "));
    }
    for line in lines.iter().filter(|line| !line.is_empty()) {
        text += &format!("\n{}", fold(&format!("  {line}"), 2));
    }
    text
}

/// Fields that are not settings of the experiment, or have a line of their own.
pub(super) const ASIDE: [&str; 5] = ["name", "data", "device", "method_file", "variants"];

/// The settings by name.
pub(super) fn fields(config: &Config) -> Map<String, Value> {
    match serde_json::to_value(config) {
        Ok(Value::Object(mut fields)) => {
            // A file's content fits no table.
            if let Some(Value::String(text)) = fields.get_mut("method_file") {
                *text = name_of(text);
            }
            fields
        }
        _ => Map::new(),
    }
}

/// A value as typed on the command line.
pub(super) fn typed(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => NONE.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(n)) => n.as_f64().map_or_else(|| n.to_string(), |n| n.to_string()),
        Some(Value::Array(all)) => {
            let all: Vec<String> = all.iter().map(Value::to_string).collect();
            all.join(",")
        }
        Some(value) => value.to_string(),
    }
}

/// The settings that differ from the defaults, as flags.
fn settings(config: &Config) -> String {
    let named = Config {
        unlearn_lr: None,
        strength: None,
        ..config.clone()
    };
    let usual = fields(&Config {
        method: config.method.clone(),
        unlearn_lr: Some(named.unlearn_rate()),
        strength: config.strength.map(|_| named.setting().strength),
        ..Config::default()
    });
    let mut flags = vec![format!("--method {}", config.method)];
    for (name, value) in &fields(config) {
        let aside = name == "method" || ASIDE.contains(&name.as_str());
        if !aside && usual.get(name) != Some(value) && !value.is_null() {
            flags.push(format!(
                "--{} {}",
                name.replace('_', "-"),
                typed(Some(value))
            ));
        }
    }
    flags.join(" ")
}

const NONE: &str = "–";

/// The summary figures of a run.
const FIGURES: [(&str, Phase, Arm, bool); 5] = [
    ("unlearned forget", Phase::Unlearn, Arm::Unlearned, true),
    ("unlearned retain", Phase::Unlearn, Arm::Unlearned, false),
    ("retrained retain", Phase::Unlearn, Arm::Retrained, false),
    ("relearned forget", Phase::Relearn, Arm::Relearned, true),
    ("relearned retain", Phase::Relearn, Arm::Relearned, false),
];

/// Mean accuracies, in percent.
fn figures(record: &RunRecord) -> impl Iterator<Item = String> {
    FIGURES.iter().map(|&(_, phase, arm, forget)| {
        let figure = figure(record, phase, arm, forget);
        figure.map_or(NONE.to_owned(), |mean| fixed(100.0 * mean, 1))
    })
}

/// The mean accuracy on the forgotten classes, or on the others.
fn figure(record: &RunRecord, phase: Phase, arm: Arm, forget: bool) -> Option<f64> {
    let figures = &record.outcome(phase, arm)?.figures;
    Some(match forget {
        true => figures.forget_accuracy.mean,
        false => figures.retain_accuracy.mean,
    })
}

/// Compares runs: settings that differ, and results.
fn beside(folders: &[PathBuf], records: &[RunRecord]) -> String {
    let all: Vec<Map<String, Value>> = records.iter().map(|r| fields(&r.config)).collect();
    let mut names: Vec<&String> = all.iter().flat_map(Map::keys).collect();
    names.sort();
    names.dedup();
    names.retain(|name| {
        all.iter()
            .any(|fields| fields.get(*name) != all[0].get(*name))
    });
    let mut head = vec!["run".to_owned()];
    head.extend(names.iter().map(|name| name.replace('_', "\n")));
    let shown = FIGURES.iter().map(|(name, ..)| name.replace(' ', "\n"));
    head.extend(shown.map(|name| name + " %"));
    let row = |((folder, record), fields): ((&PathBuf, &RunRecord), &Map<String, Value>)| {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let mut cells = vec![name.to_string_lossy().into_owned()];
        cells.extend(names.iter().map(|name| typed(fields.get(*name))));
        cells.extend(figures(record));
        cells
    };
    let rows: Vec<Vec<String>> = folders.iter().zip(records).zip(&all).map(row).collect();
    columns(&head, &rows)
}
