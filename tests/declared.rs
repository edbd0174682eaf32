//! Methods declared as data: what they teach, what is refused, and the real binary with a file.

mod common;
mod idx_files;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{Keeper, stderr, unlearn};
use idx_files::{files, mentions, write};
use tempfile::TempDir;
use unlearn::compare::{Forget, MethodRow, Settings, compare};
use unlearn::config::Config;
use unlearn::data::{self, builtin};
use unlearn::device::cpu::Cpu;
use unlearn::engine::{Pick, Store};
use unlearn::kernels::{FORGET, OTHER, SOFT};
use unlearn::methods::{
    By, Declared, Factors, Lazy, METHODS, Method, PADDED, Passed, Setting, Stage, Task, named,
};
use unlearn::population::{Importance, Recipe};
use unlearn::progress::Progress;
use unlearn::random::threefry2x32;
use unlearn::record::Classes;
use unlearn::run::{Run, State};
use unlearn::tune::Variants;

/// Two fives, and what is kept.
const LABELS: [u8; 6] = [5, 1, 5, 2, 1, 3];

/// Outputs with a different share of the first two classes for every image.
fn outputs(seed: u32) -> Arc<Vec<f32>> {
    let row = |image: u32| {
        let first = 1.0 / (seed + image) as f32;
        let mut row = [0.0; PADDED];
        (row[0], row[1]) = (first, 1.0 - first);
        row
    };
    Arc::new((0..6).flat_map(row).collect())
}

fn task() -> Task<'static> {
    Task {
        labels: &LABELS,
        classes: 10,
        forget: vec![0, 2],
        retain: vec![1, 3, 4, 5],
        digits: vec![5],
        originals: Lazy::new(|| Ok(vec![outputs(2), outputs(3)])),
        fresh: Lazy::new(|| Ok(vec![outputs(12), outputs(13)])),
        nearest: Lazy::new(|| Ok(vec![Arc::new(vec![7, 8]), Arc::new(vec![9, 6])])),
        keys: vec![[1, 1], [2, 2]],
        numbers: vec![0, 1],
        momentum: 0.5,
        decay: 0.25,
        rate: 0.1,
        steps: 100,
    }
}

fn declared(text: &str) -> Result<&'static dyn Method, String> {
    Declared::try_from(text.to_owned()).map(Declared::method)
}

fn stages(method: &dyn Method, strength: f64) -> Vec<Stage> {
    method.stages(&task(), Setting::new(0.5, strength)).unwrap()
}

/// The second learner's recipe of a plain stage.
#[track_caller]
fn second(stage: &Stage) -> &Recipe {
    match stage {
        Stage::Train(1.0, taught) => &taught[1],
        other => panic!("{other:?}"),
    }
}

const WHOLE: &str = r#"
name = "whole"
rule = "everything at once"
rate = { tried = [0.25, 0.5], usual = 0.5 }
strength = { name = "β", tried = [0.5, 2], usual = 2, most = 4 }

[[stages]]
share = 0.25
order = "halves"
forget = { target = 3, weight = "-(1 - strength)" }
retain = { distil = "strength", weight = 2 }

[[stages]]
edit = { mix = { own = "1 - strength", original = "strength" } }

[[stages]]
share = 0.75
rate = 0.5
order = "by-index"
forget = { target = [0.25, 0.75, 0, 0, 0, 0, 0, 0, 0, 0] }
retain = { target = "label" }

[[stages]]
edit = { silence = "-2 * strength" }
"#;

