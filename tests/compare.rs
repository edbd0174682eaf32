//! Comparisons on the built-in digits: controls come out as they must, and what is kept is taken up.

mod common;
mod idx_files;

use std::cell::RefCell;
use std::path::Path;

use common::{stderr, unlearn};
use idx_files::mentions;
use unicode_width::UnicodeWidthStr;
use unlearn::compare::{Comparison, Forget, MethodRow, Role, Settings, Value, compare};
use unlearn::data::{self, Dataset, builtin};
use unlearn::device;
use unlearn::engine::{Pick, Store};
use unlearn::metrics::Scope;
use unlearn::progress::Progress;
use unlearn::record::{Arm, Classes};
use unlearn::tune::Variants;

/// Notes what was begun and how much of it was done.
#[derive(Default)]
struct Notes(RefCell<Vec<(String, u64)>>);

impl Progress for Notes {
    fn begin(&mut self, what: &str, _: u64) {
        self.0.get_mut().push((what.to_owned(), 0));
    }

    fn advance(&mut self, units: u64) {
        if let Some(last) = self.0.get_mut().last_mut() {
            last.1 += units;
        }
    }
}

fn settings(methods: &[&str]) -> Settings {
    Settings {
        data: "builtin".to_owned(),
        device: "cpu".to_owned(),
        methods: methods.iter().map(|m| (*m).to_owned()).collect(),
        method_files: Vec::new(),
        forget: Forget::Digits(vec![5]),
        pick: Pick::Random,
        classes: Classes::default(),
        models: None,
        export: false,
        learners: 3,
        retrained: 8,
        hidden: vec![32, 16],
        epochs: 0.5,
        lr: 0.1,
        batch: 64,
        budget: 60,
        budgets: vec![1.0],
        seeds: vec![1],
        variants: Variants::new(),
    }
}

fn run(settings: &Settings, folder: &Path) -> (Comparison, Vec<(String, u64)>) {
    run_on(&data::load("builtin", &|_| {}).unwrap(), settings, folder)
}

fn run_on(data: &Dataset, settings: &Settings, folder: &Path) -> (Comparison, Vec<(String, u64)>) {
    let device = device::open("cpu").unwrap();
    let store = Store::new(folder).unwrap();
    let mut notes = Notes::default();
    let made = compare(settings, data, &*device, &store, None, &mut notes).unwrap();
    (made, notes.0.into_inner())
}

fn row<'a>(comparison: &'a Comparison, method: &str) -> &'a MethodRow {
    let mut rows = comparison.cases[0].methods.iter();
    rows.find(|row| row.method == method).unwrap()
}

fn value(row: &MethodRow, metric: &str) -> (f64, f64) {
    let value = row
        .portrait
        .values
        .iter()
        .find(|v| v.metric == metric)
        .unwrap();
    let effect = value.effect.as_ref().map_or(f64::NAN, |e| e.at.value);
    (value.value.mean, effect)
}

