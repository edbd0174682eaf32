//! The real binary: comparisons that several processes share, also some that are killed.
#![cfg(unix)]

mod common;
mod idx_files;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use unlearn::compare::REPORTS;
use unlearn::data::builtin;

/// A few images, and room for comparisons.
struct Place(TempDir);

impl Place {
    fn new(images: usize) -> Self {
        let place = TempDir::new().unwrap();
        let data = place.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let images = files(&builtin::train(images), &builtin::test(100));
        write(&data, &images, "");
        Self(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A small comparison, with these flags.
    fn compare(&self, flags: &[&str]) -> Output {
        self.run("compare", flags)
    }

    fn run(&self, command: &str, flags: &[&str]) -> Output {
        let data = self.path("data");
        let fixed = "--device cpu --hidden 16 --learners 2 --retrained 8";
        let fixed: Vec<&str> = fixed.split(' ').collect();
        let data = ["--data", data.to_str().unwrap()];
        let small = ["--budget", "9"];
        unlearn(&[&[command], &fixed[..], &small, &data, flags].concat())
    }

    fn done(&self, flags: &[&str]) {
        let output = self.compare(flags);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// Whether two folders have the same reports, but for the day on which they were made.
    fn same(&self, one: &str, other: &str) {
        for name in REPORTS {
            let read = |folder| {
                let text = std::fs::read_to_string(self.path(folder).join(name)).unwrap();
                undated(&text)
            };
            assert!(read(one) == read(other), "{name}");
        }
    }

    fn segments(&self, folder: &str, kind: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path(folder).join("cache"));
        let paths = entries.into_iter().flatten().map(|e| e.unwrap().path());
        let of_kind = |path: &PathBuf| path.extension().is_some_and(|e| e == kind);
        paths.filter(of_kind).collect()
    }
}

/// A text with zeros for the digits of dates.
fn undated(text: &str) -> String {
    let is_date = |part: &str| {
        let shape: String = part
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        shape == "0000-00-00"
    };
    let words = text.split_inclusive([' ', '\n', '<', '>']);
    let word = |word: &str| match is_date(word.trim_end_matches([' ', '\n', '<', '>'])) {
        true => word.replace(|c: char| c.is_ascii_digit(), "0"),
        false => word.to_owned(),
    };
    words.map(word).collect()
}

fn start(folder: &Path, part: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unlearn"));
    let command = command.args(["work", folder.to_str().unwrap(), "--part", part]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Less than after which a claim is taken over because of its age.
const PATIENCE: Duration = Duration::from_secs(100);

/// What a part said that came to its end.
fn ended(mut child: Child) -> String {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!(
                "still at work: {}",
                stderr(&child.wait_with_output().unwrap())
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stderr(&output)
}

/// How many segments a part says it made.
fn made(said: &str) -> usize {
    let words: Vec<&str> = said.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "made").unwrap();
    words[at + 1].parse().unwrap_or(0)
}

#[test]
fn three_parts_at_once_make_each_segment_once_and_the_same_bytes() {
    let place = Place::new(300);
    let forget = [
        "--forget",
        "3",
        "--epochs",
        "4",
        "--methods",
        "fine-tune,scrub",
    ];
    let out = |name| place.path(name).to_str().unwrap().to_owned();
    place.done(&[&forget[..], &["--out", &out("whole")]].concat());
    let plan = place.compare(&[&forget[..], &["--plan", &out("cut")]].concat());
    mentions(&stderr(&plan), &["15 of 15 segments"]);
    let list = std::fs::read_to_string(place.path("cut/segments.csv")).unwrap();
    mentions(
        &list,
        &[
            "0,originals",
            "settings,scrub",
            "method,retrain",
            "relearning",
        ],
    );
    assert_eq!(list.lines().count(), 16);

    let cut = place.path("cut");
    let parts = ["0/3", "1/3", "2/3"].map(|part| start(&cut, part));
    let made: Vec<usize> = parts.into_iter().map(|part| made(&ended(part))).collect();
    let kept = place.segments("cut", "f32").len();
    // The importance of weights and the like may be computed by several; these methods have none.
    // A part that starts late may find nothing left.
    assert_eq!(made.iter().sum::<usize>(), kept);
    assert_eq!(kept, place.segments("whole", "f32").len());
    assert!(place.segments("cut", "claim").is_empty());

    let plan = place.compare(&[&forget[..], &["--plan", &out("cut")]].concat());
    mentions(&stderr(&plan), &["All 15 segments are there"]);
    let again = ended(start(&cut, "1/3"));
    mentions(&again, &["made nothing"]);
    place.done(&[&forget[..], &["--out", &out("cut")]].concat());
    place.same("whole", "cut");
    let text = std::fs::read_to_string(place.path("cut/report.txt")).unwrap();
    assert!(
        undated(&text).contains(" made this report on 0000-00-00 (UTC)"),
        "{text}"
    );
    assert_eq!(place.segments("cut", "f32").len(), kept);
}

/// Waits until a process has claimed something.
fn claimed(place: &Place, folder: &str) {
    let start = Instant::now();
    while place.segments(folder, "claim").is_empty() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn parts_that_are_killed_or_stopped_hold_nobody_up() {
    let place = Place::new(600);
    let out = |name| place.path(name).to_str().unwrap().to_owned();
    let settings = "--forget 3 --epochs 60 --methods retrain";
    let settings: Vec<&str> = settings.split(' ').collect();
    let settings = &settings[..];
    place.done(&[settings, &["--out", &out("whole")]].concat());
    place.done(&[settings, &["--plan", &out("cut")]].concat());
    let cut = place.path("cut");
    for (signal, code) in [
        (Signal::INT, Some(130)),
        (Signal::TERM, Some(143)),
        (Signal::KILL, None),
    ] {
        let child = start(&cut, "0/2");
        claimed(&place, "cut");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), code, "{}", stderr(&output));
        let left = place.segments("cut", "claim").is_empty();
        assert_eq!(left, code.is_some(), "{signal:?}");
    }
    for path in place.segments("cut", "f32") {
        let bytes = std::fs::read(&path).unwrap();
        let (numbers, check) = bytes.split_at(bytes.len() - 32);
        assert_eq!(Sha256::digest(numbers)[..], *check, "{}", path.display());
    }
    // The other part takes over what the killed one had claimed.
    ended(start(&cut, "1/2"));
    assert!(place.segments("cut", "claim").is_empty());
    place.done(&[settings, &["--out", &out("cut")]].concat());
    place.same("whole", "cut");
}

#[test]
fn plans_of_other_programs_devices_and_images_are_refused() {
    let place = Place::new(300);
    let (folder, file) = (place.path("plan"), place.path("plan/plan.toml"));
    let refused = |part: &str, said: &[&str]| {
        let output = start(&folder, part).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        mentions(&stderr(&output), said);
    };
    refused("0/1", &["holds no plan", "--plan"]);
    let planned = |forget: &str| {
        let out = folder.to_str().unwrap();
        let output = place.compare(&["--forget", forget, "--plan", out]);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    assert!(!planned("3").contains("was another one"));
    assert!(!planned("3").contains("was another one"));
    mentions(&planned("4"), &["plan was another one"]);
    refused("2/2", &["counted from 0", "1/2"]);
    let plan = std::fs::read_to_string(&file).unwrap();
    let line = |name: &str| {
        let mut lines = plan.lines();
        lines
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    for (name, other, said) in [
        ("build", "build = \"0\"", "Use one program everywhere"),
        (
            "hardware",
            "hardware = \"abacus\"",
            "the plan is for abacus",
        ),
        ("digest", "digest = \"0\"", "for other images"),
        ("epochs", "epochs = \"many\"", "is not a plan"),
    ] {
        std::fs::write(&file, plan.replace(&line(name), other)).unwrap();
        refused("0/1", &[said]);
    }
}

/// Two rates, two sets to forget, five controls each.
const SWEEP: &str = "--lr .05,.1 --forget 3 --forget 4,5 --method retrain --epochs 1 --batch 8";

/// The value of a point or a row.
fn value<'a>(all: &'a [Value], method: &str, is: impl Fn(&Value) -> bool) -> &'a Value {
    let mut own = all.iter().filter(|one| one["method"] == method && is(one));
    let found = own.next().unwrap();
    assert!(own.next().is_none(), "{method} is there twice");
    &found["values"]
}

#[test]
fn a_sweep_is_every_combination_in_one_table_whole_or_in_parts() {
    let place = Place::new(300);
    let out = |name| place.path(name).to_str().unwrap().to_owned();
    let sweep = |flags: &[&str]| {
        let settings: Vec<&str> = SWEEP.split(' ').collect();
        let output = place.run("sweep", &[&settings[..], flags].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        output
    };
    let whole = sweep(&["--out", &out("whole")]);
    // The networks of all combinations train side by side.
    let said = stderr(&whole);
    let trainings = said.matches("originals and retrained networks …");
    assert_eq!(trainings.count(), 1, "{said}");
    let text = String::from_utf8(whole.stdout).unwrap();
    let named = ["lr 0.1, digits 4 and 5, retrain", "distance", "sweep.csv"];
    mentions(&format!("{text}{said}"), &named);

    sweep(&["--plan", &out("cut")]);
    let parts = ["0/2", "1/2"].map(|part| start(&place.path("cut"), part));
    parts.into_iter().for_each(|part| drop(ended(part)));
    let kept = |name| place.segments(name, "f32").len();
    assert_eq!(kept("cut"), kept("whole"), "parts make everything");
    sweep(&["--out", &out("cut")]);
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    for name in ["sweep.json", "sweep.csv", "sweep.txt"] {
        assert_eq!(read(&format!("whole/{name}")), read(&format!("cut/{name}")));
    }
    assert_eq!(read("whole/sweep.txt"), text);
    assert!(read("whole/sweep.csv").starts_with("lr,epochs,seed,forgotten,method"));

    let points: Vec<Value> = serde_json::from_str(&read("whole/sweep.json")).unwrap();
    assert_eq!(points.len(), 2 * 2 * 5);
    // A point is what a comparison by itself finds: here, the last one.
    let alone = "--methods retrain --epochs 1 --batch 8 --lr .1 --forget 4,5";
    let alone: Vec<&str> = alone.split(' ').collect();
    place.done(&[&alone[..], &["--out", &out("alone")]].concat());
    let one: Value = serde_json::from_str(&read("alone/compare.json")).unwrap();
    let rows = one["cases"][0]["methods"].as_array().unwrap();
    let row = value(rows, "retrain-shorter", |_| true);
    let here = |p: &Value| p["lr"] == 0.1 && p["forgotten"] == "digits 4 and 5";
    let point = value(&points, "retrain-shorter", here);
    let metrics = row.as_array().unwrap().iter();
    let means: Vec<_> = metrics
        .map(|v| (&v["metric"], &v["value"]["mean"]))
        .collect();
    let of_point = point.as_array().unwrap().iter();
    let of_point: Vec<_> = of_point.map(|v| (&v[0], &v[1]["value"])).collect();
    assert_eq!(of_point, means);
}

#[test]
fn a_sweep_refuses_what_its_table_has_no_place_for() {
    let place = Place::new(300);
    for flags in ["--export", "--models .", "--budgets 1,2"] {
        let flags: Vec<&str> = flags.split(' ').collect();
        let refused = place.run("sweep", &flags);
        assert_eq!(refused.status.code(), Some(2));
        mentions(&stderr(&refused), &["takes no", flags[0]]);
    }
}