#[test]
fn a_declaration_teaches_what_a_person_works_out() {
    let method = declared(WHOLE).unwrap();
    assert_eq!((method.name(), method.strength()), ("whole", Some("β")));
    let tried = [(0.25, 0.5), (0.25, 2.0), (0.5, 0.5), (0.5, 2.0)];
    assert_eq!(method.settings(), tried.map(|(r, s)| Setting::new(r, s)));
    assert_eq!(method.usual(), Setting::new(0.5, 2.0));
    assert_eq!(method.most(), 4.0);
    assert!(method.needs_digits());

    let stages = stages(method, 0.5);
    let [
        Stage::Train(0.25, first),
        Stage::Mix {
            own: 0.5,
            original: 0.5,
        },
        Stage::Train(0.75, then),
        Stage::Silence(digits, -1.0),
    ] = &stages[..]
    else {
        panic!("{stages:?}");
    };
    assert_eq!(digits, &[5]);
    let three = FORGET | (3 + 1) << OTHER;
    let halves = [three, 2 | three, three, 2 | three];
    let halves = [halves, [1 | SOFT, 3 | SOFT, 4 | SOFT, 5 | SOFT]].concat();
    assert_eq!(*first[1].samples, halves);
    // 2·(CE + ½ KL) is three times the loss of the mean of label and original in proportions 2 : 1.
    assert_eq!(first[1].weights, [3.0, -0.5]);
    assert_eq!((first[1].key, first[1].rate), ([2, 2], 0.5));
    let table = first[1].table.as_ref().unwrap();
    // Image 3 is a 2, and its original says 1/6 and 5/6.
    let row = [1.0 / 18.0, 5.0 / 18.0, 2.0 / 3.0, 0.0];
    for (own, expected) in table[3 * PADDED..].iter().zip(row) {
        assert!((own - expected).abs() < 1e-6, "{own} {expected}");
    }

    assert_eq!(*then[1].samples, [SOFT, 1, 2 | SOFT, 3, 4, 5]);
    assert_eq!(then[1].soft_target[..3], [0.25, 0.75, 0.0]);
    assert_eq!((then[1].weights, then[1].rate), ([1.0; 2], 0.25));
    // Another walk through the samples.
    assert_eq!(then[1].key, [2, 2 ^ 1]);
    assert!(then[1].table.is_none() && Arc::ptr_eq(&then[0].samples, &then[1].samples));
}

/// The values that these methods had when each was a file of Rust.
#[test]
fn built_in_declarations_teach_what_their_rules_say() {
    let stage = |name: &str| stages(named(name).unwrap(), 0.0).remove(0);
    let soft = [SOFT, 2 | SOFT, 1, 3, 4, 5];
    let other = |image: u32, label: u32| image | (label + 1) << OTHER;

    let tuned = stage("fine-tune");
    assert_eq!(*second(&tuned).samples, [1, 3, 4, 5]);
    assert_eq!((second(&tuned).rate, second(&tuned).momentum), (0.5, 0.0));

    let uniform = stage("uniform");
    assert_eq!(*second(&uniform).samples, [SOFT, 1, 2 | SOFT, 3, 4, 5]);
    assert_eq!(second(&uniform).soft_target, [0.1; 10]);
    assert_eq!(
        (second(&uniform).momentum, second(&uniform).decay),
        (0.5, 0.25)
    );
    let alone = stage("uniform-alone");
    assert_eq!(*second(&alone).samples, [SOFT, 2 | SOFT]);
    assert_eq!((second(&alone).momentum, second(&alone).decay), (0.0, 0.0));

    let confusion = stage("retain-confusion");
    assert_eq!(*second(&confusion).samples, soft);
    // The second original says 1/(3 + image).
    let mean = (1.0 / 4.0 + 1.0 / 6.0 + 1.0 / 7.0 + 1.0 / 8.0) / 4.0;
    assert!((second(&confusion).soft_target[0] - mean).abs() < 1e-7);

    let drawn = |image, end| threefry2x32([2, 2], [image, u32::MAX])[0] % end;
    let any = [0, 2].map(|image| other(image, drawn(image, 10)));
    let wrong = [0, 2].map(|image| other(image, (6 + drawn(image, 9)) % 10));
    assert_eq!(second(&stage("random-label")).samples[..2], any);
    assert_eq!(second(&stage("wrong-label")).samples[..2], wrong);
    assert_eq!(second(&stage("wrong-label")).samples[2..], [1, 3, 4, 5]);
    let nearest = [other(0, 9), other(2, 6)];
    assert_eq!(*second(&stage("boundary-shrink")).samples, nearest);

    let ascent = stage("gradient-ascent");
    assert_eq!(*second(&ascent).samples, [FORGET, 2 | FORGET]);
    assert_eq!(second(&ascent).weights, [1.0, -1.0]);

    let teacher = stage("bad-teacher");
    let entries = soft.map(|entry| entry | SOFT);
    assert_eq!(*second(&teacher).samples, entries);
    let table = second(&teacher).table.as_ref().unwrap();
    let first = |image: usize| table[image * PADDED];
    assert_eq!([0, 1, 2].map(first), [1.0 / 13.0, 1.0 / 4.0, 1.0 / 15.0]);
}