/// Cutting off the digit's logit fools every accuracy; the layers below still know the digit, and it
/// is back at once.
#[test]
fn the_zero_logit_control_is_exposed_by_probe_and_relearning() {
    let folder = tempfile::tempdir().unwrap();
    let methods = ["retrain", "zero-logit", "amnesiac"];
    let (comparison, first) = run(&settings(&methods), folder.path());
    let control = row(&comparison, "zero-logit");
    let retrained = row(&comparison, "retrain");
    let nothing = row(&comparison, "do-nothing");
    assert_eq!(value(control, "UA").0, 100.0);
    assert!(value(control, "UA").1.abs() < 0.01);
    assert!((value(control, "RA").0 - value(retrained, "RA").0).abs() < 3.0);
    assert!((value(control, "TA kept").0 - value(retrained, "TA kept").0).abs() < 3.0);
    // The layers below still know the digit, as the originals do, and a new last layer says it again.
    let inside = ["probe", "CKA", "head refit", "prototypes"];
    let below = control
        .positions()
        .filter(|(name, _)| inside.iter().any(|i| name.starts_with(i)) && !name.ends_with(" r"));
    let effects: Vec<f64> = below.map(|(_, position)| position.at.value).collect();
    assert!(effects.len() > 3, "{control:?}");
    let refit = control
        .positions()
        .find(|(name, _)| *name == "head refit 20");
    assert!(refit.is_some(), "{control:?}");
    assert!(
        effects.iter().all(|e| (e - 1.0).abs() < 1e-6),
        "{effects:?}"
    );
    assert!(value(control, "relearn AUC").1 > 0.2, "{control:?}");
    assert!(control.is_distinguishable() && !retrained.is_distinguishable());

    // So do the parts that look inside: the last layer alone brings everything back to zero-logit, and no
    // layer brings anything into networks that were retrained.
    let inside = |method: &str| {
        let found = &comparison.inside;
        &found.iter().find(|(name, _)| name == method).unwrap().1
    };
    let (arm, original) = (Arm::Unlearned, Arm::Original);
    for (method, hidden) in [("zero-logit", true), ("retrain", false)] {
        let found = inside(method);
        let whole = found.transplants.whole.forget.mean(original);
        let parts = found.transplants.parts.iter();
        let back = parts.map(|t| t.restored.forget.mean(arm));
        let most = back.fold(0.0, f64::max);
        let readout = [original, arm].map(|arm| found.lens[1].mean(arm));
        match hidden {
            true => assert_eq!((most, readout[1]), (whole, readout[0])),
            false => assert!(
                most < 0.5 * whole && readout[1] < 0.5 * readout[0],
                "{most}"
            ),
        }
        // Retrained networks of another order are within the noise of each other.
        let (_, head) = found.heads[1].accuracy.last().unwrap();
        let apart = head.mean(arm) - head.mean(Arm::Retrained);
        assert_eq!(
            apart > 2.0 * head.floor.unwrap(),
            hidden,
            "{method}: {head:?}"
        );
    }

    // Doing nothing is at (1, 0), and no row knows more; zero-logit hides what it knows, but not from
    // all kinds of metric.
    let figures = |row: &MethodRow| row.figures.clone().unwrap();
    assert!((figures(nothing).residual.value - 1.0).abs() < 1e-9);
    assert!(figures(nothing).damage.value < 0.05, "{nothing:?}");
    for row in &comparison.cases[0].methods {
        let residual = figures(row).residual.value;
        assert!(
            row.method == "do-nothing" || residual < 0.9,
            "{}",
            row.method
        );
    }
    let hidden = figures(control).residual.value;
    assert!(hidden > 0.25, "{hidden}");
    for forgets in [retrained, row(&comparison, "amnesiac")] {
        let residual = figures(forgets).residual.value;
        assert!(hidden > residual + 0.2, "{}: {residual}", forgets.method);
    }
    assert!(figures(retrained).distance.value < figures(control).distance.value);

    // An attack on each image tells originals from retrained networks, and not these from each other.
    let mean = |values: &[Value], metric: &str| {
        let value = values.iter().find(|v| v.metric == metric).unwrap();
        value.value.mean
    };
    let case = &comparison.cases[0];
    let theirs = &case.retrained.values;
    assert!(mean(&case.originals.values, "U-LiRA") > 0.8);
    assert!((mean(theirs, "U-LiRA") - 0.5).abs() < 0.15);
    assert!(mean(theirs, "ε") > 0.0);
    // Retrained networks had as many steps as they needed.
    assert!(theirs.iter().all(|v| v.censored == 0));
    // Nothing was tried for retraining: in JSON null.
    let json = serde_json::to_string(&row(&comparison, "retrain").tried).unwrap();
    assert!(json.contains(r#""gap":null"#), "{json}");

    // A second time nothing is trained again, and nothing differs.
    let (again, second) = run(&settings(&methods), folder.path());
    assert_eq!(format!("{again:?}"), format!("{comparison:?}"));
    let trained = |notes: &[(String, u64)]| -> u64 {
        let trainings = [
            "originals and retrained networks",
            "methods",
            "settings",
            "relearning",
        ];
        let own = notes
            .iter()
            .filter(|(what, _)| trainings.iter().any(|t| what.starts_with(t)));
        own.map(|(_, steps)| steps).sum()
    };
    assert!(trained(&first) > 0);
    assert_eq!(trained(&second), 0);
}

/// What comes out of a method depends on its rule, not on what is beside it: not even on a method that
/// changes stage while this one trains.
#[test]
fn methods_do_not_disturb_each_other() {
    let data = small(1000, 300);
    let made = |methods: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        run_on(
            &data,
            &quick(methods, Forget::Digits(vec![5])),
            folder.path(),
        )
        .0
    };
    let (both, alone) = (made(&["fine-tune", "scrub"]), made(&["fine-tune"]));
    let values = |c: &Comparison| format!("{:?}", row(c, "fine-tune").portrait.values);
    assert_eq!(values(&both), values(&alone));
}

/// Steps of training originals and retrained networks.
fn trained(notes: &[(String, u64)]) -> u64 {
    let base = notes.iter().filter(|(what, _)| what.contains("originals"));
    base.map(|(_, steps)| steps).sum()
}

/// A few built-in digits.
fn small(train: usize, test: usize) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    let files = idx_files::files(&builtin::train(train), &builtin::test(test));
    idx_files::write(folder.path(), &files, "");
    data::load(folder.path().to_str().unwrap(), &|_| {}).unwrap()
}

