//! The real binary, `run`: what it refuses, with what words and exit code, and what it writes.

mod common;
mod idx_files;

use std::path::Path;
use std::process::Output;

use common::{stderr, unlearn};
use idx_files::{files, mentions, write};
use tempfile::TempDir;
use unlearn::data::builtin;

/// A folder with 400 + 100 digits.
fn data() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        &files(&builtin::train(400), &builtin::test(100)),
        "",
    );
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `run` on the small set with the CPU and these flags, into a folder that must not appear.
#[track_caller]
fn refused(flags: &[&str], parts: &[&str]) {
    refused_on(data().path(), flags, parts);
}

/// Writes a good set, lets `spoil` at it, and expects a refusal in these words.
#[track_caller]
fn refused_data(spoil: impl Fn(&Path), parts: &[&str]) {
    let folder = data();
    spoil(folder.path());
    refused_on(folder.path(), &[], parts);
}

#[track_caller]
fn refused_on(data: &Path, flags: &[&str], parts: &[&str]) {
    let out = TempDir::new().unwrap();
    let target = out.path().join("made");
    let base = ["run", "--data", text(data), "--out", text(&target)];
    let device = if flags.contains(&"--device") {
        &[][..]
    } else {
        &["--device", "cpu"]
    };
    let output = unlearn(&[&base[..], device, flags].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    mentions(&stderr(&output), parts);
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    assert!(!target.exists(), "something was written");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    refused(&["--forget", "10"], &["--forget 10", "0 to 9"]);
    refused(
        &["--forget", "0,1,2,3,4,5,6,7,8,9"],
        &["nothing is left to keep"],
    );
    refused(&["--batch", "0"], &["--batch 0", "one sample"]);
    refused(
        &["--batch", "401"],
        &["--batch 401", "larger than the data", "400"],
    );
    refused(&["--lr", "NaN"], &["--lr NaN", "0 or more"]);
    refused(&["--lr", "-1"], &["--lr -1", "0 or more"]);
    refused(&["--lr", "inf"], &["--lr inf"]);
    refused(&["--momentum", "1"], &["--momentum 1", "below 1"]);
    refused(&["--epochs", "-1"], &["--epochs -1"]);
    refused(&["--epochs", "1e9"], &["--epochs", "10,000"]);
    refused(&["--learners", "0"], &["--learners 0"]);
    refused(&["--hidden", "0"], &["--hidden", "128,64"]);
    refused(&["--evaluations", "0"], &["--evaluations 0"]);
    refused(
        &["--config", "/nonexistent.toml"],
        &["there is no /nonexistent.toml"],
    );
}

/// `run` or `compare` with these flags, where there are no data.
fn without_data(command: &str, flags: &[&str]) -> Output {
    let out = TempDir::new().unwrap();
    let target = out.path().join("made");
    let base = ["--data", "/no/such/folder", "--device", "cpu", "--out"];
    unlearn(&[&[command], &base[..], &[text(&target)], flags].concat())
}

/// Before anything is loaded, in the same words.
#[test]
fn run_and_compare_refuse_the_same_settings() {
    let all_ten = "0,1,2,3,4,5,6,7,8,9";
    let refused: [(&[&str], &str); 24] = [
        (&["--lr", "1e-50"], "--lr 1e-50: is 0 in 32-bit"),
        (&["--lr", "1e-40"], "--lr 1e-40: is 0 in 32-bit"),
        (&["--lr", "1e39"], "--lr 1e39: is infinite in 32-bit"),
        (&["--lr", "0"], "--lr 0: networks would learn nothing"),
        (&["--lr", "-1"], "--lr -1: must be a number of 0 or more"),
        (&["--lr", "NaN"], "--lr NaN: must be a number"),
        (&["--lr", "inf"], "--lr inf: must be a number"),
        (
            &["--epochs", "0"],
            "--epochs 0: networks that learn nothing",
        ),
        (&["--epochs", "-1"], "--epochs -1: must lie between"),
        (&["--epochs", "NaN"], "--epochs NaN: must lie between"),
        (&["--epochs", "10001"], "--epochs 10001: must lie between"),
        (&["--forget", "3,12"], "--forget 12: there is no such class"),
        (&["--forget", all_ten], "all ten classes"),
        (&["--forget", ""], "name digits from 0 to 9"),
        (&["--forget", "3 5"], "put commas between several: 3,5"),
        (&["--forget", "3;5"], "put commas between several: 3,5"),
        (&["--learners", "five"], "give a whole number"),
        (&["--lr", "x"], "give a number, such as 0.1"),
        (&["--batch", "0"], "--batch 0: a step needs"),
        (&["--learners", "0"], "--learners 0: there must be one"),
        (
            &["--learners", "100001"],
            "--learners 100001: 100,000 networks",
        ),
        (&["--hidden", "0"], "--hidden [0] makes no network"),
        (&["--hidden", "16,,8"], "a number is missing"),
        (&["--hidden", "16 8"], "put commas between several: 16,8"),
    ];
    for (flags, part) in refused {
        for command in ["run", "compare"] {
            let output = without_data(command, flags);
            assert_eq!(output.status.code(), Some(2), "{command} {flags:?}");
            mentions(&stderr(&output), &[part]);
        }
    }
}

/// Both get as far as the data, which are not there.
#[test]
fn run_and_compare_take_the_same_settings() {
    let taken: [&[&str]; 6] = [
        &["--forget", "3, 5"],
        &["--forget", " 5,3 ,5"],
        &["--hidden", "16, 8"],
        &["--lr", "1e-7"],
        &["--lr", "200"],
        &["--epochs", "10000"],
    ];
    for flags in taken {
        for command in ["run", "compare"] {
            let said = stderr(&without_data(command, flags));
            mentions(&said, &["/no/such/folder"]);
        }
    }
}

#[test]
fn names_that_are_nearly_right_are_understood() {
    for (command, flag) in [("run", "--method"), ("compare", "--methods")] {
        let said = stderr(&without_data(command, &[flag, "scrubb"]));
        mentions(&said, &["did you mean scrub?", "`unlearn methods`"]);
        assert!(!said.contains("salun"), "{said}");
    }
    // What is no choice is not offered.
    let said = stderr(&without_data("run", &["--method", "nothing-like-it"]));
    mentions(
        &said,
        &["choose from zero-logit, fine-tune", "such as my.toml"],
    );
    assert!(!said.contains("retrain,"), "{said}");
    let said = stderr(&unlearn(&["methods", "sssd"]));
    mentions(&said, &["did you mean ssd?"]);
}

/// What costs nothing to refuse is refused before data are looked for.
#[test]
fn devices_and_folders_are_refused_before_data() {
    for command in ["run", "compare"] {
        let none = ["--data", "/no/such/folder", "--device"];
        let device = unlearn(&[&[command], &none[..], &["no such thing"]].concat());
        let file = "/dev/null/results";
        let folder = unlearn(&[&[command], &none[..], &["cpu", "--out", file]].concat());
        for (output, part) in [
            (device, "no device \"no such thing\""),
            (folder, "Name a folder that can be made: --out"),
        ] {
            assert_eq!(output.status.code(), Some(2));
            mentions(&stderr(&output), &[part]);
            assert!(!stderr(&output).contains("/no/such/folder"));
        }
    }
}

#[test]
fn settings_are_checked_in_the_type_that_devices_use() {
    let refused: [(&[&str], &str); 8] = [
        (&["--unlearn-lr", "1e-50"], "--unlearn-lr 1e-50: is 0 in"),
        (&["--unlearn-lr", "-1"], "--unlearn-lr -1: must be"),
        (
            &["--method", "scrub", "--strength", "1e-50"],
            "--strength 1e-50: is 0 in",
        ),
        (
            &["--momentum", "0.99999999999"],
            "--momentum 0.99999999999: must be below 1",
        ),
        (
            &["--weight-decay", "1e-50"],
            "--weight-decay 1e-50: is 0 in",
        ),
        (
            &["--weight-decay", "1e39"],
            "--weight-decay 1e39: is infinite",
        ),
        (&["--weight-decay", "30"], "lower --weight-decay"),
        (
            &["--weight-decay", "2", "--unlearn-lr", "0.6"],
            "--unlearn-lr 0.6",
        ),
    ];
    for (flags, part) in refused {
        let output = without_data("run", flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        mentions(&stderr(&output), &[part]);
    }
    // From a file as well.
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.toml");
    for (line, part) in [
        ("lr = 1e-50", "--lr 1e-50: is 0 in"),
        ("momentum = 0.99999999999", "--momentum 0.99999999999"),
        ("forget = [3, 12]", "--forget 12"),
        ("weight_decay = 30.0", "lower --weight-decay"),
        ("epochs = nan", "--epochs NaN"),
    ] {
        std::fs::write(&file, line).unwrap();
        // A run's folder stands for the file in it.
        for given in [&*file, folder.path()] {
            let output = without_data("run", &["--config", text(given)]);
            assert_eq!(output.status.code(), Some(2), "{line}");
            mentions(&stderr(&output), &[part]);
        }
    }
}

#[test]
fn a_divergence_blames_the_setting_at_fault() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let diverges = |name: &str, flags: &[&str], blamed: &str| {
        let output = short_run(data.path(), &out.path().join(name), flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        mentions(&stderr(&output), &["diverged", &format!("Lower {blamed}.")]);
    };
    diverges("rate", &["--lr", "1e20"], "--lr");
    diverges(
        "momentum",
        &["--lr", "20", "--momentum", "0.9999"],
        "--momentum",
    );
    let strong = ["--method", "task-negation", "--strength", "1e30"];
    diverges("strength", &strong, "--strength");
}

#[test]
fn a_run_that_forgets_nothing_says_so() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let run = |name: &str, flags: &[&str]| {
        let target = out.path().join(name);
        let fixed = [
            "run",
            "--data",
            text(data.path()),
            "--device",
            "cpu",
            "--hidden",
            "16",
        ];
        let more = [
            "--evaluations",
            "1",
            "--relearn-epochs",
            "0",
            "--out",
            text(&target),
        ];
        let output = unlearn(&[&fixed[..], &more, flags].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let read = |file: &str| std::fs::read_to_string(target.join(file)).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
        (summary["verdict"].clone(), read("report.html"))
    };
    let (verdict, _) = run("kept", &["--epochs", "30", "--unlearn-lr", "1e-7"]);
    let trace = verdict[1].as_str().unwrap();
    mentions(
        trace,
        &[
            "95\u{a0}% CI",
            "still match the originals",
            "no sign of forgetting",
        ],
    );
    // Networks that never learned have nothing to forget.
    let (verdict, page) = run("dull", &["--lr", "1e-7"]);
    let said = verdict[0].as_str().unwrap();
    mentions(
        said,
        &[
            "The originals never learned digit 5",
            "no verdict on forgetting",
        ],
    );
    assert_eq!(verdict.as_array().unwrap().len(), 1, "{verdict}");
    mentions(&page, &["The originals never learned digit 5"]);
}

#[test]
fn an_unknown_device_lists_the_ones_there_are() {
    refused(
        &["--device", "no such thing"],
        &["no such thing", "cpu  CPU"],
    );
    refused(&["--device", "99"], &["\"99\"", "cpu"]);
}

#[test]
fn a_population_beyond_the_limits_names_the_largest() {
    // On an adapter, the first in the list.
    refused(
        &["--learners", "100000", "--device", "0"],
        &["--learners 100000", "the most that fit are --learners"],
    );
    refused(
        &["--learners", "100000"],
        &["--learners 100000", "the most that fit are --learners"],
    );
}

#[test]
fn data_that_is_not_there_is_refused() {
    let out = TempDir::new().unwrap();
    let target = out.path().join("made");
    let arguments = [
        "run",
        "--data",
        "/no/such/folder",
        "--device",
        "cpu",
        "--out",
        text(&target),
    ];
    let output = unlearn(&arguments);
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["error:", "/no/such/folder"]);
    assert!(!target.exists());
}

#[test]
fn every_kind_of_damage_is_refused() {
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    let put = |folder: &Path, name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).unwrap();
    };
    let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).unwrap();
    refused_data(|f| std::fs::remove_file(f.join(labels)).unwrap(), &[labels]);
    refused_data(
        |f| {
            let packed = idx_files::gzip(&read(f, images));
            std::fs::remove_file(f.join(images)).unwrap();
            put(f, &format!("{images}.gz"), &packed[..packed.len() / 2]);
        },
        &[images, ".gz"],
    );
    refused_data(
        |f| put(f, images, &read(f, images)[..1000]),
        &[images, "1000"],
    );
    refused_data(|f| put(f, images, &read(f, labels)), &[images, "labels"]);
    refused_data(
        |f| put(f, labels, &idx_files::labels(3, &[1, 2, 3])),
        &["400", "3"],
    );
    refused_data(
        |f| put(f, labels, &idx_files::labels(400, &[12; 400])),
        &[labels, "12"],
    );
    refused_data(
        |f| put(f, images, &idx_files::images(400, 14, 56, &[0; 400 * 784])),
        &[images, "28"],
    );
}