#[test]
fn built_in_declarations_with_a_strength_use_it_as_their_rules_say() {
    let of = |name: &str, strength| stages(named(name).unwrap(), strength);
    let plus = &of("neggrad-plus", 0.997)[0];
    let f = [FORGET, 2 | FORGET, FORGET, 2 | FORGET];
    assert_eq!(*second(plus).samples, [f, [1, 3, 4, 5]].concat());
    let alpha = 0.997f32;
    assert_eq!(second(plus).weights, [2.0 * alpha, -2.0 * (1.0 - alpha)]);

    let [Stage::TrainBy(By::Sparse, 1.0, sparse)] = &of("l1-sparse", 0.001)[..] else {
        panic!("l1-sparse");
    };
    assert_eq!(
        (&sparse[1].samples[..], sparse[1].strength),
        (&[1, 3, 4, 5][..], 0.001)
    );
    let [Stage::TrainBy(By::Scaled(Factors::Salient), 1.0, masked)] = &of("salun", 0.1)[..] else {
        panic!("salun");
    };
    let labels = &of("random-label", 0.0)[0];
    assert_eq!(
        (&masked[1].samples, masked[1].strength),
        (&second(labels).samples, 0.1)
    );

    let [
        train,
        Stage::Mix {
            own: -3.0,
            original: 4.0,
        },
    ] = &of("task-negation", 3.0)[..]
    else {
        panic!("task-negation");
    };
    assert_eq!(*second(train).samples, [0, 2]);
    let [Stage::Undo, train] = &of("amnesiac", 0.0)[..] else {
        panic!("amnesiac");
    };
    assert_eq!(*second(train).samples, [1, 3, 4, 5]);
    assert!(matches!(
        of("ssd", 3.0)[..],
        [Stage::Dampen {
            what: Importance::Fisher,
            alpha: 3.0,
            lambda: 1.0
        }]
    ));

    let [Stage::TrainBy(By::Projected, 1.0, pairs)] = &of("purge", 0.0)[..] else {
        panic!("purge");
    };
    let [_, _, forget, retain] = &pairs[..] else {
        panic!("{pairs:?}");
    };
    for recipe in [forget, retain] {
        assert_eq!(
            (recipe.rate, recipe.momentum, recipe.key),
            (0.0, 1.0, [2, 2])
        );
    }
    assert_eq!(
        (&forget.samples[..], forget.strength),
        (&[SOFT, 2 | SOFT][..], 0.5)
    );
    assert_eq!((retain.weights[0], retain.strength), (4.0, 0.0));
    let entries = [1, 3, 4, 5].map(|image| image | SOFT);
    assert_eq!(*retain.samples, entries);
    // Image 1 is a 1, and its original says 1/4 and 3/4.
    let table = &retain.table.as_ref().unwrap()[PADDED..][..3];
    assert_eq!(table, [3.0 * 0.25 / 4.0, (1.0 + 3.0 * 0.75) / 4.0, 0.0]);
}

/// Teachers' passes cost a third of a step; gradients of all samples to forget cost one.
#[test]
fn samples_that_pass_beside_steps_are_counted() {
    let samples = Passed {
        forget: 10,
        retain: 90,
        trained: 60,
    };
    for (name, passed) in [
        ("fine-tune", 0),
        ("retain-confusion", 20),
        ("bad-teacher", 20),
        ("salun", 10),
        ("boundary-shrink", 20),
        ("purge", 20 + 60),
        ("ssd", 100),
    ] {
        assert_eq!(named(name).unwrap().passed(samples), passed, "{name}");
    }
    for name in ["uniform", "amnesiac"] {
        let method = named(name).unwrap();
        assert_eq!(method.trains_on(), name == "uniform");
        assert_eq!(method.takes_back_steps(), name == "amnesiac");
    }
}

