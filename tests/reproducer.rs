//! The folder of a failure: a failing check leaves one, it fails again where it failed and nowhere else,
//! nothing is overwritten, and no damage of it does harm.

mod common;
mod faulty;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{all_adapters, stderr};
use faulty::{Fault, Faulty};
use serde_json::Value;
use tempfile::TempDir;
use unlearn::check::{Again, Observer, Options, Replay, Subject, check};
use unlearn::device::cpu::Cpu;
use unlearn::device::gpu::{Gpu, Opening};
use unlearn::device::{Device, WINDOW};
use unlearn::error::Result;
use unlearn::kernels::Cause;
use unlearn::progress::Progress;
use unlearn::reproducer::Reproducer;

/// Writes folders for failures.
struct Keeper<'a>(&'a Path);

impl Progress for Keeper<'_> {}

impl Observer for Keeper<'_> {
    fn reproducer(&mut self, _: &str, _: &str, made: Result<Reproducer>) -> Option<PathBuf> {
        Some(made.unwrap().write(self.0).unwrap())
    }
}

fn subject(device: impl Device + 'static) -> Subject {
    Subject {
        spec: "cpu".to_owned(),
        device: Box::new(device),
    }
}

/// The folder that a check of one kernel on a faulty device leaves.
fn folder(under: &Path, kernel: &str, device: Faulty) -> PathBuf {
    let options = Options {
        kernel: Some(kernel.to_owned()),
        variant: Some("twin".to_owned()),
        shape: None,
        fill: None,
        seed: 3,
        plant: None,
    };
    let report = check(&[subject(device)], &options, &mut Keeper(under)).unwrap();
    let failure = report.devices[0].rows[0].failure.clone().unwrap();
    failure.folder.unwrap()
}

/// The first adapter, opened as a replay asks for.
fn adapter(replay: &Replay) -> Subject {
    let opening = Opening {
        checked: replay.checked(),
        ..Opening::default()
    };
    subject(Gpu::open_with(&all_adapters()[0], "test", opening).unwrap())
}

/// The last word of the output is wrong.
const LAST: Fault = |_, binding, words| {
    if binding == 2 {
        let end = words.len() - WINDOW;
        words[end - 1] = 0x4640_e400;
    }
};

#[test]
fn a_faulty_device_fails_again_and_the_others_do_not() {
    let under = TempDir::new().unwrap();
    let path = folder(under.path(), "dense_forward", Faulty::new(LAST));
    let replay = Replay::read(&path).unwrap();
    assert!(!replay.checked() && replay.notes.is_empty(), "{replay:?}");
    let again = replay.run(&subject(Faulty::new(LAST)));
    let recorded = replay.recorded.description.mismatch.clone();
    assert_eq!(again, Again::Same(recorded));
    let elsewhere: Fault = |_, binding, words| {
        if binding == 2 {
            words[WINDOW] = 0x4640_e400;
        }
    };
    let other = replay.run(&subject(Faulty::new(elsewhere)));
    assert!(matches!(other, Again::Other(_)), "{other:?}");
    assert_eq!(replay.run(&subject(Cpu::new("test"))), Again::Right);
    assert_eq!(replay.run(&adapter(&replay)), Again::Right);
    let report = fs::read_to_string(path.join("report.md")).unwrap();
    for part in [
        "1 of ",
        "words of `y` are wrong",
        "12345.0 (0x4640e400)",
        "10 more runs with the same inputs 10 were wrong; all gave the same bits",
        "workgroups (of 8 × 8 × 1 threads)",
        "| 0 | 2 | `parameters` | storage, read | vec4<f32> |",
        "--variant twin --shape",
    ] {
        assert!(report.contains(part), "{part:?} is missing in\n{report}");
    }
}

#[test]
fn a_write_beside_a_buffer_and_a_lost_device_are_recorded_too() {
    let under = TempDir::new().unwrap();
    let beside: Fault = |_, _, words| {
        let end = words.len() - WINDOW;
        words[end] = 0;
    };
    let path = folder(under.path(), "score", Faulty::new(beside));
    let replay = Replay::read(&path).unwrap();
    assert!(path.join("labels.guards.bin").exists());
    let again = replay.run(&subject(Faulty::new(beside)));
    assert!(matches!(again, Again::Same(_)), "{again:?}");
    assert_eq!(replay.run(&adapter(&replay)), Again::Right);
    let lost = || {
        let mut device = Faulty::new(|_, _, _| {});
        device.lost_at = 0;
        device
    };
    let path = folder(under.path(), "score", lost());
    assert!(path.ends_with("score-twin-CPU-2") || path.to_string_lossy().ends_with("-2"));
    let replay = Replay::read(&path).unwrap();
    let cause = &replay.recorded.description.mismatch.cause;
    assert!(matches!(cause, Cause::NoResult { .. }), "{cause:?}");
    assert!(!path.join("counts.got.bin").exists());
    let again = replay.run(&subject(lost()));
    assert!(matches!(again, Again::Same(_)), "{again:?}");
    assert_eq!(replay.run(&adapter(&replay)), Again::Right);
}

