//! The real binary with one's own: images of few classes, names of classes, and networks of any origin.

mod common;
mod idx_files;

use std::path::{Path, PathBuf};

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use tempfile::TempDir;
use unlearn::checkpoint;
use unlearn::data::builtin::{self, Digits};

/// A folder of 400 + 120 images in four classes with names.
fn four() -> TempDir {
    let folder = TempDir::new().unwrap();
    let of = |mut digits: Digits| {
        digits.labels.iter_mut().for_each(|label| *label %= 4);
        digits
    };
    write(
        folder.path(),
        &files(&of(builtin::train(400)), &of(builtin::test(120))),
        "",
    );
    std::fs::write(
        folder.path().join("classes.txt"),
        "cat\ndog\nparrot\nAnkle boot\n",
    )
    .unwrap();
    folder
}

fn run(folder: &Path, name: &str, flags: &[&str]) -> (Option<i32>, String, PathBuf) {
    let target = folder.join(name);
    let (data, out) = (folder.to_str().unwrap(), target.to_str().unwrap());
    let base = [
        "run",
        "--data",
        data,
        "--out",
        out,
        "--device",
        "cpu",
        "--evaluations",
        "1",
    ];
    let output = unlearn(&[&base[..], flags].concat());
    let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
    (output.status.code(), said, target)
}

/// A run that must be fine.
#[track_caller]
fn fine(folder: &Path, name: &str, flags: &[&str]) -> (PathBuf, String) {
    let (code, said, target) = run(folder, name, flags);
    assert_eq!(code, Some(0), "{name} {flags:?}: {said}");
    (target, said)
}

#[track_caller]
fn refused(folder: &Path, flags: &[&str], parts: &[&str]) {
    let (code, said, target) = run(folder, "refused", flags);
    assert_eq!(code, Some(2), "{flags:?}: {said}");
    // Messages are wrapped.
    mentions(
        &said.split_whitespace().collect::<Vec<_>>().join(" "),
        parts,
    );
    assert!(!target.exists(), "{flags:?}");
}

const SMALL: [&str; 4] = ["--learners", "2", "--hidden", "16,8"];

#[test]
fn few_classes_are_forgotten_by_name() {
    let folder = four();
    let flags = ["--forget", "ankle boot,1", "--epochs", "20"];
    let (target, said) = fine(folder.path(), "run", &[&SMALL[..], &flags].concat());
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    mentions(&said, &["classes dog and Ankle boot", "the other classes"]);
    let config = std::fs::read_to_string(target.join("config.toml")).unwrap();
    mentions(&config, &["forget = [1, 3]"]);
    let page = std::fs::read_to_string(target.join("report.html")).unwrap();
    mentions(
        &page,
        &[
            "Class by class",
            "parrot",
            "Forgotten classes: dog, Ankle boot",
            "0 (cat), 1 (dog)",
        ],
    );
    mentions(&page, &["a uniform guess costs 1.386"]);
    assert!(!page.contains("digit 1") && !page.contains("All digits"));
    // Four cards, each with a bar per stage.
    assert_eq!(page.matches("<svg class=\"bar\"").count(), 4 * 4);
    let record = unlearn::run_folder::read(&target).unwrap();
    assert_eq!(record.data.classes.words(&[2]), "class parrot");
}

#[test]
fn classes_that_do_not_exist_are_refused_by_their_number_and_name() {
    let folder = four();
    refused(
        folder.path(),
        &["--forget", "7"],
        &[
            "--forget 7",
            "holds 4 classes",
            "3 (Ankle boot)",
            "leave out at least one",
        ],
    );
    refused(
        folder.path(),
        &["--forget", "0,1,2,3"],
        &["contains only the forgotten classes", "nothing is left"],
    );
    refused(
        folder.path(),
        &["--forget", "newt"],
        &["--forget newt", "no class \"newt\"", "0 (cat), 1 (dog)"],
    );
    refused(
        folder.path(),
        &["--forget", "11"],
        &["--forget 11", "0 to 9"],
    );
}