/// None has more chances than another.
#[test]
fn built_in_declarations_try_six_settings() {
    for method in METHODS.iter().filter(|m| m.declaration().is_some()) {
        assert_eq!(method.settings().len(), 6, "{}", method.name());
    }
}

/// A valid file, to be spoilt.
const PLAIN: &str = r#"name = "plain"
rule = "CE(forget → uniform)"
rate = { tried = [0.1, 0.2], usual = 0.1 }
strength = { name = "α", tried = [0.5, 1], usual = 0.5, most = 1 }
[[stages]]
forget = { target = "uniform", weight = "strength" }
retain = {}
"#;

#[test]
fn mistakes_are_named_with_line_key_and_remedy() {
    assert!(declared(PLAIN).is_ok());
    let edit = "[[stages]]\nedit = ";
    for (from, to, parts) in [
        // What is no TOML.
        ("rule =", "rule", &["line 2", "rule"][..]),
        // Keys and types.
        (
            "rule =",
            "rules =",
            &["line 2", "unknown field `rules`", "`rule`"],
        ),
        (
            "retain",
            "retained",
            &["line 7", "unknown field `retained`", "`forget`"],
        ),
        (
            "usual = 0.1",
            "most = 0.1",
            &["line 3", "unknown field `most`", "`usual`"],
        ),
        ("rule = ", "#", &["missing field `rule`"]),
        ("usual = 0.1 }", "}", &["line 3", "missing field `usual`"]),
        (
            "{ tried = [0.1, 0.2], usual = 0.1 }",
            "0.1",
            &["line 3", "rate = 0.1", "{ tried ="],
        ),
        ("[0.1, 0.2]", "[\"a\"]", &["line 3", "string \"a\""]),
        (
            "retain = {}",
            "retain = 1",
            &["line 7", "retain = 1", "{ target ="],
        ),
        // Values.
        (
            "\"plain\"",
            "\"Plain!\"",
            &["line 1", "name", "lower-case letters"],
        ),
        ("\"plain\"", "\"all\"", &["line 1", "name"]),
        (
            "\"CE(forget → uniform)\"",
            "\" \"",
            &["line 2", "rule", "in one line"],
        ),
        (
            "[0.1, 0.2]",
            "[0.1, -0.2]",
            &["line 3", "rate.tried: -0.2", "above 0"],
        ),
        (
            "[0.1, 0.2]",
            "[]",
            &["line 3", "rate.tried", "at least one"],
        ),
        (
            "usual = 0.1",
            "usual = 0.3",
            &["line 3", "rate.usual: 0.3", "[0.1, 0.2]"],
        ),
        (
            "[0.5, 1]",
            "[0.5, 2]",
            &["line 4", "strength.tried: 2", "up to 1"],
        ),
        ("most = 1", "most = -1", &["line 4", "strength.most: -1"]),
        ("\"α\"", "\"\"", &["line 4", "strength.name"]),
        (
            "\"uniform\",",
            "\"nothing\",",
            &["line 6", "\"nothing\"", "\"any-label\"", "a digit"],
        ),
        ("\"uniform\",", "10,", &["line 6", "10", "a digit"]),
        (
            "\"uniform\",",
            "[0.5, 0.5],",
            &["line 6", "2 probabilities", "10 digits"],
        ),
        (
            "\"uniform\",",
            "[1, 1, 0, 0, 0, 0, 0, 0, 0, 0],",
            &["line 6", "add up to 2"],
        ),
        (
            "\"strength\"",
            "\"beta\"",
            &["line 6", "\"beta\" is no number", "strength"],
        ),
        (
            "\"strength\"",
            "\"1 / (strength - 1)\"",
            &["weight: 1 / (strength - 1) is", "strength of 1"],
        ),
        (
            "{}",
            "{ distil = \"strength - 1\" }",
            &["distil", "-0.5", "between 0"],
        ),
        (
            "[[stages]]",
            "[[stages]]\nshare = 1.5",
            &["line 5", "share: 1.5", "up to 1"],
        ),
        (
            "[[stages]]",
            "[[stages]]\nshare = 0.5",
            &["line 5", "share", "0.5 of the budget"],
        ),
        (
            "[[stages]]",
            "[[stages]]\nrate = 0",
            &["line 5", "rate: 0", "above 0"],
        ),
        (
            "[[stages]]",
            "[[stages]]\norder = \"odd\"",
            &["line 6", "`odd`", "`halves`"],
        ),
        (
            "{}",
            "{}\nupdate = { masked = 2 }",
            &["masked: 2", "between 0.0 and 1.0"],
        ),
        (
            "{}",
            "{}\nupdate = \"fast\"",
            &["line 8", "`fast`", "`projected`"],
        ),
        // What does not go together.
        ("rate =", "#", &["line 5", "rate: missing", "rate = {"]),
        (
            "strength =",
            "#",
            &["line 5", "strength", "has none", "strength = {"],
        ),
        (
            ", weight = \"strength\"",
            "",
            &["line 4", "strength: no formula names it"],
        ),
        (
            "[[stages]]",
            "trains-on = true\n[[stages]]",
            &["line 5", "trains-on"],
        ),
        (
            "retain = {}",
            "order = \"halves\"",
            &["line 5", "order: there is one list"],
        ),
        (
            "retain = {}",
            "update = \"projected\"",
            &["line 5", "needs both lists"],
        ),
        (
            "{}",
            "{}\norder = \"halves\"\nupdate = \"projected\"",
            &["order", "leave it out"],
        ),
        (
            "{}",
            "{ target = \"nearest-label\" }",
            &["line 5", "retain.target", "forget samples only"],
        ),
        (
            "{}",
            "{ target = \"uniform\", distil = 1 }",
            &["line 5", "distil", "label"],
        ),
        (
            "{}",
            "{}\nedit = \"undo\"",
            &["line 5", "edit: takes no steps"],
        ),
        (
            "[[stages]]",
            "[[stages]]\n[[stages]]",
            &["line 5", "forget, retain, or edit"],
        ),
        (
            "[[stages]]",
            "[[stages]]\nedit = \"undo\"\n[[stages]]\nupdate = { sparse = 1 }",
            &["line 7", "update", "first stage"],
        ),
    ] {
        let spoilt = PLAIN.replacen(from, to, 1);
        assert_ne!(spoilt, PLAIN, "{from} {to}");
        let said = declared(&spoilt)
            .err()
            .unwrap_or_else(|| panic!("{spoilt}"));
        mentions(&said, parts);
        mentions(&said, &["docs/methods.md"]);
        assert!(!said.contains('\n'), "{said}");
    }
    let trained = format!("{PLAIN}{edit}{{ dampened = 1 }}");
    assert!(declared(&trained).err().unwrap().contains("line 9"));
    let bare = format!("name = \"bare\"\nrule = \"r\"\n{edit}\"undo\"\n");
    assert!(declared(&bare).is_ok());
    let rated = bare.replace("[[", "rate = { tried = [1], usual = 1 }\n[[");
    assert!(declared(&rated).err().unwrap().contains("no stage trains"));
    assert!(
        declared("name = \"n\"\nrule = \"r\"\nstages = []")
            .err()
            .unwrap()
            .contains("[[stages]]")
    );
}