/// Runs the binary in a folder.
fn unlearn_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unlearn"));
    command.current_dir(folder).args(arguments);
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A mutant, with and without textures, through the binary.
#[test]
fn a_mutant_leaves_a_folder_that_fails_again() {
    let here = TempDir::new().unwrap();
    let run = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        unlearn_in(here.path(), &arguments)
    };
    let planted = "check --device 0 --kernel dense_forward --variant mirrored --plant 5";
    let failed = run(planted);
    assert_eq!(failed.status.code(), Some(1), "{}", stderr(&failed));
    let text = stdout(&failed);
    let command = text.lines().find_map(|l| l.trim().strip_prefix("anywhere"));
    let command = command.unwrap().trim().strip_prefix("unlearn ").unwrap();
    let again = run(&format!("{command} --device 0"));
    assert_eq!(again.status.code(), Some(1), "{}", stderr(&again));
    let text = stdout(&again);
    assert!(text.contains("the same wrong word as recorded"), "{text}");
    let agreed = "The interpreter computes the same wrong word from this shader";
    assert!(text.contains(agreed), "{text}");
    let text = "The shader has a fault that was planted in it";
    let first = &names(&here.path().join("unlearn-failures"))[0];
    let first = here.path().join("unlearn-failures").join(first);
    let report = fs::read_to_string(first.join("report.md")).unwrap();
    assert!(report.contains(text) && report.contains(agreed), "{report}");
    let host = run(&format!("{command} --device interpreter"));
    assert_eq!(host.status.code(), Some(1), "{}", stderr(&host));
    assert!(stdout(&host).contains("WRONG"), "{}", stdout(&host));
    // The CPU does not run shaders.
    let cpu = run(&format!("{command} --device cpu"));
    assert_eq!(cpu.status.code(), Some(2));
    assert!(stdout(&cpu).contains("not shaders"), "{}", stdout(&cpu));

    let kept = fs::read(first.join("case.json")).unwrap();
    assert_eq!(run(planted).status.code(), Some(1));
    assert_eq!(names(&here.path().join("unlearn-failures")).len(), 2);
    assert_eq!(fs::read(first.join("case.json")).unwrap(), kept);
}

#[test]
fn nothing_is_written_without_a_failure_and_what_cannot_be_written_is_said() {
    let here = TempDir::new().unwrap();
    let check = ["check", "--device", "cpu", "--kernel", "close_step"];
    assert_eq!(unlearn_in(here.path(), &check).status.code(), Some(0));
    assert!(names(here.path()).is_empty());
    fs::write(here.path().join("taken"), "mine").unwrap();
    let planted = "check --device 0 --kernel score --variant plain --plant 10 --reproduce taken";
    let planted: Vec<&str> = planted.split(' ').collect();
    let failed = unlearn_in(here.path(), &planted);
    assert_eq!(failed.status.code(), Some(1));
    let said = stderr(&failed);
    assert!(said.contains("score/plain has no folder"), "{said}");
    assert!(stdout(&failed).contains("again"), "{}", stdout(&failed));
    assert_eq!(fs::read(here.path().join("taken")).unwrap(), b"mine");
}

/// The documented script finds what the check found; it needs numpy.
#[test]
fn the_script_of_a_folder_reads_its_files() {
    let numpy = Command::new("python3")
        .args(["-c", "import numpy"])
        .output();
    if !numpy.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: compare.py of a failure's folder: python3 has no numpy (`bash tests/run.sh` \
             installs it)"
        );
        return;
    }
    let under = TempDir::new().unwrap();
    let path = folder(under.path(), "dense_forward", Faulty::new(LAST));
    let script = |arguments: &[String]| {
        let mut command = Command::new("python3");
        command.arg(path.join("compare.py")).args(arguments);
        command.output().unwrap()
    };
    let found = script(&[]);
    assert_eq!(found.status.code(), Some(1), "{}", stderr(&found));
    let words = fs::read(path.join("y.got.bin")).unwrap().len() / 4;
    let line = format!(
        "y: 1 of {words} words are wrong y[{}] = 0x4640e400",
        words - 1
    );
    assert!(stdout(&found).contains(&line), "{}", stdout(&found));
    let input = path.join("y.in.bin").display().to_string();
    let untouched = script(&[format!("y={input}")]);
    assert!(stdout(&untouched).contains(&format!("y: {words} of {words}")));
}

