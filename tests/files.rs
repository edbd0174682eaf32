//! The real binary in folders that are not its own, and on disks that cannot do everything.

#![cfg(unix)]

mod idx_files;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use idx_files::mentions;
use tempfile::TempDir;
use unlearn::data::builtin;

const BINARY: &str = env!("CARGO_BIN_EXE_unlearn");
const RUN: &str = "run --data images --device cpu --learners 2 --hidden 16 --epochs 1 --batch 20 \
                   --unlearn-epochs 0.5 --relearn-epochs 0.5 --evaluations 1";
const COMPARE: &str = "compare --data images --device cpu --learners 2 --retrained 8 --hidden 8 \
                       --epochs 0.5 --budget 2 --methods fine-tune";
const CHECK: &str = "check --device cpu --kernel close_step";

/// A working folder with a few images in it.
fn place() -> TempDir {
    let place = TempDir::new().unwrap();
    let images = place.path().join("images");
    fs::create_dir(&images).unwrap();
    let files = idx_files::files(&builtin::train(300), &builtin::test(100));
    idx_files::write(&images, &files, "");
    place
}

/// The program in this working folder.
fn command(place: &Path, words: &str, more: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .current_dir(place)
        .args(words.split_whitespace())
        .args(more);
    command
}

fn run(place: &Path, words: &str, more: &[&str]) -> Output {
    command(place, words, more).output().unwrap()
}