/// A strength that only a run asks for.
#[test]
fn a_strength_that_a_formula_cannot_take_is_refused() {
    let text = PLAIN.replace("\"strength\"", "\"1 / strength\"");
    let method = declared(&text).unwrap();
    let fault = method.stages(&task(), Setting::new(0.1, 0.0)).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("--strength 0: plain: weight: 1 / strength is inf"),
        "{fault}"
    );
}

/// What `unlearn methods NAME` prints can be given back as a file of another name.
#[test]
fn built_in_declarations_are_printed() {
    let mut printed = 0;
    for method in METHODS.iter() {
        let output = unlearn(&["methods", method.name()]);
        match method.declaration() {
            Some(text) => {
                assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
                printed += 1;
            }
            None => {
                assert_eq!(output.status.code(), Some(2));
                assert!(stderr(&output).contains("is written in Rust"));
            }
        }
    }
    assert!(printed > 10);
    let output = unlearn(&["methods", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("nothing is no method"),
        "{}",
        stderr(&output)
    );
}

/// A folder with 400 + 100 digits, and room for runs.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let digits = files(&builtin::train(400), &builtin::test(100));
    write(folder.path(), &digits, "");
    folder
}

fn run(folder: &Path, name: &str, more: &[&str]) -> (Option<i32>, String, PathBuf) {
    let target = folder.join(name);
    let (data, out) = (folder.to_str().unwrap(), target.to_str().unwrap());
    let base = ["run", "--data", data, "--out", out, "--device", "cpu"];
    let small = ["--learners", "2", "--hidden", "16,8", "--evaluations", "1"];
    let short = ["--epochs", "1", "--relearn-epochs", "0.5"];
    let output = unlearn(&[&base[..], &small, &short, more].concat());
    (output.status.code(), stderr(&output), target)
}