/// Settings for a few digits.
fn quick(methods: &[&str], forget: Forget) -> Settings {
    Settings {
        forget,
        learners: 2,
        retrained: 8,
        epochs: 20.0,
        budget: 20,
        batch: 32,
        ..settings(methods)
    }
}

#[test]
fn each_digit_is_forgotten_in_turn_as_if_it_were_alone() {
    let (folder, data) = (tempfile::tempdir().unwrap(), small(1000, 300));
    let each = quick(&["retrain", "zero-logit", "ssd"], Forget::Each);
    let (all, notes) = run_on(&data, &each, folder.path());
    let digits: Vec<Scope> = (0..10).map(|d| Scope::Digits(vec![d])).collect();
    let scopes: Vec<Scope> = all.cases.iter().map(|c| c.case.scope.clone()).collect();
    assert_eq!(scopes, digits);
    // One population, which is trained once.
    assert_eq!(trained(&notes), 625);
    for number in 1..=10 {
        let name = format!("digit {} ({number} of 10): ", number - 1);
        assert!(
            notes.iter().any(|(what, _)| what.starts_with(&name)),
            "{name}"
        );
    }
    // The originals are the same for all; no retrained network knows its digit.
    for case in &all.cases {
        let ta = |c: &unlearn::compare::Judged| c.originals.values[2].value.clone();
        assert_eq!(ta(case), ta(&all.cases[0]));
        assert_eq!(case.retrained.values[0].value.mean, 100.0);
    }
    let control = all
        .methods
        .iter()
        .find(|m| m.method == "zero-logit")
        .unwrap();
    let scores = all.cases.iter().map(|case| {
        let mut rows = case.methods.iter().filter(|row| row.method == "zero-logit");
        rows.next()
            .unwrap()
            .figures
            .as_ref()
            .unwrap()
            .distance
            .value
    });
    let distance = &control.distance;
    assert_eq!(distance.cases, scores.collect::<Vec<_>>());
    assert!((distance.cases.iter().sum::<f64>() / 10.0 - distance.mean).abs() < 1e-9);
    assert!(distance.std > 0.0 && all.stability.is_none());

    // A digit by itself: the same networks, which are there already, and the same results.
    let settings = quick(&["retrain", "zero-logit", "ssd"], Forget::Digits(vec![7]));
    let (alone, notes) = run_on(&data, &settings, folder.path());
    assert_eq!(trained(&notes), 0);
    let seventh = format!("{:?}", all.cases[7]);
    assert_eq!(format!("{:?}", alone.cases[0]), seventh);
    // What was kept of other digits has no part in it: all is the same where nothing was kept.
    let fresh = tempfile::tempdir().unwrap();
    let (fresh, _) = run_on(&data, &settings, fresh.path());
    assert_eq!(format!("{:?}", fresh.cases[0]), seventh);
}