#[test]
fn damaged_data_is_refused() {
    let folder = data();
    std::fs::write(
        folder.path().join("t10k-labels-idx1-ubyte"),
        [0, 0, 8, 1, 0, 0],
    )
    .unwrap();
    let output = unlearn(&["run", "--data", text(folder.path()), "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["error:", "t10k-labels-idx1-ubyte"]);
}

#[test]
fn an_existing_or_impossible_output_folder_is_refused() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let run = |target: &Path| {
        unlearn(&[
            "run",
            "--data",
            text(data.path()),
            "--device",
            "cpu",
            "--out",
            text(target),
        ])
    };
    let file = out.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = run(out.path());
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["is not empty", "--out"]);
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);
    let output = run(&file.join("below"));
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["cannot create", "file is not a folder"]);
}

#[test]
fn unknown_flags_exit_with_two() {
    assert_eq!(unlearn(&["run", "--no-such-flag"]).status.code(), Some(2));
    assert_eq!(unlearn(&["nonsense"]).status.code(), Some(2));
    assert_eq!(unlearn(&["--help"]).status.code(), Some(0));
}

const SHORT: [&str; 8] = [
    "--hidden",
    "16,8",
    "--batch",
    "20",
    "--learners",
    "2",
    "--evaluations",
    "2",
];

