//! The real binary, `run --method`: every way to forget on a small set, and what makes no sense.

mod common;
mod idx_files;

use std::path::{Path, PathBuf};

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use safetensors::SafeTensors;
use tempfile::TempDir;
use unlearn::data::builtin;
use unlearn::methods::METHODS;

/// A folder with 400 + 100 digits, and room for runs.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let digits = files(&builtin::train(400), &builtin::test(100));
    write(folder.path(), &digits, "");
    folder
}

fn run(folder: &Path, name: &str, flags: &[&str]) -> (Option<i32>, String, PathBuf) {
    let target = folder.join(name);
    let (data, out) = (folder.to_str().unwrap(), target.to_str().unwrap());
    let base = ["run", "--data", data, "--out", out, "--device", "cpu"];
    let small = ["--learners", "2", "--hidden", "16,8", "--evaluations", "1"];
    let output = unlearn(&[&base[..], &small, flags].concat());
    (output.status.code(), stderr(&output), target)
}

/// A run that must be fine.
#[track_caller]
fn fine(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let (code, said, target) = run(folder, name, flags);
    assert_eq!(code, Some(0), "{name} {flags:?}: {said}");
    target
}

/// A tensor of an arm after a phase.
fn tensor(target: &Path, file: &str, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(target.join(format!("checkpoints/{file}.safetensors"))).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor(name).unwrap().data().to_vec();
    data.as_chunks::<4>()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect()
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = folder();
    for (flags, parts) in [
        (
            &["--method", "nothing"][..],
            &["no such method", "scrub"][..],
        ),
        (&["--method", "retrain"], &["stand beside every run"]),
        (&["--method", "retrain-longer"], &["stand beside every run"]),
        (
            &["--unprotected"],
            &["--method uniform-alone", "--unlearn-lr"],
        ),
        (
            &["--method", "ssd", "--unlearn-lr", "0.1"],
            &["--unlearn-lr", "trains nothing"],
        ),
        (&["--strength", "1"], &["--strength", "uniform"]),
        (
            &["--method", "salun", "--strength", "2"],
            &["--strength 2", "between 0 and 1"],
        ),
        (
            &["--method", "scrub", "--strength", "inf"],
            &["--strength", "β of scrub"],
        ),
        (
            &["--method", "amnesiac", "--momentum", "0.9"],
            &["--momentum"],
        ),
    ] {
        let (code, said, target) = run(folder.path(), "refused", flags);
        assert_eq!(code, Some(2), "{flags:?}: {said}");
        mentions(&said, parts);
        assert!(!target.exists(), "{flags:?} wrote something");
    }
}

/// Every method goes through a whole run, changes the networks and no other arm, and is noted down.
#[test]
fn every_method_goes_through_a_run() {
    let folder = folder();
    let short = ["--epochs", "2", "--relearn-epochs", "0.5"];
    let plain = fine(folder.path(), "plain", &short);
    for method in METHODS.iter().filter(|m| !m.is_reference()) {
        let name = method.name();
        let flags = [&short[..], &["--method", name]].concat();
        let target = fine(folder.path(), name, &flags);
        for arm in ["original", "retrained"] {
            let file = format!("unlearn-{arm}");
            let of = |target: &Path| tensor(target, &file, "fc1.weight");
            assert_eq!(of(&target), of(&plain), "{name} changes {arm}");
        }
        let learned = tensor(&target, "learn-original", "fc3.weight");
        let unlearned = tensor(&target, "unlearn-unlearned", "fc3.weight");
        assert_ne!(learned, unlearned, "{name} changes nothing");
        assert!(unlearned.iter().all(|w| w.is_finite()), "{name}");
        let config = std::fs::read_to_string(target.join("config.toml")).unwrap();
        assert!(config.contains(&format!("method = \"{name}\"")), "{config}");
        let points = std::fs::read_to_string(target.join("metrics.jsonl")).unwrap();
        let own = points.lines().filter(|line| line.contains("\"unlearned\""));
        assert!(own.count() >= 2, "{name}");
    }
}

/// The settings of a run, strength and rate among them, repeat it to the bit.
#[test]
fn a_run_with_a_method_is_repeated_by_its_config() {
    let folder = folder();
    let flags = ["--epochs", "1", "--method", "salun", "--strength", "0.25"];
    let first = fine(folder.path(), "first", &flags);
    let config = first.join("config.toml");
    let again = fine(
        folder.path(),
        "again",
        &["--config", config.to_str().unwrap()],
    );
    let of = |target: &Path| tensor(target, "unlearn-unlearned", "fc1.weight");
    assert_eq!(of(&first), of(&again));
    let other = ["--config", config.to_str().unwrap(), "--strength", "0.1"];
    let other = fine(folder.path(), "other", &other);
    assert_ne!(of(&first), of(&other));
    // Another method does not inherit what the first one was set to.
    let third = [
        "--config",
        config.to_str().unwrap(),
        "--method",
        "fine-tune",
    ];
    let third = fine(folder.path(), "third", &third);
    let text = std::fs::read_to_string(third.join("config.toml")).unwrap();
    assert!(!text.contains("strength"), "{text}");
}

/// Without any step, what a method does to weights is all there is.
#[test]
fn edits_are_done_without_a_step() {
    let folder = folder();
    let flags = [
        "--epochs",
        "1",
        "--unlearn-epochs",
        "0",
        "--method",
        "zero-logit",
    ];
    let target = fine(folder.path(), "silent", &flags);
    let weights = tensor(&target, "unlearn-unlearned", "fc3.weight");
    let biases = tensor(&target, "unlearn-unlearned", "fc3.bias");
    for learner in 0..2 {
        assert!(
            weights[(learner * 10 + 5) * 8..][..8]
                .iter()
                .all(|w| *w == 0.0)
        );
        assert_eq!(biases[learner * 10 + 5], -1.0);
    }
}

/// Where every batch holds a digit to forget, taking all its steps back leaves the first weights.
#[test]
fn amnesia_of_every_batch_leaves_the_first_weights() {
    let folder = folder();
    // At this rate no weight changes.
    let first = ["--lr", "1e-30", "--unlearn-epochs", "0", "--batch", "40"];
    let first = fine(folder.path(), "first", &first);
    let flags = ["--epochs", "2", "--unlearn-epochs", "0", "--batch", "40"];
    // Of 400 digits, all but two kinds are to be forgotten: no batch is without them.
    let forget = ["--forget", "0,1,2,3,4,5,6,7", "--method", "amnesiac"];
    let target = fine(folder.path(), "forgot", &[&flags[..], &forget].concat());
    for name in ["fc1.weight", "fc3.weight", "fc3.bias"] {
        let initial = tensor(&first, "learn-original", name);
        let learned = tensor(&target, "learn-original", name);
        let undone = tensor(&target, "unlearn-unlearned", name);
        let apart = |a: &[f32], b: &[f32]| {
            let pairs = a.iter().zip(b);
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        assert!(apart(&initial, &learned) > 1e-2, "{name}");
        assert!(apart(&initial, &undone) < 1e-5, "{name}");
    }
}