/// Networks that know their few images by heart give away which of them they never saw.
#[test]
fn samples_are_forgotten_instead_of_digits() {
    let (folder, data) = (tempfile::tempdir().unwrap(), small(400, 300));
    let mut settings = quick(&["all"], Forget::Samples(100));
    settings.epochs = 60.0;
    let (all, _) = run_on(&data, &settings, folder.path());
    let case = &all.cases[0];
    assert_eq!(case.case.scope, Scope::Samples(100));
    assert!(case.methods.iter().all(|row| row.method != "zero-logit"));
    let ua = |values: &[unlearn::compare::Value]| values[0].value.mean;
    let (known, never) = (ua(&case.originals.values), ua(&case.retrained.values));
    assert!(
        known < 1.0 && never > 5.0 && never < 60.0,
        "{known} {never}"
    );
    for row in &case.methods {
        let [all, kept] = ["TA all", "TA kept"].map(|name| value(row, name).0);
        assert_eq!(all, kept, "{}", row.method);
    }
    // What is asked on the way back are the forgotten training images.
    let start = |p: &unlearn::compare::Portrait| 100.0 * (1.0 - p.relearning[0].1.mean);
    assert!((start(&case.retrained) - never).abs() < 1e-4);
    assert!((start(&case.originals) - known).abs() < 1e-4);
}

#[test]
fn methods_that_need_a_digit_are_refused_where_there_is_none() {
    let refused = |settings: Settings, part: &str| {
        let said = settings.check().unwrap_err().to_string();
        assert!(said.contains(part), "{said}");
    };
    let samples = Forget::Samples(20);
    refused(
        quick(&["zero-logit"], samples.clone()),
        "it forgets digits only",
    );
    refused(quick(&["all"], Forget::Samples(0)), "--forget-samples 0");
    assert_eq!(quick(&["all"], samples).left_out(), ["zero-logit", "unsir"]);
    assert!(quick(&["all"], Forget::Each).left_out().is_empty());
}

#[test]
fn several_seeds_are_as_many_comparisons_and_say_whether_they_agree() {
    let (folder, data) = (tempfile::tempdir().unwrap(), small(400, 300));
    let methods = ["retrain", "zero-logit", "fine-tune", "uniform"];
    let mut settings = quick(&methods, Forget::Digits(vec![5]));
    settings.seeds = vec![1, 2];
    let (both, _) = run_on(&data, &settings, folder.path());
    settings.seeds = vec![2];
    let (second, notes) = run_on(&data, &settings, folder.path());
    assert_eq!(trained(&notes), 0);
    assert_eq!(
        format!("{:?}", second.cases[0]),
        format!("{:?}", both.cases[1])
    );
    assert_ne!(
        format!("{:?}", both.cases[0].methods),
        format!("{:?}", both.cases[1].methods)
    );
    assert!(second.stability.is_none());
    let stability = both.stability.unwrap();
    let seeds: Vec<u64> = stability.rankings.iter().map(|(seed, _)| *seed).collect();
    assert_eq!(seeds, [1, 2]);
    for ((_, ranking), case) in stability.rankings.iter().zip(&both.cases) {
        let rows = case.methods.iter().map(|row| row.method.clone());
        let without: Vec<String> = rows
            .filter(|name| name == "fine-tune" || name == "uniform")
            .collect();
        assert_eq!(*ranking, without);
    }
}