fn unlearned(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("checkpoints/unlearn-unlearned.safetensors")).unwrap()
}

/// The example of the documentation.
fn example() -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/methods.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let block = docs.split("```toml\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn a_run_keeps_its_method_and_can_be_repeated_without_the_file() {
    let folder = folder();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, example()).unwrap();
    let method = ["--method", file.to_str().unwrap()];
    let (code, said, first) = run(folder.path(), "first", &method);
    assert_eq!(code, Some(0), "{said}");
    std::fs::remove_file(&file).unwrap();
    let config = first.join("config.toml");
    let (code, said, again) = run(
        folder.path(),
        "again",
        &["--config", config.to_str().unwrap()],
    );
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(unlearned(&first), unlearned(&again));

    // Another content under the same name is another method.
    std::fs::write(&file, example().replace("\"uniform\"", "\"any-label\"")).unwrap();
    let (code, said, other) = run(folder.path(), "other", &method);
    assert_eq!(code, Some(0), "{said}");
    assert_ne!(unlearned(&first), unlearned(&other));

    let runs = [&first, &other].map(|run| run.to_str().unwrap());
    let output = unlearn(&[&["report"][..], &runs].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("method"), "{table}");
    let output = unlearn(&["runs", folder.path().to_str().unwrap()]);
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(
        list.contains("--method half-uniform") && !list.contains("[[stages]]"),
        "{list}"
    );

    // A built-in method instead leaves the file's behind.
    let config = [
        "--config",
        config.to_str().unwrap(),
        "--method",
        "fine-tune",
    ];
    let (code, said, plain) = run(folder.path(), "plain", &config);
    assert_eq!(code, Some(0), "{said}");
    let text = std::fs::read_to_string(plain.join("config.toml")).unwrap();
    assert!(!text.contains("method_file"), "{text}");
}

#[test]
fn files_that_declare_no_method_of_their_own_are_refused() {
    let folder = folder();
    let file = folder.path().join("my.toml");
    let path = file.to_str().unwrap();
    let refused = |text: &str, parts: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let (code, said, out) = run(folder.path(), "refused", &["--method", path]);
        let output = unlearn(&["compare", "--methods", &format!("fine-tune,{path}")]);
        assert!(!out.exists());
        for (code, said) in [(code, said), (output.status.code(), stderr(&output))] {
            assert_eq!(code, Some(2), "{said}");
            mentions(&said, parts);
        }
    };
    refused(
        &example().replace("half-uniform", "uniform"),
        &["my.toml", "built-in", "another name"],
    );
    refused(
        &example().replace("target", "aim"),
        &["my.toml", "line", "unknown field `aim`"],
    );
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    let (code, said, _) = run(folder.path(), "refused", &["--method", path]);
    assert!(code == Some(2) && said.contains("my.toml"), "{said}");
    let (code, said, _) = run(folder.path(), "refused", &["--method", "nowhere.toml"]);
    assert!(code == Some(2) && said.contains("nowhere.toml"), "{said}");
}

