//! The real binary, interrupted: what it says and leaves, and how it goes on.
#![cfg(unix)]

mod common;
mod idx_files;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use unlearn::data::builtin;

/// Small data and room for runs.
fn place() -> TempDir {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    std::fs::create_dir(&data).unwrap();
    write(
        &data,
        &files(&builtin::train(2000), &builtin::test(100)),
        "",
    );
    place
}

/// The flags of a run of a few seconds.
fn flags(place: &Path, name: &str) -> Vec<String> {
    let path = |name: &str| place.join(name).to_str().unwrap().to_owned();
    let [data, out] = [path("data"), path(name)];
    let given = [
        "run",
        "--device",
        "cpu",
        "--learners",
        "2",
        "--epochs",
        "40",
    ];
    let more = [
        "--evaluations",
        "1",
        "--fresh",
        "--data",
        &data,
        "--out",
        &out,
    ];
    [&given[..], &more]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn start(arguments: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unlearn"));
    let command = command.args(arguments);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until a file is there.
fn wait_for(file: &Path) {
    let start = Instant::now();
    while !file.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "no {}",
            file.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a run, and sends it a signal once a state was kept.
fn interrupted(place: &Path, name: &str, signal: Signal) -> std::process::Output {
    let child = start(&flags(place, name));
    wait_for(&place.join(name).join("state.safetensors"));
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait_with_output().unwrap()
}

fn resume(folder: &Path) -> std::process::Output {
    unlearn(&["run", "--resume", folder.to_str().unwrap()])
}

/// The checkpoints of a run, with their content.
fn checkpoints(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder.join("checkpoints")).unwrap();
    let mut all: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// `summary.json` without times.
fn summary(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("summary.json")).unwrap();
    let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    for time in ["seconds", "started"] {
        summary[time] = serde_json::Value::Null;
    }
    summary
}

#[test]
fn an_interrupted_run_says_how_to_go_on_and_ends_with_the_same_bytes() {
    let place = place();
    let path = |name: &str| place.path().join(name);
    let whole = start(&flags(place.path(), "whole"))
        .wait_with_output()
        .unwrap();
    assert!(whole.status.success(), "{}", stderr(&whole));
    for (name, signal, code) in [
        ("int", Signal::INT, Some(130)),
        ("term", Signal::TERM, Some(143)),
        ("kill", Signal::KILL, None),
    ] {
        let stopped = interrupted(place.path(), name, signal);
        assert_eq!(stopped.status.code(), code, "{}", stderr(&stopped));
        if code.is_some() {
            let said = String::from_utf8_lossy(&stopped.stdout).replace('\n', " ");
            mentions(
                &said,
                &["Interrupted in the learn phase", "unlearn run --resume"],
            );
            let page = std::fs::read_to_string(path(name).join("report.html")).unwrap();
            mentions(&page, &["not the whole run", "in the learn phase"]);
        }
        let listed = unlearn(&["runs", place.path().to_str().unwrap()]);
        let listed = String::from_utf8_lossy(&listed.stdout).replace('\n', " ");
        mentions(
            &listed,
            &["interrupted in the learn phase", "finished", "--epochs 40"],
        );

        let [own, other] = [path(name), path("whole")];
        let diff = unlearn(&["diff", own.to_str().unwrap(), other.to_str().unwrap()]);
        assert!(diff.status.success(), "{}", stderr(&diff));
        let diff = String::from_utf8_lossy(&diff.stdout).to_lowercase();
        let place = "(incomplete: interrupted in the learn phase";
        mentions(&diff.replace('\n', " "), &[place, "no phase ended in both"]);

        let resumed = resume(&path(name));
        assert!(resumed.status.success(), "{}", stderr(&resumed));
        assert!(
            checkpoints(&path(name)) == checkpoints(&path("whole")),
            "{name}"
        );
        assert_eq!(summary(&path(name)), summary(&path("whole")), "{name}");
        assert!(!path(name).join("state.safetensors").exists());
        let again = resume(&path(name));
        assert!(again.status.success());
        mentions(&stderr(&again), &["came to its end"]);
    }
    let both = [path("whole"), path("int")];
    let both = both.each_ref().map(|path| path.to_str().unwrap());
    let table = unlearn(&["report", both[0], both[1]]);
    assert!(table.status.success(), "{}", stderr(&table));
    mentions(
        &String::from_utf8_lossy(&table.stdout),
        &["whole", "int", "retain"],
    );
}

/// What `auto` chose and why is said as it was when the run began.
#[test]
fn a_resumed_run_says_what_it_began_on() {
    let place = place();
    let on_auto = |name: &str| {
        let mut flags = flags(place.path(), name);
        let small = ["--device", "auto", "--hidden", "8", "--learners", "1"];
        flags.retain(|flag| !["--device", "cpu", "--learners", "2"].contains(&flag.as_str()));
        flags.extend(small.map(str::to_owned));
        flags
    };
    let whole = start(&on_auto("whole")).wait_with_output().unwrap();
    assert!(whole.status.success(), "{}", stderr(&whole));
    let child = start(&on_auto("stopped"));
    let folder = place.path().join("stopped");
    wait_for(&folder.join("state.safetensors"));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let stopped = child.wait_with_output().unwrap();
    assert_eq!(stopped.status.code(), Some(130), "{}", stderr(&stopped));
    let resumed = resume(&folder);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    assert_eq!(summary(&folder), summary(&place.path().join("whole")));
}

#[test]
fn what_cannot_go_on_is_refused_with_the_reason() {
    let place = place();
    let folder = place.path().join("run");
    interrupted(place.path(), "run", Signal::KILL);
    let refused = |parts: &[&str]| {
        let output = resume(&folder);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        mentions(&stderr(&output), parts);
    };
    let config = folder.join("config.toml");
    let settings = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, settings.replace("seed = 1", "seed = 2")).unwrap();
    refused(&["other settings", "unlearn run --config"]);
    std::fs::write(&config, settings).unwrap();

    // Two at a time would write into each other's files.
    let lock = folder.join("lock");
    // What the killed run left locks nothing.
    let _ = std::fs::remove_file(&lock);
    let busy = start(&["run", "--resume", folder.to_str().unwrap()].map(str::to_owned));
    wait_for(&lock);
    let second = resume(&folder);
    let _ = kill_process(Pid::from_child(&busy), Signal::KILL);
    let first = busy.wait_with_output().unwrap();
    assert!(first.status.code().is_none(), "it was too fast: {first:?}");
    mentions(&stderr(&second), &["another process is at work"]);

    let state = folder.join("state.safetensors");
    let bytes = std::fs::read(&state).unwrap();
    std::fs::write(&state, &bytes[..bytes.len() / 2]).unwrap();
    refused(&["not the state of a run", "unlearn run --config"]);
    std::fs::remove_file(&state).unwrap();
    refused(&["nothing to go on from"]);
    let nothing = unlearn(&["run", "--resume", "/nonexistent"]);
    assert_eq!(nothing.status.code(), Some(2));
    let beside = unlearn(&["run", "--resume", "/nonexistent", "--lr", "1"]);
    assert_eq!(beside.status.code(), Some(2));
}
