//! The benchmark: what the real binary prints, writes and refuses, and that a wrong kernel gets no
//! time.

mod common;
mod faulty;
mod idx_files;

use std::time::Duration;

use common::{stderr, unlearn};
use faulty::Faulty;
use idx_files::mentions;
use tempfile::TempDir;
use unlearn::bench::report::{Ceilings, Report};
use unlearn::bench::{Options, compare, kernels};
use unlearn::check;
use unlearn::progress::Silent;

/// Measures as little as there is.
const LITTLE: [&str; 6] = ["bench", "--device", "cpu", "--seconds", "0.01", "--kernel"];

#[test]
fn a_benchmark_exits_with_zero_and_can_be_read_by_machines() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bench.json");
    let file = file.to_str().unwrap();
    let flags = [
        "close_step",
        "--learners",
        "1",
        "--data",
        "builtin",
        "--json",
        file,
    ];
    let output = unlearn(&[&LITTLE[..], &flags].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(
        &table,
        &[
            "start-up",
            "ceilings",
            "GFLOP/s",
            "wall clock",
            "close_step",
            "learners",
        ],
    );
    let text = std::fs::read(file).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    for key in ["gflops", "gbs"] {
        assert!(json["ceilings"][key].as_f64().unwrap() > 0.0, "{json}");
    }
    let kernel = &json["kernels"][0];
    assert_eq!(kernel["kernel"], "close_step");
    assert!(kernel["measured"]["us"].as_f64().unwrap() > 0.0, "{json}");
    let step = &json["steps"][0];
    assert_eq!((&step["learners"], &step["batch"]), (&1.into(), &64.into()));
    for key in [
        "us_per_step",
        "device_us_per_step",
        "seconds_per_learner_epoch",
    ] {
        assert!(step[key].as_f64().unwrap() > 0.0, "{key}: {json}");
    }
    let epoch = step["us_per_step"].as_f64().unwrap() * 1e-6 * 60_000.0 / 64.0;
    let said = step["seconds_per_learner_epoch"].as_f64().unwrap();
    assert!((said / epoch - 1.0).abs() < 1e-9, "{json}");
    assert!(
        json["start_up"]["total_ms"].as_f64().unwrap() > 0.0,
        "{json}"
    );
    assert_eq!(json["timing"], "wall clock");
    assert_eq!(json["device"]["backend"], "CPU");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    let report: Report = serde_json::from_slice(&text).unwrap();
    let same = compare(&report, &report, 0.05);
    assert_eq!(same.len(), 3, "start-up, a kernel, a step: {same:?}");
    assert!(
        same.iter()
            .all(|r| (r.old_us / r.new_us - 1.0).abs() < 1e-12),
        "{same:?}"
    );
    let flags = ["close_step", "--fail-on", "never", "--compare", file];
    let output = unlearn(&[&LITTLE[..], &flags].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(&table, &["old/new", "close_step twin 64x1x1x64"]);
}

#[test]
fn a_kernel_that_is_wrong_gets_no_time() {
    let options = Options {
        check: check::Options {
            kernel: Some("dense_forward".to_owned()),
            variant: None,
            shape: "3x8x4x2".parse().ok(),
            fill: None,
            seed: 1,
            plant: None,
        },
        budget: Duration::from_millis(1),
    };
    let ceilings = Ceilings {
        gflops: 1.0,
        gbs: 1.0,
        empty_dispatch_us: 1.0,
        dependent_dispatch_us: 1.0,
        ..Ceilings::default()
    };
    let rows = |device: Faulty| {
        let mut rows = Vec::new();
        kernels(&device, &options, &ceilings, &mut rows, &mut Silent).unwrap();
        rows.remove(0)
    };
    let wrong = rows(Faulty::new(|_, binding, words| {
        if binding == 2 {
            words[70] ^= 1 << 30;
        }
    }));
    assert!(wrong.measured.is_none(), "{wrong:?}");
    assert!(wrong.failure.unwrap().text.starts_with("y["));
    let right = rows(Faulty::new(|_, _, _| {}));
    assert!(right.failure.is_none());
    // 24 results of 8 multiply-adds, a sum and a maximum: at 1 GFLOP/s, 0.432 µs.
    let measured = right.measured.unwrap();
    assert_eq!(
        (right.flops, measured.bound_by.as_str()),
        (24 * 18, "launch")
    );
    assert!((measured.share * measured.time.us - 1.0).abs() < 1e-9);
}

#[test]
fn a_planted_fault_exits_with_one() {
    let adapter = &unlearn::device::list()[0].spec;
    let planted = [
        "bench",
        "--device",
        adapter,
        "--kernel",
        "score",
        "--plant",
        "10",
        "--seconds",
        "0.01",
        "--shape",
        "8x1x10x2",
    ];
    let output = unlearn(&planted);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(&table, &["WRONG", "unlearn check", "--plant 10"]);
    let again = table.split('`').nth(1).unwrap();
    let flags: Vec<&str> = again.split_whitespace().skip(1).collect();
    assert_eq!(unlearn(&flags).status.code(), Some(1), "{again}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other.json");
    std::fs::write(&other, "{}").unwrap();
    let other = other.to_str().unwrap();
    for (flags, parts) in [
        (
            &["--kernel", "sideways"][..],
            &["sideways", "dense_forward"][..],
        ),
        (&["--variant", "fastest"], &["fastest", "plain"]),
        (
            &[
                "--variant",
                "lanes",
                "--kernel",
                "score",
                "--device",
                "cpu",
                "--seconds",
                "0.01",
            ],
            &["no kernel", "lanes"],
        ),
        (&["--shape", "1x2x3"], &["1x2x3", "64x784x128x4"]),
        (&["--learners", "0"], &["--learners", "0"]),
        (&["--learners", "8,many"], &["many"]),
        (&["--device", "no such device"], &["no such device", "cpu"]),
        (&["--data", "/no/such/folder"], &["/no/such/folder"]),
        (&["--margin=-1"], &["--margin", "percent"]),
        (&["--rounds=7"], &["--against"]),
        (
            &["--against", "/no/such/unlearn"],
            &["--against", "no such file"],
        ),
        (&["--against", "/bin/sh"], &["--against", "--version"]),
        (&["--fail-on", "monday"], &["--fail-on", "unsure"]),
        (
            &["--html", "/no/such/folder/b.html"],
            &["cannot write", "b.html"],
        ),
        (&["--seconds=-1"], &["--seconds", "an hour"]),
        (&["--seconds=0"], &["--seconds", "an hour"]),
        (&["--seconds=nan"], &["--seconds", "an hour"]),
        (&["--seconds=1e19"], &["--seconds", "an hour"]),
        (&["--seconds=soon"], &["--seconds", "soon"]),
        (
            &["--json", "/no/such/folder/b.json"],
            &["cannot write", "b.json"],
        ),
        (
            &["--compare", "/no/such/old.json"],
            &["cannot read", "old.json"],
        ),
        (
            &["--compare", other],
            &["not the report of a benchmark", "--json"],
        ),
    ] {
        let output = unlearn(&[&["bench"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        mentions(&stderr(&output), parts);
    }
}

/// A program that says of itself that it is unlearn, and that `square` takes it so many microseconds.
#[cfg(unix)]
fn rival(folder: &TempDir, us: f64) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join("rival");
    let report = format!(
        r#"{{"kernels": [{{"kernel": "square", "variant": "twin", "shape": "1x64x1x1",
        "measured": {{"us": {us}}}}}]}}"#
    );
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo unlearn 0.0.1 && exit\ncat <<'E'\n{report}\nE\n"
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Programs take turns, and the exit code is that of the verdicts; a page shows them.
#[cfg(unix)]
#[test]
fn another_program_takes_turns() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("bench.html");
    let page = page.to_str().unwrap();
    for (us, verdict) in [(1e9, "faster"), (1e-9, "slower")] {
        let rival = rival(&folder, us);
        let flags = [
            "square",
            "--shape",
            "1x64x1x1",
            "--rounds",
            "6",
            "--against",
            &rival,
            "--html",
            page,
        ];
        let output = unlearn(&[&LITTLE[..], &flags].concat());
        let table = String::from_utf8(output.stdout.clone()).unwrap();
        mentions(
            &table,
            &["compared with", "unlearn 0.0.1", "square twin 1x64x1x1"],
        );
        // On a machine whose clock never holds nothing can be said.
        let said = table.contains(&format!("1 {verdict}"));
        assert!(said || table.contains("1 cannot say"), "{table}");
        let expected = i32::from(said && verdict == "slower");
        assert_eq!(output.status.code(), Some(expected), "{}", stderr(&output));
        let page = std::fs::read_to_string(page).unwrap();
        mentions(
            &page,
            &[
                "Comparison",
                "Ceilings",
                "Working sets",
                "unlearn bench --device cpu",
            ],
        );
    }
}