#[test]
fn a_comparison_names_classes_and_forgets_each_that_there_is() {
    let folder = four();
    let (data, out) = (folder.path().to_str().unwrap(), folder.path().join("out"));
    let base = [
        "compare",
        "--data",
        data,
        "--out",
        out.to_str().unwrap(),
        "--device",
        "cpu",
    ];
    let small =
        "--hidden 16 --learners 2 --retrained 8 --budget 9 --epochs 20 --methods zero-logit";
    let small: Vec<&str> = small.split(' ').collect();
    let output = unlearn(&[&base[..], &small, &["--forget", "each"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    mentions(
        &page,
        &[
            "each of the 4 classes",
            "<summary>class Ankle boot</summary>",
        ],
    );
    let nothing = folder.path().join("models");
    std::fs::create_dir(&nothing).unwrap();
    let models = ["--models", nothing.to_str().unwrap()];
    let output = unlearn(&[&base[..], &small, &models].concat());
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["--models", "no .safetensors"]);
}

#[test]
fn a_run_goes_on_from_ones_own_networks() {
    let folder = four();
    let (first, _) = fine(
        folder.path(),
        "first",
        &[&SMALL[..], &["--forget", "1", "--epochs", "20"]].concat(),
    );
    let own = first.join("checkpoints/learn-original.safetensors");
    let given = checkpoint::load(&own).unwrap();
    let from = ["--from", own.to_str().unwrap()];
    // Momentum and decay do not move what is given either.
    let flags = [
        "--forget",
        "1",
        "--seed",
        "9",
        "--momentum",
        "0.5",
        "--weight-decay",
        "0.001",
    ];
    let (target, _) = fine(folder.path(), "second", &[&from[..], &flags].concat());
    let after = |phase: &str, arm: &str| {
        let file = format!("checkpoints/{phase}-{arm}.safetensors");
        checkpoint::load(&target.join(file)).unwrap()
    };
    assert_eq!(after("learn", "original"), given);
    assert_eq!((given.hidden.as_slice(), given.count), (&[16, 8][..], 2));
    assert_ne!(after("unlearn", "unlearned"), given);
    assert_ne!(after("learn", "retrained"), given);
    let config = std::fs::read_to_string(target.join("config.toml")).unwrap();
    mentions(&config, &["hidden = [16, 8]", "learn-original.safetensors"]);
    // Its reports name no folder; repeating it gives the same bytes.
    let summary = std::fs::read_to_string(target.join("summary.json")).unwrap();
    assert!(!summary.contains(folder.path().to_str().unwrap()));
    mentions(&summary, &["\"from\": \"learn-original.safetensors\""]);
    let file = target.join("config.toml");
    let (again, _) = fine(
        folder.path(),
        "again",
        &["--config", file.to_str().unwrap()],
    );
    let bytes =
        |run: &Path| std::fs::read(run.join("checkpoints/relearn-relearned.safetensors")).unwrap();
    assert_eq!(bytes(&again), bytes(&target));
}

#[test]
fn what_contradicts_ones_own_networks_is_refused() {
    let folder = four();
    let flags = [&SMALL[..], &["--forget", "dog", "--epochs", "1"]].concat();
    let (first, _) = fine(folder.path(), "first", &flags);
    let own = first.join("checkpoints/learn-original.safetensors");
    let from = ["--from", own.to_str().unwrap()];
    for (flags, parts) in [
        (
            &["--hidden", "64"][..],
            &["--hidden contradicts --from", "[16, 8]"][..],
        ),
        (
            &["--learners", "5"],
            &["--learners contradicts --from", "2 networks"],
        ),
        (
            &["--method", "amnesiac"],
            &["--method amnesiac", "--from", "does not record"],
        ),
    ] {
        refused(folder.path(), &[&from[..], flags].concat(), parts);
    }
    let nowhere = ["--from", "/nowhere/x.safetensors"];
    refused(
        folder.path(),
        &nowhere,
        &["cannot read /nowhere/x.safetensors"],
    );
    let other = folder.path().join("train-labels-idx1-ubyte");
    let other = ["--from", other.to_str().unwrap()];
    refused(
        folder.path(),
        &other,
        &["not a safetensors file", "Needed are"],
    );
}
