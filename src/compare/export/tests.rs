use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::data::{Dataset, Images, builtin};
use crate::device;
use crate::engine::{Engine, Store, Training};
use crate::metrics::{Metric, Scope, accuracy, each};
use crate::record::DataRecord;

fn data() -> Dataset {
    let (train, test) = (builtin::train(300), builtin::test(100));
    Dataset {
        record: DataRecord {
            name: "built-in digits".to_owned(),
            classes: Classes::default(),
            sha256: None,
            warning: None,
            train: train.labels.len(),
            test: test.labels.len(),
        },
        train: train.into(),
        test: test.into(),
        source: "builtin".into(),
    }
}

/// The images as an idx file.
fn idx(folder: &Path, images: &Images) {
    let count = u32::try_from(images.len()).unwrap();
    let sizes = [count, 28, 28].map(u32::to_be_bytes);
    let bytes = [&[0, 0, 8, 3], sizes.as_flattened(), &images.pixels].concat();
    std::fs::write(folder.join("train-images-idx3-ubyte"), bytes).unwrap();
}

/// An export of freshly initialised networks, with the UA of each.
fn exported(folder: &Path) -> Vec<f64> {
    let (data, store, device) = (data(), Store::nowhere(), device::open("cpu").unwrap());
    let training = Training {
        epochs: 1.0,
        lr: 0.1,
        momentum: 0.0,
        decay: 0.0,
        batch: 16,
    };
    let case = Case {
        pick: crate::engine::Pick::Random,
        seed: 3,
        scope: Scope::Digits(vec![5]),
    };
    let network = (&[9, 6][..], training);
    let engine = Engine::new(&*device, &data, network, "", &store, case.clone()).unwrap();
    let weights = engine.fresh(&[0, 1, 2]).unwrap();
    let observed = engine.observe(&weights, &[]).unwrap();
    let [forget, retain] = engine.observed_images();
    let group = Group {
        origin: Origin::Method,
        name: "some-method",
        setting: Some(Setting::new(0.5, 0.0)),
        weights: &weights,
        observed: &observed,
    };
    let mut export = Export::begin(folder, &engine.model).unwrap();
    export.next_case();
    export.add(&case, [&forget, &retain], &group).unwrap();
    export.finish(&data.record.classes).unwrap();
    idx(folder, &data.train);
    let ua: &dyn Metric = &accuracy::Unlearned;
    each(ua, &observed, &case.scope)
}

#[test]
fn the_manifest_lists_files_that_load() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path());
    let text = std::fs::read_to_string(folder.path().join(MANIFEST)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["widths"], serde_json::json!([784, 9, 6, 10]));
    let group = &manifest["groups"][0];
    assert_eq!(group["group"], "method");
    assert_eq!(group["setting"]["rate"], 0.5);
    assert_eq!(
        (&group["seed"], &group["scope"]["digits"][0]),
        (&3.into(), &5.into())
    );
    let file = |key: &str| folder.path().join(group[key].as_str().unwrap());
    let networks = checkpoint::load(&file("networks")).unwrap();
    assert_eq!((networks.hidden, networks.count), (vec![9, 6], 3));
    let bytes = std::fs::read(file("outputs")).unwrap();
    let outputs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let shape = |name: &str| outputs.tensor(name).unwrap().shape().to_vec();
    assert_eq!(shape("forget.logits"), [3, 30, 10]);
    assert_eq!(shape("test.margins"), [3, 100]);
    assert_eq!(shape("retain.images"), shape("retain.labels"));
}

#[test]
fn a_new_export_begins_without_the_old_manifest() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path());
    let model = Model::new(&[9, 6]).unwrap();
    drop(Export::begin(folder.path(), &model).unwrap());
    assert!(!folder.path().join(MANIFEST).exists());
}

#[test]
fn fields_with_commas_and_quotes_are_quoted() {
    let row = ["a,b", "say \"no\"", "1.5"].map(str::to_owned).to_vec();
    let text = csv(&["case", "what", "value"], &[row]);
    assert_eq!(text, "case,what,value\n\"a,b\",\"say \"\"no\"\"\",1.5\n");
}

/// The Python of the documentation.
fn documented() -> String {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/export.md");
    let page = std::fs::read_to_string(page).unwrap();
    let code = page.split("```python\n").nth(1).unwrap();
    code.split("```").next().unwrap().to_owned()
}

/// Whether Python and its packages are there. If not, that is said past the test harness, which would
/// swallow the words of a test that passes.
fn has_python() -> bool {
    let imports = ["-c", "import numpy, safetensors.numpy"];
    let there = Command::new("python3").args(imports).output();
    if there.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let _ = writeln!(
        std::io::stderr(),
        "NOT RUN: the Python of docs/export.md: python3 with numpy and safetensors is not installed \
         (pip install numpy safetensors)"
    );
    false
}

#[test]
fn the_documented_python_computes_the_same_logits_margins_and_accuracy() {
    if !has_python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let ua = exported(folder.path());
    let mut python = Command::new("python3");
    python.arg("-c").arg(documented());
    let output = python
        .args([folder.path(), folder.path()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failed}");
    // "some-method: logits within 1.2e-07, margins within 1.0e-07, UA 93.333333 %"
    let numbers: Vec<f64> = said
        .split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect();
    let [logits, margins, own] = numbers[..] else {
        panic!("{said}");
    };
    assert!(said.starts_with("some-method"), "{said}");
    assert!(logits < 1e-5 && margins < 1e-5, "{said}");
    let mean = ua.iter().sum::<f64>() / ua.len() as f64;
    assert!((own - mean).abs() < 1e-5, "{said}, not {mean}");
}