/// The report of a small benchmark.
fn small_report(folder: &TempDir) -> serde_json::Value {
    let file = folder.path().join("small.json");
    let file = file.to_str().unwrap();
    let output = unlearn(&[&LITTLE[..], &["close_step", "--json", file]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// What a comparison with this text prints, on stdout or else on stderr, and its exit code.
fn compared(folder: &TempDir, text: &str) -> (String, Option<i32>) {
    let file = folder.path().join("old.json");
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let flags = ["close_step", "--fail-on", "never", "--compare", file];
    let output = unlearn(&[&LITTLE[..], &flags].concat());
    let said = match output.status.code() {
        Some(0) => String::from_utf8(output.stdout.clone()).unwrap(),
        _ => stderr(&output),
    };
    (said, output.status.code())
}

#[test]
fn an_old_report_is_compared_as_far_as_it_goes() {
    let folder = TempDir::new().unwrap();
    let mut old = small_report(&folder);
    assert!(!old["cpu"].as_str().unwrap().is_empty(), "{old}");
    for figure in ["us", "us_low", "us_high", "gflops", "gbs", "share"] {
        old["kernels"][0]["measured"][figure] = serde_json::Value::Null;
    }
    (old["os"], old["arch"], old["cpu"]) = ("BeOS".into(), "ppc".into(), "Some CPU".into());
    (old["version"], old["novelty"]) = ("9.0.0".into(), serde_json::json!({"of": [1, 2]}));
    let (said, code) = compared(&folder, &old.to_string());
    assert_eq!(code, Some(0), "{said}");
    let differ = ["version", "system", "architecture", "CPU"].map(|what| format!("{what} differs"));
    mentions(&said, &differ.each_ref().map(String::as_str));
    let line = said
        .lines()
        .find(|line| line.starts_with("close_step twin"));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("cannot say"), "{said}");
    old["device"]["name"] = "Another".into();
    old["device"]["backend"] = "Vulkan".into();
    let both = serde_json::json!([old, old]).to_string();
    let (said, code) = compared(&folder, &both);
    assert_eq!(code, Some(0), "{said}");
    mentions(
        &said,
        &["not compared: this device is not in the old report"],
    );
    old["kernels"] = serde_json::json!([]);
    let (said, _) = compared(&folder, &old.to_string());
    mentions(
        &said,
        &["device differs: Another before", "nothing that both have"],
    );
}

#[test]
fn what_is_no_report_is_refused_with_the_reason() {
    let folder = TempDir::new().unwrap();
    for (text, parts) in [
        ("[]", &["empty list"][..]),
        ("", &["breaks off"]),
        (r#"{"version": "0.1.0", "os": "li"#, &["breaks off"]),
        (r#"[{"version": "9.0.0"}]"#, &["unlearn 9.0.0 wrote it"]),
        (
            r#"{"version": "9.0.0", "os": 5}"#,
            &["unlearn 9.0.0 wrote it"],
        ),
        ("null", &["not the report"]),
    ] {
        let (said, code) = compared(&folder, text);
        assert_eq!(code, Some(2), "{text}: {said}");
        mentions(&said, parts);
        mentions(&said, &["old.json", "--json"]);
    }
}