/// A line of shell in this working folder, in which "$0" is the program.
fn shell(place: &Path, line: &str) -> Output {
    let mut command = Command::new("sh");
    command.current_dir(place).args(["-c", line, BINARY]);
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

/// Exit code 2, with these words, before any work: nothing of it is on stdout.
#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    mentions(&stderr(output), parts);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

/// Every path below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = entries
        .flat_map(|path| match path.is_dir() && !path.is_symlink() {
            true => [below(&path), vec![path]].concat(),
            false => vec![path],
        })
        .collect();
    all.sort();
    all
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn runs_of_the_same_second_take_different_folders() {
    let place = place();
    let start = || {
        let mut command = command(place.path(), RUN, &[]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..3).map(|_| start()).collect();
    for child in children {
        succeeds(&child.wait_with_output().unwrap());
    }
    let all = below(&place.path().join("runs"));
    let summaries = all.iter().filter(|path| path.ends_with("summary.json"));
    assert_eq!(summaries.count(), 3, "{all:?}");
    let named = all.iter().filter(|path| path.is_dir());
    let named = named.filter(|path| path.to_string_lossy().contains("-uniform-5-seed1"));
    // Each with its checkpoints.
    assert_eq!(named.count(), 6, "{all:?}");
}

#[test]
fn what_fails_before_anything_is_computed_leaves_no_folder() {
    let place = place();
    let many = |words: &str| words.replace("--learners 2", "--learners 4000000000");
    let nowhere = |words: &str| words.replace("--data images", "--data nowhere");
    let failing = [
        (many(RUN), "--learners 4000000000"),
        (nowhere(RUN), "nowhere"),
        (many(COMPARE), "--learners 4000000000"),
        (nowhere(COMPARE), "nowhere"),
        (
            format!("{COMPARE} --forget-samples 300"),
            "300 training images",
        ),
    ];
    // A folder that was there stays, as empty as it was.
    fs::create_dir(place.path().join("empty")).unwrap();
    let before = below(place.path());
    for (words, why) in &failing {
        for out in [&[][..], &["--out", "deep/er/made/"], &["--out", "empty"]] {
            refused(&run(place.path(), words, out), &[why]);
            assert_eq!(below(place.path()), before, "{words} {out:?}");
        }
    }
}

#[test]
fn what_is_not_ours_is_refused_and_stays() {
    let place = place();
    for name in ["report.txt", "report.html", "compare.json", "file"] {
        fs::write(place.path().join(name), "mine").unwrap();
    }
    fs::create_dir_all(place.path().join("full/cache")).unwrap();
    symlink("nowhere", place.path().join("dangling")).unwrap();
    let before = below(place.path());
    for words in [RUN, COMPARE] {
        for (out, why) in [
            (".", "is not empty"),
            ("full", "is not empty"),
            ("full/", "is not empty"),
            ("file", "is not a folder"),
            ("file/below", "file is not a folder"),
            ("dangling", "is a link that leads nowhere"),
            ("", "a value is required for '--out <DIR>'"),
        ] {
            let output = run(place.path(), words, &["--out", out]);
            refused(&output, &[why]);
            // Not even the images were loaded.
            assert!(!stderr(&output).contains("data  "), "{}", stderr(&output));
            assert_eq!(below(place.path()), before, "{out}");
        }
    }
    assert_eq!(read(&place.path().join("report.txt")), "mine");
}

/// An empty folder will do, also behind a link; a second run does not fit in.
#[test]
fn an_empty_folder_is_taken_once() {
    let place = place();
    fs::create_dir(place.path().join("empty")).unwrap();
    symlink("empty", place.path().join("link")).unwrap();
    succeeds(&run(place.path(), RUN, &["--out", "link/"]));
    assert!(place.path().join("empty/summary.json").is_file());
    refused(
        &run(place.path(), RUN, &["--out", "empty"]),
        &["is not empty"],
    );
    refused(
        &run(place.path(), COMPARE, &["--out", "empty"]),
        &["no comparison"],
    );
}

/// The reports of the comparison before stand until the new ones are whole.
#[test]
fn a_comparison_replaces_its_own_reports_when_it_has_new_ones() {
    let place = place();
    let out = place.path().join("deep/made");
    succeeds(&run(place.path(), COMPARE, &["--out", "deep/made"]));
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let (before, first) = (below(&out), read(&out.join("compare.json")));

    let output = run(
        place.path(),
        COMPARE,
        &["--out", "deep/made", "--forget-samples", "300"],
    );
    refused(&output, &["holds 300 training images"]);
    assert_eq!(
        (below(&out), read(&out.join("compare.json"))),
        (before, first.clone())
    );

    // Where one report does not fit on the disk, or has no place, all old ones stand.
    let results = out.join("compare.json").metadata().unwrap().len();
    let blocks = out.join("report.html").metadata().unwrap().len() / 512 + 2;
    assert!(results > 512 * blocks, "{results}");
    fs::write(out.join("compare.json"), "old").unwrap();
    fs::write(out.join("report.html"), "old").unwrap();
    let limited =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" {COMPARE} --out deep/made");
    let output = shell(place.path(), &limited);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    mentions(
        &stderr(&output),
        &["cannot write deep/made/compare.json", "too large"],
    );
    mentions(
        &String::from_utf8_lossy(&output.stdout),
        &["to forget digit 5"],
    );
    assert_eq!(read(&out.join("report.html")), "old");
    fs::remove_file(out.join("report.html")).unwrap();
    symlink("nowhere/page", out.join("report.html")).unwrap();
    let output = run(place.path(), COMPARE, &["--out", "deep/made"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    mentions(&stderr(&output), &["cannot write deep/made/report.html"]);
    assert_eq!(read(&out.join("compare.json")), "old");
    fs::remove_file(out.join("report.html")).unwrap();
    assert!(
        below(&out)
            .iter()
            .all(|path| !path.to_string_lossy().contains(".unlearn-"))
    );

    succeeds(&run(
        place.path(),
        COMPARE,
        &["--out", "deep/made", "--seed", "2"],
    ));
    assert_ne!(read(&out.join("compare.json")), "old");
    assert_eq!(read(&out.join("notes.txt")), "mine");
}

#[test]
fn a_folder_has_one_comparison_at_a_time() {
    let place = place();
    let out = place.path().join("out");
    fs::create_dir(&out).unwrap();
    let mark = fs::File::create(out.join("unlearn-compare.txt")).unwrap();
    mark.lock().unwrap();
    let compare = || run(place.path(), COMPARE, &["--out", "out"]);
    refused(&compare(), &["another comparison is at work in out"]);
    assert_eq!(below(&out), [out.join("unlearn-compare.txt")]);
    drop(mark);
    succeeds(&compare());
}

#[test]
fn a_tilde_that_the_shell_left_is_refused() {
    let place = place();
    let before = below(place.path());
    for (words, flags) in [
        (
            RUN,
            &[
                "--out=~/x",
                "--data=~/x",
                "--config=~/x",
                "--out=~someone/x",
                "--out=~",
            ][..],
        ),
        (COMPARE, &["--out=~/x", "--data=~/x"]),
        ("check", &["--json=~/x.json"]),
        (
            "bench",
            &["--json=~/x.json", "--compare=~/x.json", "--data=~/x"],
        ),
    ] {
        // A flag twice would be another error.
        let words = words.replace(" --data images", "");
        for flag in flags {
            refused(
                &run(place.path(), &words, &[flag]),
                &["the shell", "$HOME", "./~"],
            );
            assert_eq!(below(place.path()), before, "{flag}");
        }
    }
}

#[test]
fn a_name_fits_into_a_folder_name() {
    let place = place();
    let before = below(place.path());
    for (name, why) in [
        ("a".repeat(300), "300 bytes"),
        (String::new(), "a value is required"),
    ] {
        refused(
            &run(place.path(), RUN, &["--name", &name]),
            &["--name", why],
        );
        assert_eq!(below(place.path()), before, "{why}");
    }
    succeeds(&run(place.path(), RUN, &["--name", "../.con/ü\n"]));
    let made = below(&place.path().join("runs"));
    let name = made[0].file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.ends_with("----con-ü-"), "{name}");
}

#[test]
fn every_file_has_the_mode_that_the_umask_leaves() {
    let place = place();
    for (umask, mode) in [("077", 0o600), ("002", 0o664)] {
        let line = |words: &str| format!("umask {umask}; exec \"$0\" {words}");
        let (run, compare) = (format!("run{umask}"), format!("compare{umask}"));
        succeeds(&shell(place.path(), &line(&format!("{RUN} --out {run}"))));
        succeeds(&shell(
            place.path(),
            &line(&format!("{COMPARE} --out {compare}")),
        ));
        let made = [run, compare]
            .map(|out| below(&place.path().join(out)))
            .concat();
        for file in made.iter().filter(|path| path.is_file()) {
            assert_eq!(
                file.metadata().unwrap().mode() & 0o777,
                mode,
                "{}",
                file.display()
            );
        }
    }
    // A file that is replaced keeps its own.
    let file = place.path().join("old.json");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    succeeds(&run(place.path(), CHECK, &["--json", "old.json"]));
    assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o640);
    mentions(&read(&file), &["close_step"]);
}

#[test]
fn links_are_followed() {
    let place = place();
    let at = |name: &str| place.path().join(name);
    fs::create_dir(at("other")).unwrap();
    fs::write(at("other/real.json"), "old").unwrap();
    symlink("other/real.json", at("latest.json")).unwrap();
    symlink("latest.json", at("twice.json")).unwrap();
    symlink("other/new.json", at("dangling.json")).unwrap();
    symlink("circle.json", at("circle.json")).unwrap();
    for (link, real) in [
        ("twice.json", "other/real.json"),
        ("dangling.json", "other/new.json"),
    ] {
        succeeds(&run(place.path(), CHECK, &["--json", link]));
        assert!(at(link).is_symlink() && !at(real).is_symlink());
        mentions(&read(&at(real)), &["close_step"]);
    }
    refused(
        &run(place.path(), CHECK, &["--json", "circle.json"]),
        &["cannot write circle.json"],
    );
    // A stream that goes to a file is not replaced either: what is in the file already stays.
    succeeds(&shell(
        place.path(),
        &format!("\"$0\" {CHECK} --json /dev/stdout > both.txt"),
    ));
    mentions(
        &read(&at("both.txt")),
        &["cases are right", "\"passed\": true"],
    );
    // A pipe is opened once: its reader would take the first closing for the end.
    let pipe = format!("mkfifo pipe; cat pipe > read.json & \"$0\" {CHECK} --json pipe && wait");
    succeeds(&shell(place.path(), &pipe));
    mentions(&read(&at("read.json")), &["close_step"]);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_work() {
    let place = place();
    let long = format!("{}.json", "a".repeat(300));
    for json in [
        "images",
        "new/",
        "new/report.json",
        "images/train-images-idx3-ubyte/x",
        &long,
    ] {
        let output = run(place.path(), CHECK, &["--json", json]);
        refused(&output, &["cannot write", json]);
    }
    fs::create_dir(place.path().join("out")).unwrap();
    fs::write(place.path().join("out/unlearn-compare.txt"), "").unwrap();
    fs::create_dir(place.path().join("out/report.txt")).unwrap();
    let output = run(place.path(), COMPARE, &["--out", "out"]);
    refused(&output, &["cannot write out/report.txt", "directory"]);
}

/// Whoever may write a file, but not into its folder, gets the content into the file; a file that is
/// protected stays as it is.
#[test]
fn files_are_written_in_place_where_their_folder_is_closed() {
    use std::os::unix::process::CommandExt;
    let place = place();
    let closed = place.path().join("closed");
    fs::create_dir(&closed).unwrap();
    let (open, protected) = (closed.join("open.json"), closed.join("protected.json"));
    for (file, mode) in [(&open, 0o666), (&protected, 0o444)] {
        fs::write(file, "old").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }
    for (folder, mode) in [(place.path(), 0o755), (&closed, 0o555)] {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    }
    // Root may do everything; its tests are done by nobody, from where nobody can go.
    let root = open.metadata().unwrap().uid() == 0;
    let binary = place.path().join("unlearn");
    fs::copy(BINARY, &binary).unwrap();
    let check = |file: &Path| {
        let mut command = Command::new(&binary);
        command
            .current_dir("/")
            .args(CHECK.split(' '))
            .arg("--json")
            .arg(file);
        if root {
            command.uid(65534).gid(65534);
        }
        command.output().unwrap()
    };
    let inode = open.metadata().unwrap().ino();
    succeeds(&check(&open));
    mentions(&read(&open), &["close_step"]);
    assert_eq!(open.metadata().unwrap().ino(), inode);
    for file in [&protected, &closed.join("new.json")] {
        refused(&check(file), &["cannot write", "ermission denied"]);
    }
    assert_eq!(read(&protected), "old");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a disk cannot do beside writing is no failure; that it is full, or broken, is.
#[cfg(target_os = "linux")]
#[test]
fn a_file_system_without_modes_and_syncing_will_do() {
    let place = place();
    let source = place.path().join("faults.c");
    fs::write(&source, FAULTS).unwrap();
    let library = place.path().join("faults.so");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source]);
    assert!(compiler.status().unwrap().success());
    let faulty = |words: &str, more: &[&str], faults: &[(&str, &str)]| {
        let mut command = command(place.path(), words, more);
        command
            .env("LD_PRELOAD", &library)
            .envs(faults.iter().copied());
        command.output().unwrap()
    };
    fs::write(place.path().join("old.json"), "old").unwrap();
    let (eperm, eio, einval) = ("1", "5", "22");
    for error in [eperm, einval, "95"] {
        let faults = [("FCHMOD", eperm), ("FSYNC", error)];
        let out = format!("run{error}");
        succeeds(&faulty(RUN, &["--out", &out], &faults));
        assert!(place.path().join(out).join("report.html").is_file());
        succeeds(&faulty(
            COMPARE,
            &["--out", &format!("compare{error}")],
            &faults,
        ));
        for file in ["old.json", "new.json"] {
            succeeds(&faulty(CHECK, &["--json", file], &faults));
        }
    }
    fs::write(place.path().join("old.json"), "old").unwrap();
    for error in [eio, "28"] {
        let output = faulty(CHECK, &["--json", "old.json"], &[("FSYNC", error)]);
        assert_eq!(output.status.code(), Some(2));
        mentions(&stderr(&output), &["cannot write old.json", error]);
        assert_eq!(read(&place.path().join("old.json")), "old");
    }
}

/// Fails the calls that environment variables name, with these error numbers.
const FAULTS: &str = r#"
#include <errno.h>
#include <stdlib.h>
static int fault(const char *name) {
    const char *error = getenv(name);
    if (!error) return 0;
    errno = atoi(error);
    return -1;
}
int fchmod(int file, unsigned mode) { return fault("FCHMOD"); }
int fsync(int file) { return fault("FSYNC"); }
"#;

/// A full disk: the first file that failed is named, what fits is kept, and the table is shown.
#[test]
fn a_full_disk_is_said_of_the_first_file_and_keeps_what_fits() {
    let place = place();
    // A file holds 20 kB at the most: metrics and curves fit in as text; weights and pixels do not.
    let line = format!("trap '' XFSZ; ulimit -f 40; exec \"$0\" {RUN} --out run");
    let output = shell(place.path(), &line);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let first = "cannot write run/checkpoints/learn-original.safetensors: File too large";
    mentions(&stderr(&output), &[first]);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    mentions(&table, &["confidence", "Partial results are in run"]);
    let names: Vec<String> = below(&place.path().join("run"))
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        names,
        ["config.toml", "curves.svg", "metrics.jsonl", "summary.json"]
    );
    // Lines are whole, also where it is the metrics that do not fit.
    let line = format!("trap '' XFSZ; ulimit -f 4; exec \"$0\" {RUN} --out small");
    let output = shell(place.path(), &line);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    mentions(&stderr(&output), &["cannot write small/metrics.jsonl"]);
    for line in read(&place.path().join("small/metrics.jsonl")).lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

/// Only what is named is removed, and only what the program wrote.
#[test]
fn what_is_kept_is_listed_and_removed_by_name() {
    let place = place();
    let at = |name: &str| place.path().join(name);
    for out in ["runs/a", "runs/b"] {
        succeeds(&run(place.path(), RUN, &["--out", out]));
    }
    fs::write(at("runs/b/checkpoints/note.txt"), "mine").unwrap();
    // What a comparison and a download leave.
    for (folder, files) in [
        ("runs/compare/cache", &["0123456789ab.f32", "own.f32"][..]),
        (
            "home/unlearn/kmnist",
            &["t10k-labels-idx1-ubyte.gz", "own.gz", ".unlearn-new"],
        ),
        ("home/unlearn/variants", &["0123456789abcdef-4.toml"]),
    ] {
        fs::create_dir_all(at(folder)).unwrap();
        let files = files.iter();
        files.for_each(|file| fs::write(at(folder).join(file), "12345").unwrap());
    }
    fs::write(at("runs/compare/unlearn-compare.txt"), "").unwrap();
    // The folder of another's images, which are not the program's to remove.
    fs::create_dir(at("elsewhere")).unwrap();
    fs::write(at("elsewhere/t10k-labels-idx1-ubyte.gz"), "12345").unwrap();
    symlink("../../elsewhere", at("home/unlearn/mnist")).unwrap();
    let clean = |names: &[&str]| {
        let mut command = command(place.path(), "clean", names);
        command.env("XDG_CACHE_HOME", at("home")).output().unwrap()
    };
    let before = below(place.path());
    let listed = clean(&[]);
    succeeds(&listed);
    let listed = String::from_utf8_lossy(&listed.stdout).replace('\n', " ");
    let kept = [
        "data: downloads of KMNIST",
        "tuning",
        "runs/a: a finished run",
        "runs/b",
    ];
    mentions(&listed, &kept);
    mentions(&listed, &["5 B  runs/compare/cache", "Nothing was removed"]);
    succeeds(&clean(&["runs/a", "runs/b", "data", "--dry-run"]));
    for (names, why) in [
        (&["runs/a", "images"][..], "images is no run"),
        (&["runs"], "several runs"),
        (&["runs/compare"], "name runs/compare/cache"),
        (&["runs/c"], "is not there"),
    ] {
        refused(&clean(names), &[why]);
    }
    assert_eq!(below(place.path()), before);

    succeeds(&clean(&["runs/a", "runs/../runs/a/", "data", "tuning"]));
    succeeds(&run(&at("runs/compare"), "clean cache", &[]));
    let both = clean(&["runs/b"]);
    succeeds(&both);
    mentions(
        &String::from_utf8_lossy(&both.stdout),
        &["the folder stays"],
    );
    let left = |folder: &str| -> Vec<PathBuf> {
        let files = below(&at(folder)).into_iter();
        files.filter(|path| path.is_file()).collect()
    };
    // A draft as new as this may be of a download that goes on.
    let stays = [".unlearn-new", "own.gz"].map(|name| at("home/unlearn/kmnist").join(name));
    assert_eq!(left("home"), stays);
    let own = ["runs/b/checkpoints/note.txt", "runs/compare/cache/own.f32"].map(at);
    assert_eq!(
        left("runs"),
        [&own[..], &[at("runs/compare/unlearn-compare.txt")]].concat()
    );
    assert!(!at("runs/a").exists());
}

/// The points of a run, without times.
fn timeless(folder: &Path) -> Vec<serde_json::Value> {
    let point = |line: &str| {
        let mut point: serde_json::Value = serde_json::from_str(line).unwrap();
        point["seconds"] = 0.into();
        point
    };
    read(&folder.join("metrics.jsonl"))
        .lines()
        .map(point)
        .collect()
}

#[test]
fn what_an_earlier_run_learned_is_reused_where_it_is_the_same_and_only_there() {
    let place = place();
    let at = |name: &str| place.path().join(name);
    let go = |out: &str, more: &[&str]| {
        let output = run(place.path(), RUN, &[&["--out", out][..], more].concat());
        succeeds(&output);
        stderr(&output).replace('\n', " ")
    };
    let momentum = ["--momentum", "0.5", "--hidden", "6,5"];
    let scrub = [&momentum[..], &["--method", "scrub"]].concat();
    assert!(!go("runs/a", &momentum).contains("reused"));
    mentions(&go("runs/b", &scrub), &["reused from runs/a", "--fresh"]);
    assert!(!go("runs/c", &[&scrub[..], &["--fresh"]].concat()).contains("reused"));
    let (reused, fresh) = (at("runs/b"), at("runs/c"));
    let checkpoints = below(&fresh.join("checkpoints"));
    assert_eq!(checkpoints.len(), 8);
    for path in checkpoints {
        let own = reused.join("checkpoints").join(path.file_name().unwrap());
        assert!(
            fs::read(own).unwrap() == fs::read(&path).unwrap(),
            "{}",
            path.display()
        );
    }
    assert_eq!(timeless(&reused), timeless(&fresh));
    let summary = |folder: &Path| -> serde_json::Value {
        serde_json::from_str(&read(&folder.join("summary.json"))).unwrap()
    };
    let (mut own, mut other) = (summary(&reused), summary(&fresh));
    assert_eq!(
        (&own["reused"], &own["seconds"]["learn"]),
        (&"a".into(), &().into())
    );
    mentions(&read(&reused.join("report.html")), &["reused from a"]);
    own.as_object_mut().unwrap().remove("reused");
    for time in ["seconds", "started"] {
        (own[time], other[time]) = (().into(), ().into());
    }
    assert_eq!(own, other);
    // Networks of other settings are not reused, nor those of another seed in the place of a run's own; then
    // an older run is tried.
    fs::remove_dir_all(at("runs/c")).unwrap();
    assert!(!go("runs/d", &[&scrub[..], &["--seed", "2"]].concat()).contains("reused"));
    let wrong = at("runs/d/checkpoints/learn-original.safetensors");
    fs::copy(wrong, at("runs/b/checkpoints/learn-original.safetensors")).unwrap();
    mentions(
        &go("runs/e", &scrub),
        &["not reused from runs/b: the networks", "reused from runs/a"],
    );
    let diff = run(place.path(), "diff runs/a runs/e", &[]);
    succeeds(&diff);
    let said = String::from_utf8_lossy(&diff.stdout).replace('\n', " ");
    mentions(
        &said,
        &[
            "differ in method and strength",
            "uniform  scrub",
            "learn (original, retrained)",
        ],
    );
}