fn short_run(data: &Path, target: &Path, more: &[&str]) -> Output {
    let base = [
        "run",
        "--data",
        text(data),
        "--device",
        "cpu",
        "--out",
        text(target),
    ];
    unlearn(&[&base[..], &SHORT[..], more].concat())
}

#[test]
fn a_run_leaves_everything_it_promises() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let target = out.path().join("deep/made");
    let output = short_run(data.path(), &target, &["--forget", "3,5"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    mentions(
        &table,
        &["relearned", "accuracy", "confidence", "±", text(&target)],
    );
    for file in [
        "config.toml",
        "metrics.jsonl",
        "report.html",
        "curves.svg",
        "curves.png",
    ] {
        assert!(target.join(file).metadata().unwrap().len() > 100, "{file}");
    }
    check_summary(&target);
    for line in std::fs::read_to_string(target.join("metrics.jsonl"))
        .unwrap()
        .lines()
    {
        let point: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            point["test_accuracy"]["learners"].as_array().unwrap().len(),
            2
        );
    }
    check_shapes(&target.join("checkpoints/unlearn-unlearned.safetensors"));
    for (phase, arm) in [
        ("learn", "retrained"),
        ("unlearn", "unlearned"),
        ("relearn", "original"),
    ] {
        check_weights(&target, phase, arm);
    }
}