/// Copies a folder.
fn copied(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for name in names(from) {
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

/// Every file that a replay reads, missing, cut short and changed.
#[test]
fn damaged_files_are_named() {
    let under = TempDir::new().unwrap();
    let path = folder(under.path(), "dense_forward", Faulty::new(LAST));
    let copy = under.path().join("copy");
    let refused = |file: &str| {
        let error = Replay::read(&copy).unwrap_err().to_string();
        assert!(error.contains(file), "{file}: {error}");
    };
    for file in names(&path) {
        let read = file.ends_with(".bin") || file.ends_with(".json") || file == "shader.wgsl";
        copied(&path, &copy);
        let at = copy.join(&file);
        let bytes = fs::read(&at).unwrap();
        fs::remove_file(&at).unwrap();
        if !read {
            Replay::read(&copy).unwrap();
            continue;
        }
        refused(&file);
        if file == "shader.wgsl" {
            fs::write(&at, [0xff, 0xfe]).unwrap();
            refused(&file);
            continue;
        }
        for short in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&at, &bytes[..short]).unwrap();
            refused(&file);
        }
        if file != "case.json" {
            let mut changed = bytes.clone();
            changed[0] ^= 1;
            fs::write(&at, changed).unwrap();
            refused(&file);
            fs::write(&at, [&bytes[..], &[0; 4]].concat()).unwrap();
            refused(&file);
        }
    }
    let none = Replay::read(&under.path().join("nothing")).unwrap_err();
    assert!(none.to_string().contains("there is no folder"), "{none}");
}

/// All paths to values in JSON.
fn paths(value: &Value, at: String, all: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(n, v)| (n.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{at}/{key}");
        paths(child, path.clone(), all);
        all.push(path);
    }
}

/// Every value of the description, replaced by others: it is refused, or runs without harm.
#[test]
fn an_edited_description_does_no_harm() {
    let under = TempDir::new().unwrap();
    let path = folder(
        under.path(),
        "score",
        Faulty::new(|_, binding, words| {
            words[WINDOW] ^= u32::from(binding == 2);
        }),
    );
    let file = path.join("case.json");
    let original: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let mut all = Vec::new();
    paths(&original, String::new(), &mut all);
    let (mut refused, mut ran) = (0, 0);
    let gpu = adapter(&Replay::read(&path).unwrap());
    let cpu = subject(Cpu::new("test"));
    for at in &all {
        for with in [
            "null",
            "-1",
            "0",
            "7",
            "18446744073709551615",
            "\"../x\"",
            "[]",
            "{}",
            "[9,9,9]",
        ] {
            let mut edited = original.clone();
            *edited.pointer_mut(at).unwrap() = serde_json::from_str(with).unwrap();
            fs::write(&file, edited.to_string()).unwrap();
            match Replay::read(&path) {
                Err(e) => {
                    refused += 1;
                    assert!(!e.to_string().is_empty());
                }
                Ok(replay) => {
                    ran += 1;
                    replay.run(&cpu);
                    // What runs with checks alone may run on a device that has none.
                    if at.contains("extent") || at.contains("workgroups") || at.contains("expected")
                    {
                        replay.run(&gpu);
                    }
                }
            }
        }
    }
    assert!(refused > 500 && ran > 20, "{refused} refused, {ran} ran");
}

/// Whoever looks for the cause of a fault edits the shader.
#[test]
fn an_edited_shader_runs_and_a_broken_one_is_refused() {
    let under = TempDir::new().unwrap();
    let path = folder(
        under.path(),
        "score",
        Faulty::new(|_, binding, words| {
            words[WINDOW] ^= u32::from(binding == 2);
        }),
    );
    let file = path.join("shader.wgsl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}// changed\n")).unwrap();
    let replay = Replay::read(&path).unwrap();
    assert!(
        replay.checked() && replay.notes.len() == 2,
        "{:?}",
        replay.notes
    );
    assert_eq!(replay.run(&adapter(&replay)), Again::Right);
    let cpu = replay.run(&subject(Cpu::new("test")));
    assert!(matches!(cpu, Again::NotRun(_)), "{cpu:?}");
    let wrong = text.replacen("atomicAdd(&counts[", "atomicAdd(&counts[1u + ", 1);
    assert_ne!(wrong, text, "{text}");
    fs::write(&file, wrong).unwrap();
    let replay = Replay::read(&path).unwrap();
    let again = replay.run(&adapter(&replay));
    assert!(matches!(again, Again::Other(_)), "{again:?}");
    for (text, why) in [
        ("fn score() { let x = ; }", "wgsl:1:"),
        ("@compute @workgroup_size(1) fn other() {}", "score"),
        (
            "@compute @workgroup_size(1) fn score() {}",
            "list the buffers",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let error = Replay::read(&path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