/// A run goes on from its own copy of the method, and not from a changed one.
#[test]
fn a_run_whose_method_was_changed_does_not_go_on() {
    let data = data::load("builtin", &|_| {}).unwrap();
    let (device, store) = (Cpu::new("test"), Store::nowhere());
    let config = |text: &str| Config {
        method: "half-uniform".to_owned(),
        method_file: Some(Declared::try_from(text.to_owned()).unwrap()),
        learners: 1,
        hidden: vec![8],
        epochs: 0.1,
        ..Config::default()
    };
    let own = config(&example());
    let run = Run::new(&own, &data, &device, &store).unwrap();
    let mut keeper = Keeper {
        patience: Some(5),
        ..Keeper::default()
    };
    assert!(run.run(run.start(None).unwrap(), &mut keeper).is_err());
    let state = State::of_bytes(&keeper.state).unwrap();
    assert!(run.start(Some(state.clone())).is_ok());

    let changed = config(&example().replace("rate = 0.5", "rate = 0.25"));
    let run = Run::new(&changed, &data, &device, &store).unwrap();
    let refused = run.start(Some(state)).err().unwrap().to_string();
    assert!(refused.contains("another method_file"), "{refused}");

    let other = Config {
        method: "uniform".to_owned(),
        ..own
    };
    let refused = other.check().unwrap_err().to_string();
    assert!(refused.contains("declares half-uniform"), "{refused}");
}

/// Remembers the names of tasks.
#[derive(Default)]
struct Tasks(RefCell<Vec<String>>);

impl Progress for Tasks {
    fn begin(&mut self, what: &str, _: u64) {
        self.0.get_mut().push(what.to_owned());
    }
}

#[test]
fn a_comparison_computes_anew_what_a_changed_file_changes() {
    let (digits, cache) = (folder(), TempDir::new().unwrap());
    let data = data::load(digits.path(), &|_| {}).unwrap();
    let settings = |text: &str| Settings {
        data: String::new(),
        device: "cpu".to_owned(),
        methods: vec!["half-uniform".to_owned()],
        method_files: vec![Declared::try_from(text.to_owned()).unwrap()],
        forget: Forget::Digits(vec![5]),
        pick: Pick::Random,
        classes: Classes::default(),
        models: None,
        export: false,
        learners: 2,
        retrained: 8,
        hidden: vec![8],
        epochs: 1.0,
        lr: 0.1,
        batch: 32,
        budget: 10,
        budgets: vec![1.0],
        seeds: vec![1],
        variants: Variants::new(),
    };
    let device = Cpu::new("test");
    let judge = |text: &str, cache: &Path| -> (MethodRow, Vec<String>) {
        let (store, mut tasks) = (Store::new(cache).unwrap(), Tasks::default());
        let made = compare(&settings(text), &data, &device, &store, None, &mut tasks).unwrap();
        let mut rows = made.cases[0].methods.iter();
        let own = rows.find(|row| row.method == "half-uniform").unwrap();
        (own.clone(), tasks.0.take())
    };
    let cached = |tasks: &[String]| !tasks.iter().any(|what| what.contains("methods"));
    let (first, tasks) = judge(&example(), cache.path());
    assert!(!cached(&tasks), "{tasks:?}");
    let changed = example().replace("target = \"uniform\"", "target = \"any-label\"");
    let (other, tasks) = judge(&changed, cache.path());
    assert!(!cached(&tasks), "{tasks:?}");
    assert_ne!(format!("{first:?}"), format!("{other:?}"));
    let (again, tasks) = judge(&example(), cache.path());
    assert!(cached(&tasks), "{tasks:?}");
    assert_eq!(format!("{first:?}"), format!("{again:?}"));
}