fn check_summary(target: &Path) {
    let text = std::fs::read_to_string(target.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in ["device", "data", "config", "seconds"] {
        assert!(summary[key].is_object(), "{key}");
    }
    let results = summary["results"].as_array().unwrap();
    assert_eq!(results.len(), (2 + 3 + 3) * 4);
    let learners = results[0]["learners"].as_array().unwrap();
    let values: Vec<f64> = learners.iter().map(|v| v.as_f64().unwrap()).collect();
    let mean = (values[0] + values[1]) / 2.0;
    let std = (values[0] - values[1]).abs() / 2f64.sqrt();
    approx::assert_relative_eq!(results[0]["mean"].as_f64().unwrap(), mean, epsilon = 1e-12);
    approx::assert_relative_eq!(results[0]["std"].as_f64().unwrap(), std, epsilon = 1e-12);
    assert_eq!(results[0]["metric"], "test_accuracy");
}

fn check_shapes(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let shape = |name: &str| tensors.tensor(name).unwrap().shape().to_vec();
    assert_eq!(shape("fc1.weight"), [2, 16, 784]);
    assert_eq!(shape("fc1.bias"), [2, 16]);
    assert_eq!(shape("fc2.weight"), [2, 8, 16]);
    assert_eq!(shape("fc3.weight"), [2, 10, 8]);
    assert_eq!(shape("fc3.bias"), [2, 10]);
}

/// The weights in a checkpoint, run here in f64, read the test images as the summary says.
fn check_weights(target: &Path, phase: &str, arm: &str) {
    let file = format!("checkpoints/{phase}-{arm}.safetensors");
    let bytes = std::fs::read(target.join(file)).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |name: String| -> Vec<f32> {
        bytemuck::pod_collect_to_vec(tensors.tensor(&name).unwrap().data())
    };
    let layers: Vec<_> = (1..=3)
        .map(|n| {
            (
                tensor(format!("fc{n}.weight")),
                tensor(format!("fc{n}.bias")),
            )
        })
        .collect();
    let test = builtin::test(100);
    let right = |learner: usize| {
        let digits = test
            .images
            .chunks(784)
            .map(|image| reading(&layers, learner, image));
        digits
            .zip(&test.labels)
            .filter(|(digit, label)| digit == *label)
            .count()
    };
    let text = std::fs::read_to_string(target.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ours = |r: &&serde_json::Value| {
        r["phase"] == phase && r["arm"] == arm && r["metric"] == "test_accuracy"
    };
    let result = summary["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(ours)
        .unwrap();
    for learner in 0..2 {
        let accuracy = result["learners"][learner].as_f64().unwrap();
        let apart = accuracy - right(learner) as f64 / 100.0;
        assert!(
            apart.abs() < 0.015,
            "{phase} {arm} {learner}: {accuracy}, {apart} apart"
        );
    }
}

/// What learner `learner` of 784-16-8-10 networks takes an image for.
fn reading(layers: &[(Vec<f32>, Vec<f32>)], learner: usize, image: &[u8]) -> u8 {
    let mut x: Vec<f64> = image.iter().map(|&p| f64::from(p) / 255.0).collect();
    for (n, (weights, biases)) in layers.iter().enumerate() {
        let outputs = biases.len() / 2;
        let weights = &weights[learner * outputs * x.len()..];
        let biases = &biases[learner * outputs..][..outputs];
        let rows = weights.chunks(x.len()).zip(biases);
        let sum = |(row, &b): (&[f32], &f32)| {
            let dot: f64 = row.iter().zip(&x).map(|(&w, x)| f64::from(w) * x).sum();
            dot + f64::from(b)
        };
        let z: Vec<f64> = rows.map(sum).collect();
        x = if n < 2 {
            z.into_iter().map(|z| z.max(0.0)).collect()
        } else {
            z
        };
    }
    let largest = (0..10).max_by(|&a, &b| x[a].total_cmp(&x[b])).unwrap();
    u8::try_from(largest).unwrap()
}

#[test]
fn a_run_repeats_from_its_config() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let (first, second) = (out.path().join("first"), out.path().join("second"));
    assert!(
        short_run(data.path(), &first, &["--seed", "7"])
            .status
            .success()
    );
    let config = first.join("config.toml");
    let to = text(&second);
    let again = unlearn(&["run", "--fresh", "--config", text(&config), "--out", to]);
    assert!(again.status.success(), "{}", stderr(&again));
    for phase in ["learn-original", "unlearn-unlearned", "relearn-relearned"] {
        let file = format!("checkpoints/{phase}.safetensors");
        let read = |folder: &Path| std::fs::read(folder.join(&file)).unwrap();
        assert!(read(&first) == read(&second), "{file}");
    }
    let other = out.path().join("other");
    assert!(
        short_run(data.path(), &other, &["--seed", "8"])
            .status
            .success()
    );
    let file = "checkpoints/learn-original.safetensors";
    assert!(std::fs::read(first.join(file)).unwrap() != std::fs::read(other.join(file)).unwrap());
}

/// Reports are shared. They say what the data is, and not in whose folder it was.
#[test]
fn nothing_but_the_config_names_the_data_folder() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let home = data.path().join("someone-s-home");
    std::fs::create_dir(&home).unwrap();
    write(&home, &files(&builtin::train(400), &builtin::test(100)), "");
    let (run, compared) = (out.path().join("run"), out.path().join("compared"));
    let output = short_run(&home, &run, &["--epochs", "1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = unlearn(&[
        "compare",
        "--data",
        text(&home),
        "--device",
        "cpu",
        "--out",
        text(&compared),
        "--methods",
        "retrain,fine-tune",
        "--learners",
        "1",
        "--retrained",
        "8",
        "--hidden",
        "8",
        "--epochs",
        "1",
        "--budget",
        "2",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mut hashes = 0;
    for (folder, files) in [
        (
            &run,
            &["summary.json", "report.html", "metrics.jsonl", "curves.svg"][..],
        ),
        (
            &compared,
            &["compare.json", "methods.jsonl", "report.txt", "report.html"][..],
        ),
    ] {
        for file in files {
            let content = std::fs::read_to_string(folder.join(file)).unwrap();
            assert!(!content.contains("someone-s-home"), "{file}");
            hashes += usize::from(content.contains("SHA-256"));
        }
    }
    assert_eq!(
        hashes, 5,
        "summary, compare.json, report.txt and two pages say what the data is"
    );
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    mentions(&config, &[text(&home)]);
    let summary = std::fs::read_to_string(run.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let hash = summary["data"]["sha256"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    let label = format!("idx files (SHA-256 {})", &hash[..12]);
    assert_eq!(summary["config"]["data"], label.as_str());
}

#[cfg(target_os = "linux")]
#[test]
fn paths_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let parent = TempDir::new().unwrap();
    let path = |name: &[u8]| parent.path().join(std::ffi::OsStr::from_bytes(name));
    let folder = path(b"d\xffta");
    std::fs::create_dir(&folder).unwrap();
    write(
        &folder,
        &files(&builtin::train(400), &builtin::test(100)),
        "",
    );
    let run = |config: Option<&Path>, data: Option<&Path>, out: &Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_unlearn"));
        command
            .args(["run", "--device", "cpu", "--epochs", "0.5"])
            .args(SHORT);
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command.arg("--out").arg(out).output().unwrap()
    };
    let first = path(b"\xfe");
    let output = run(None, Some(&folder), &first);
    assert!(output.status.success(), "{}", stderr(&output));
    mentions(&stderr(&output), &["not UTF-8", "--data beside --config"]);
    for file in ["report.html", "curves.png", "summary.json"] {
        assert!(first.join(file).exists(), "{file}");
    }
    // From the settings alone the folder cannot be found, and that is said.
    let config = first.join("config.toml");
    let output = run(Some(&config), None, &path(b"2\xfe"));
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["does not exist"]);
    let output = run(Some(&config), Some(&folder), &path(b"3\xfe"));
    assert!(output.status.success(), "{}", stderr(&output));
    let file = "checkpoints/relearn-relearned.safetensors";
    let read = |out: &Path| std::fs::read(out.join(file)).unwrap();
    assert!(read(&first) == read(&path(b"3\xfe")));
}

#[test]
fn a_divergence_keeps_what_was_written() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let target = out.path().join("made");
    let output = short_run(data.path(), &target, &["--unlearn-lr", "1e25"]);
    assert_eq!(output.status.code(), Some(2));
    mentions(
        &stderr(&output),
        &["diverged", "unlearn phase", "step", "--unlearn-lr"],
    );
    let metrics = std::fs::read_to_string(target.join("metrics.jsonl")).unwrap();
    assert!(metrics.lines().count() > 5);
    assert!(
        target
            .join("checkpoints/learn-original.safetensors")
            .exists()
    );
    assert!(
        !target
            .join("checkpoints/unlearn-unlearned.safetensors")
            .exists()
    );
}

/// On an adapter, a short run takes the usual variants, and measured ones if it is told to. It writes them
/// into its settings; repeated from these it gives the same bits, and does not measure.
#[test]
fn a_run_on_an_adapter_repeats_with_its_variants() {
    let (data, out) = (data(), TempDir::new().unwrap());
    let (first, second) = (out.path().join("first"), out.path().join("second"));
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_unlearn"))
            .env("XDG_CACHE_HOME", out.path().join("cache"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let adapter = &unlearn::device::list()[0].spec;
    let base = ["run", "--device", adapter, "--data", text(data.path())];
    let epochs = ["--epochs", "0.5", "--out", text(&first)];
    let usual = out.path().join("usual");
    let usual = ["--epochs", "0.5", "--out", text(&usual)];
    let output = run(&[&base[..], &SHORT[..], &usual[..]].concat());
    mentions(&stderr(&output), &["the usual variants"]);
    let output = run(&[&base[..], &SHORT[..], &epochs[..], &["--retune"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    mentions(&stderr(&output), &["measuring the kernels' variants"]);
    let config = first.join("config.toml");
    let settings = std::fs::read_to_string(&config).unwrap();
    mentions(&settings, &["[variants]", "image_forward = "]);
    let to = text(&second);
    let again = ["run", "--fresh", "--config", text(&config), "--out", to];
    let output = run(&again);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stderr(&output).contains("measuring the kernels' variants"));
    let file = "checkpoints/learn-original.safetensors";
    let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
    assert!(read(&first) == read(&second));
    let note = String::from_utf8_lossy(&read(&first)).into_owned();
    mentions(&note, &["variants: ", "image_forward="]);
    std::fs::write(
        &config,
        settings.replace("image_forward = \"", "image_forward = \"un"),
    )
    .unwrap();
    let third = out.path().join("third");
    let output = run(&["run", "--config", text(&config), "--out", text(&third)]);
    assert_eq!(output.status.code(), Some(2));
    mentions(&stderr(&output), &["image_forward", "[variants]"]);
    assert!(!third.exists());
}
