//! The real binary, `check` and `devices`: what they print, write and refuse, and their exit codes.

mod common;
mod idx_files;

use common::{stderr, unlearn};
use idx_files::mentions;
use tempfile::TempDir;
use unlearn::check::report::Report;

/// A text without its wrapping.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every adapter and the CPU are listed, with what they can do and why `auto` takes one of them;
/// the JSON says the same.
#[test]
fn devices_are_listed_as_text_and_as_json() {
    let (table, json) = (unlearn(&["devices"]), unlearn(&["devices", "--json"]));
    for output in [&table, &json] {
        assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    }
    let table = String::from_utf8(table.stdout).unwrap();
    let blocks: Vec<&str> = table.trim_end().split("\n\n").collect();
    let devices: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    let adapters = unlearn::device::gpu::adapters();
    assert_eq!(blocks.len(), adapters.len() + 1, "{table}");
    assert_eq!(devices.len(), adapters.len() + 1);
    let text = |device: &serde_json::Value, key: &str| device[key].as_str().unwrap().to_owned();
    for (block, device) in blocks.iter().zip(&devices) {
        let auto = device["auto"].as_bool().unwrap();
        assert_eq!(block.contains("<- auto"), auto, "{block}");
        for key in ["device", "name", "kind", "backend", "driver", "reason"] {
            mentions(&one_line(block), &[&one_line(&text(device, key))]);
        }
        assert_eq!(text(device, "reason").starts_with("auto: "), auto);
        assert!(block.lines().all(|l| l.chars().count() <= 80), "{block}");
    }
    let picked = devices.iter().filter(|d| d["auto"] == true).count();
    assert_eq!(picked, 1, "{table}");
    for (adapter, device) in adapters.iter().zip(&devices) {
        assert_eq!(text(device, "name"), adapter.name());
        let abilities = serde_json::to_value(adapter.abilities()).unwrap();
        assert_eq!(device["limits"], abilities["limits"]);
        assert_eq!(device["features"], abilities["features"]);
    }
    assert_eq!(text(devices.last().unwrap(), "name"), "CPU");
}

#[test]
fn a_check_that_passes_exits_with_zero_and_can_be_read_by_machines() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("report.json");
    let output = unlearn(&[
        "check",
        "--kernel",
        "close_step",
        "--json",
        file.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(&table, &["close_step", "plain", "twin", "cases are right"]);
    let report: Report = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(report.passed);
    assert_eq!(report.devices.len(), unlearn::device::list().len());
    let stdout = unlearn(&["check", "--kernel", "close_step", "--json", "-"]).stdout;
    let same: Report = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(same.devices.len(), report.devices.len());
}

#[test]
fn a_check_that_fails_exits_with_one_and_names_the_case() {
    let adapter = &unlearn::device::list()[0].spec;
    let planted = [
        "check", "--device", adapter, "--kernel", "score", "--plant", "10",
    ];
    let output = unlearn(&planted);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(
        &table,
        &["WRONG: score/plain", "got", "expected", "bound", "again"],
    );
    let again = table
        .lines()
        .find_map(|l| l.trim().strip_prefix("again"))
        .unwrap();
    let flags: Vec<&str> = again.split_whitespace().skip(1).collect();
    assert_eq!(unlearn(&flags).status.code(), Some(1), "{again}");
    let sound = &flags[..flags.len() - 2];
    assert_eq!(
        unlearn(sound).status.code(),
        Some(0),
        "without the fault: {sound:?}"
    );
}

#[test]
fn a_check_of_nothing_is_refused() {
    for (flags, parts) in [
        (
            &["--kernel", "dense"][..],
            &["dense_forward", "training"][..],
        ),
        (&["--device", "nonesuch"], &["nonesuch", "cpu"]),
        (&["--variant", "fast", "--device", "cpu"], &["fast"]),
        (
            &["--kernel", "score", "--shape", "3x4"],
            &["3x4", "64x784x128x4"],
        ),
        (
            &["--kernel", "score", "--plant", "999"],
            &["mutants", "--plant"],
        ),
        (
            &["--mutants", "--device", "cpu"],
            &["not made from shaders"],
        ),
        (
            &["--kernel", "score", "--shape", "9999x1x1x9999999"],
            &["out of range"],
        ),
        (&["--shape", "1x1x1x1"], &["--kernel"]),
        (
            &["--kernel", "training", "--shape", "1x1x1x1"],
            &["training", "no variants"],
        ),
        (
            &["--kernel", "litmus", "--shape", "1x1x1x1"],
            &["litmus", "no shapes"],
        ),
        (
            &["--kernel", "litmus", "--device", "cpu"],
            &["adapters", "unlearn devices"],
        ),
        (
            &["--kernel", "litmus", "--variant", "iriw"],
            &["iriw", "mp-shared-bar", "barriers"],
        ),
        (
            &["--kernel", "score", "--json", "/no/such/folder/r.json"],
            &["cannot write", "r.json"],
        ),
    ] {
        let output = unlearn(&[&["check"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        mentions(&stderr(&output), parts);
    }
}

/// Litmus tests have their outcomes in the table and in the report; the CPU has none.
#[test]
fn litmus_tests_are_rows_with_outcomes() {
    let flags = ["check", "--kernel", "litmus", "--variant", "mp-bar"];
    let output = unlearn(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(&table, &["litmus", "barriers", "mp-bar", "r0=0 r1=1: "]);
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
    let stdout = unlearn(&[&flags[..], &["--json", "-"]].concat()).stdout;
    let report: Report = serde_json::from_slice(&stdout).unwrap();
    let rows = report.devices.iter().map(|device| &device.rows[..]);
    let (cpu, adapters): (Vec<_>, Vec<_>) = rows.partition(|rows| rows.is_empty());
    assert_eq!((cpu.len(), adapters.is_empty()), (1, false));
    for rows in adapters {
        let [histogram] = &rows[0].litmus[..] else {
            panic!("{rows:?}")
        };
        let [only] = &histogram.outcomes[..] else {
            panic!("{histogram:?}")
        };
        assert_eq!(
            (only.outcome.as_str(), only.times),
            ("r0=0 r1=1", histogram.instances)
        );
    }
}

/// What is no regular file is written to, not replaced; a report that cannot be written is said
/// before the work.
#[cfg(unix)]
#[test]
fn a_report_can_go_to_a_pipe() {
    let shell = format!(
        "{} check --device cpu --kernel close_step --json /dev/fd/3 3>&1 >/dev/null | cat",
        env!("CARGO_BIN_EXE_unlearn")
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &shell])
        .output()
        .unwrap();
    let report: Report = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report.passed);
}
