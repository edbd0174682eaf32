//! Comparisons on the built-in digits: controls come out as they must, and what is kept is taken up.

use std::cell::RefCell;

use unlearn::compare::{Cache, Comparison, MethodRow, Settings, Value, Watch, compare};
use unlearn::data::{self, Dataset};
use unlearn::device;
use unlearn::tune::Variants;

/// Notes what was begun and how much of it was done.
#[derive(Default)]
struct Notes(RefCell<Vec<(String, u64)>>);

impl Watch for Notes {
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
        forget: vec![5],
        learners: 3,
        retrained: 8,
        hidden: vec![32, 16],
        epochs: 0.5,
        lr: 0.1,
        batch: 64,
        budget: 60,
        seed: 1,
        variants: Variants::new(),
    }
}

fn run(settings: &Settings, folder: &std::path::Path) -> (Comparison, Vec<(String, u64)>) {
    let data: Dataset = data::load("builtin", &|_| {}).unwrap();
    let device = device::open("cpu").unwrap();
    let cache = Cache::new(folder).unwrap();
    let mut notes = Notes::default();
    let made = compare(settings, &data, &*device, &cache, &mut notes).unwrap();
    (made, notes.0.into_inner())
}

fn row<'a>(comparison: &'a Comparison, method: &str) -> &'a MethodRow {
    let mut rows = comparison.methods.iter();
    rows.find(|row| row.method == method).unwrap()
}

fn value(row: &MethodRow, metric: &str) -> (f64, f64) {
    let value = row.values.iter().find(|v| v.metric == metric).unwrap();
    (value.value.mean, value.units)
}

/// Cutting off the digit's logit fools every accuracy; the layers below still know the digit, and it
/// is back at once.
#[test]
fn the_zero_logit_control_is_exposed_by_probe_and_relearning() {
    let folder = tempfile::tempdir().unwrap();
    let (comparison, first) = run(&settings(&["retrain", "zero-logit"]), folder.path());
    let control = row(&comparison, "zero-logit");
    let retrained = row(&comparison, "retrain");
    assert_eq!(value(control, "UA").0, 100.0);
    assert!(value(control, "UA").1 <= 1.0);
    assert!((value(control, "RA").0 - value(retrained, "RA").0).abs() < 3.0);
    assert!((value(control, "TA kept").0 - value(retrained, "TA kept").0).abs() < 3.0);
    assert!(value(control, "probe 2").1 > 1.0, "{control:?}");
    assert!(value(control, "probe 2").0 > value(retrained, "probe 2").0);
    assert!(control.told() && !retrained.told());
    assert!(
        value(control, "relearn").1 > 1.0 && control.ain < 0.8,
        "{control:?}"
    );
    assert!(control.score > retrained.score);

    // An attack on each image tells originals from retrained networks, and not these from each other.
    let mean = |values: &[Value], metric: &str| {
        let value = values.iter().find(|v| v.metric == metric).unwrap();
        value.value.mean
    };
    assert!(mean(&comparison.originals, "U-LiRA") > 0.8);
    assert!((mean(&comparison.retrained, "U-LiRA") - 0.5).abs() < 0.15);
    assert!(mean(&comparison.retrained, "ε") > 0.0);
    // Retrained networks had as many steps as they needed.
    assert!(comparison.retrained.iter().all(|v| v.censored == 0));
    // Nothing was tried for retraining: in JSON null, and that comes back.
    let json = serde_json::to_string(&comparison).unwrap();
    let back: Comparison = serde_json::from_str(&json).unwrap();
    assert!(row(&back, "retrain").tried[0].gap.is_nan());

    // A second time nothing is trained again, and nothing differs.
    let (again, second) = run(&settings(&["retrain", "zero-logit"]), folder.path());
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
            .filter(|(what, _)| trainings.contains(&what.as_str()));
        own.map(|(_, steps)| steps).sum()
    };
    assert!(trained(&first) > 0);
    assert_eq!(trained(&second), 0);
}

/// What comes out of a method depends on its rule, not on what is beside it: not even on a method that
/// changes stage while this one trains.
#[test]
fn methods_do_not_disturb_each_other() {
    let folder = || tempfile::tempdir().unwrap();
    let (both, _) = run(&settings(&["fine-tune", "scrub"]), folder().path());
    let (alone, _) = run(&settings(&["fine-tune"]), folder().path());
    let values = |c: &Comparison| format!("{:?}", row(c, "fine-tune").values);
    assert_eq!(values(&both), values(&alone));
}