/// The real binary: usage errors, and the shape of what it writes.
#[test]
fn the_command_line_refuses_what_makes_no_sense() {
    let refused = |flags: &[&str], part: &str| {
        let fixed = [
            "compare",
            "--data",
            "builtin",
            "--device",
            "cpu",
            "--out",
            "/nowhere/x",
        ];
        let output = unlearn(&[&fixed[..], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        mentions(&stderr(&output), &[part]);
    };
    refused(&["--forget-samples", "0"], "--forget-samples 0");
    refused(
        &["--forget-samples", "5", "--forget", "3"],
        "cannot be used with",
    );
    refused(&["--forget", "five"], "or say each");
    refused(&["--forget", "3,12"], "choose from 0 to 9");
    refused(&["--seeds", "one"], "--seeds");
}

#[test]
fn a_batch_must_fit_into_every_list() {
    let data = small(400, 300);
    let refused = |batch: usize, forget: Forget, part: &str| {
        let settings = Settings {
            batch,
            ..quick(&["fine-tune"], forget)
        };
        let said = settings.check_with(&data).unwrap_err().to_string();
        assert!(said.contains(part), "{said}");
    };
    let five = || Forget::Digits(vec![5]);
    refused(
        401,
        five(),
        "--batch 401 is larger than the data: there are 400",
    );
    refused(390, five(), "that are not to be forgotten");
    refused(390, Forget::Each, "that are not to be forgotten");
    refused(390, Forget::Samples(20), "there are 380 training images");
    quick(&["fine-tune"], five()).check_with(&data).unwrap();
}

/// Networks that always give the same answer learned nothing that could be forgotten.
#[test]
fn where_nothing_was_learned_no_method_is_ranked() {
    let folder = tempfile::tempdir().unwrap();
    let (images, out) = (folder.path().join("images"), folder.path().join("out"));
    std::fs::create_dir(&images).unwrap();
    let files = idx_files::files(&builtin::train(300), &builtin::test(100));
    idx_files::write(&images, &files, "");
    let [images, path] = [&images, &out].map(|p| p.to_str().unwrap());
    let run = |flags: &str| {
        let fixed = "compare --device cpu --hidden 16 --learners 2 --retrained 8 --budget 4 --methods \
                     uniform,fine-tune --epochs 2";
        let fixed: Vec<&str> = fixed.split(' ').chain(flags.split(' ')).collect();
        let output = unlearn(&[&fixed[..], &["--data", images, "--out", path]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        output
    };
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let output = run("--lr 1e-7");
    let reason = "The originals never learned digit 5";
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with(reason), "{text}");
    mentions(&stderr(&output), &[reason]);
    for never in [
        "score",
        "noise",
        "distinguishable from retraining",
        "fine-tune",
    ] {
        assert!(!text.contains(never), "{never}: {text}");
    }
    assert!(read("report.txt").starts_with(reason));
    let page = read("report.html");
    mentions(&page, &[reason]);
    assert!(!page.contains("<h2>Ranking</h2>") && !page.contains("<h2>Verdicts</h2>"));
    let json: serde_json::Value = serde_json::from_str(&read("compare.json")).unwrap();
    assert!(
        json["never_learned"][0]
            .as_str()
            .unwrap()
            .starts_with(reason)
    );
    let case = &json["cases"][0];
    assert!(case["never_learned"].as_str().unwrap().starts_with(reason));
    // In the order of the list.
    assert_eq!(case["methods"][0]["method"], "retrain");
    for method in case["methods"].as_array().unwrap() {
        assert!(
            method["figures"].is_null() && method["place"].is_null(),
            "{method}"
        );
    }
    assert!(json["methods"][0]["distance"]["mean"].is_null());

    // All cases together are not ranked either.
    let output = run("--lr 1e-7 --seeds 1,2");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with(&format!("seed 1: {reason}")), "{text}");
    assert!(!text.contains("stable"), "{text}");
    let page = read("report.html");
    assert!(!page.contains("<h2>Ranking</h2>"));
}

#[test]
fn tables_json_and_lines_name_what_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (images, out) = (folder.path().join("images"), folder.path().join("out"));
    std::fs::create_dir(&images).unwrap();
    let files = idx_files::files(&builtin::train(300), &builtin::test(100));
    idx_files::write(&images, &files, "");
    let [images, path] = [&images, &out].map(|p| p.to_str().unwrap());
    let fixed = "compare --device cpu --hidden 16 --learners 2 --retrained 8 --budget 9";
    let fixed: Vec<&str> = fixed.split(' ').collect();
    let run =
        |flags: &[&str]| unlearn(&[&fixed[..], &["--data", images, "--out", path], flags].concat());
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();

    // As many samples as there are leave nothing to retrain with.
    let output = run(&["--forget-samples", "300"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("holds 300 training images"));

    let each = ["--forget", "each", "--methods", "retrain,zero-logit"];
    let output = run(&[&each[..], &["--epochs", "30"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("digit 2 (3 of 10)"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().all(|line| line.width() <= 80), "{text}");
    assert!(
        text.contains("over 10 digits") && text.starts_with("Only controls were compared"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&read("compare.json")).unwrap();
    assert_eq!(json["cases"].as_array().unwrap().len(), 10);
    assert_eq!(json["cases"][4]["scope"]["digits"][0], 4);
    assert_eq!(
        json["methods"][0]["distance"]["cases"]
            .as_array()
            .unwrap()
            .len(),
        10
    );
    let lines = read("methods.jsonl");
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 50);
    assert_eq!(lines[49]["scope"]["digits"][0], 9);
    let page = read("report.html");
    assert!(page.contains("By case") && page.contains("<summary>digit 9</summary>"));
    // Answers and relearning of five rows, for ten digits; the plane for each, and for all together.
    assert_eq!(page.matches("role=\"img\"").count(), 10 * (2 * 5 + 1) + 1);
    assert!(!page.contains(" style=") && !page.contains("NaN"));

    let output = run(&["--methods", "fine-tune,retrain", "--epochs", "20"]);
    let text = String::from_utf8(output.stdout).unwrap();
    // The answer comes first, and controls have no place among the methods.
    assert!(
        text.starts_with("fine-tune ") && text.contains("\ncontrol "),
        "{text}"
    );
    let ranked = read("tables/ranking.csv");
    assert!(ranked.starts_with("method,place,"), "{ranked}");
    assert_eq!(
        (ranked.lines().count(), ranked.contains("retrain")),
        (2, false)
    );
    assert!(read("tables/ranking-control.csv").contains("\nretrain,"));
    assert!(read("pictures/relearning-fine-tune.svg").contains("(logarithmic)"));
    // Those of the comparison before are gone.
    assert!(!out.join("pictures/digit-3-ranking.svg").exists());
    let command = "unlearn compare --methods fine-tune,retrain --data ";
    assert!(read("report.txt").contains(command) && read("report.html").contains(command));
    assert!(
        text.contains("beyond") && !text.contains("lower rate"),
        "{text}"
    );
    // All metrics are in the file.
    let file = read("report.txt");
    assert!(text.lines().all(|line| file.contains(line)), "{file}");
    assert!(file.contains("standard deviation over networks"), "{file}");
    assert!(
        file.contains("lower rate") && file.contains(" ± "),
        "{file}"
    );
}

/// Whatever was exported can come back as somebody's model: the originals then know all that they knew.
#[test]
fn exported_networks_are_judged_like_a_method_when_they_come_back() {
    let (folder, data) = (tempfile::tempdir().unwrap(), small(1000, 300));
    let first = Settings {
        export: true,
        budgets: vec![0.5, 1.0],
        ..quick(&["fine-tune"], Forget::Digits(vec![5]))
    };
    let device = device::open("cpu").unwrap();
    let store = Store::new(&folder.path().join("cache")).unwrap();
    let run = |settings: &Settings, export| {
        compare(
            settings,
            &data,
            &*device,
            &store,
            export,
            &mut Notes::default(),
        )
        .unwrap()
    };
    let made = run(&first, Some(folder.path()));
    // Another budget is a point of a curve; controls have none.
    let budgets: Vec<f64> = row(&made, "fine-tune")
        .budgets
        .iter()
        .map(|b| b.0)
        .collect();
    assert_eq!(budgets, [0.5, 1.0]);
    assert!(row(&made, "zero-logit").budgets.is_empty());
    let text = std::fs::read_to_string(folder.path().join("networks/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let groups = manifest["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 3 + made.cases[0].methods.len());

    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    let originals = groups.iter().find(|g| g["name"] == "originals").unwrap();
    let file = folder.path().join(originals["networks"].as_str().unwrap());
    std::fs::copy(file, models.join("mine.safetensors")).unwrap();
    let second = Settings {
        export: false,
        models: Some(models),
        ..first
    };
    let judged = run(&second, None);
    let (mine, nothing) = (row(&judged, "mine"), row(&judged, "do-nothing"));
    assert_eq!(mine.role, Role::Model);
    assert_eq!(value(mine, "UA"), value(nothing, "UA"));
    let residual = mine.figures.as_ref().unwrap().residual.value;
    assert!((residual - 1.0).abs() < 0.1, "{residual}");
    // Nothing says which retrained network they belong to.
    assert!(value(mine, "Δ 1").0.is_nan());
}

/// Images that only those networks know that saw them are harder to forget than typical ones.
#[test]
fn memorised_images_are_those_that_retrained_networks_do_not_know() {
    let (folder, data) = (tempfile::tempdir().unwrap(), small(600, 300));
    let known = |pick| {
        let settings = Settings {
            pick,
            ..quick(&["do-nothing"], Forget::Samples(40))
        };
        let (made, _) = run_on(&data, &settings, folder.path());
        100.0 - made.cases[0].retrained.values[0].value.mean
    };
    let (memorised, random, typical) = (
        known(Pick::Memorised),
        known(Pick::Random),
        known(Pick::Typical),
    );
    assert!(memorised + 20.0 < random, "{memorised} {random}");
    assert!(random < typical, "{random} {typical}");
}
