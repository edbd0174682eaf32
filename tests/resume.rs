//! A run that is stopped and goes on ends with the same bits.

mod common;

use common::Keeper;
use unlearn::config::Config;
use unlearn::data::{self, Dataset};
use unlearn::device::{Device, cpu::Cpu};
use unlearn::engine::Store;
use unlearn::error::{Error, Result};
use unlearn::record::{Phase, Point};
use unlearn::run::{Learned, Run, State};

fn config(method: &str) -> Config {
    let momentum = if method == "uniform" { 0.5 } else { 0.0 };
    Config {
        method: method.to_owned(),
        learners: 2,
        hidden: vec![16],
        momentum,
        epochs: 0.05,
        unlearn_epochs: 0.05,
        relearn_epochs: 0.05,
        evaluations: 20,
        ..Config::default()
    }
}

fn digits() -> Dataset {
    data::load("builtin", &|_| {}).unwrap()
}

/// Runs from a state, until `patience` steps are done.
fn go(
    config: &Config,
    data: &Dataset,
    from: Option<&[u8]>,
    patience: Option<u64>,
) -> (Keeper, Result<()>) {
    let (device, store) = (Cpu::new("test"), Store::nowhere());
    let run = Run::new(config, data, &device as &dyn Device, &store).unwrap();
    let state = from.map(|bytes| State::of_bytes(bytes).unwrap());
    let mut keeper = Keeper {
        patience,
        ..Keeper::default()
    };
    let ended = run.run(run.start(state).unwrap(), &mut keeper);
    (keeper, ended.map(|_| ()))
}

/// Points without the time.
fn timeless(points: &[Point]) -> Vec<String> {
    let timeless = |point: &Point| {
        let seconds = 0.0;
        serde_json::to_string(&Point {
            seconds,
            ..point.clone()
        })
        .unwrap()
    };
    points.iter().map(timeless).collect()
}

/// Stops a run every `patience` steps, and lets it go on.
fn in_pieces(config: &Config, data: &Dataset, patience: u64) -> Keeper {
    let mut all = Keeper::default();
    let mut state: Option<Vec<u8>> = None;
    let mut stops = 0;
    loop {
        let (piece, ended) = go(config, data, state.as_deref(), Some(patience));
        all.points.extend(piece.points);
        all.outcomes.extend(piece.outcomes);
        all.weights.extend(piece.weights);
        match ended {
            Ok(()) => break,
            Err(Error::Interrupted) => stops += 1,
            Err(other) => panic!("{other}"),
        }
        state = Some(piece.state);
    }
    assert!(stops > 3, "{stops}");
    all
}

/// Training, what is more than its gradient, edits in the middle, pairs, and images of noise.
const METHODS: [&str; 8] = [
    "uniform",
    "scrub",
    "l1-sparse",
    "salun",
    "purge",
    "unsir",
    "task-negation",
    "amnesiac",
];

#[test]
fn a_run_in_pieces_ends_with_the_same_bits() {
    let data = digits();
    for method in METHODS {
        let config = config(method);
        let (whole, ended) = go(&config, &data, None, None);
        ended.unwrap();
        let pieces = in_pieces(&config, &data, 17);
        assert_eq!(
            timeless(&pieces.points),
            timeless(&whole.points),
            "{method}"
        );
        assert!(pieces.weights == whole.weights, "{method}");
        let scores = |keeper: &Keeper| -> Vec<_> {
            keeper.outcomes.iter().map(|o| o.scores.clone()).collect()
        };
        assert_eq!(scores(&pieces), scores(&whole), "{method}");
    }
}

#[test]
fn a_state_of_other_settings_or_data_is_refused() {
    let data = digits();
    let config = config("uniform");
    let (stopped, _) = go(&config, &data, None, Some(17));
    let refused = |config: &Config, data: &Dataset| {
        let (device, store) = (Cpu::new("test"), Store::nowhere());
        let run = Run::new(config, data, &device, &store).unwrap();
        let state = State::of_bytes(&stopped.state).unwrap();
        run.start(Some(state)).err().unwrap().to_string()
    };
    let other = Config {
        lr: 0.2,
        ..config.clone()
    };
    assert!(refused(&other, &data).contains("other settings"));
    let mut changed = digits();
    changed.train.pixels[300] ^= 1;
    assert!(refused(&config, &changed).contains("other data"));
    let mut damaged = stopped.state.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let error = State::of_bytes(&damaged).err().unwrap().to_string();
    assert!(error.contains("damaged"), "{error}");
    let error = State::of_bytes(&stopped.state[..stopped.state.len() - 1]);
    assert!(
        error
            .err()
            .unwrap()
            .to_string()
            .contains("not the state of a run")
    );
}

/// The first digits of the built-in ones.
fn few_digits() -> Dataset {
    let mut data = digits();
    for (images, count) in [(&mut data.train, 6000), (&mut data.test, 500)] {
        images.pixels.truncate(count * data::PIXELS);
        images.labels.truncate(count);
    }
    data
}

/// What the learn phase of a run left.
fn learned(whole: &Keeper) -> Learned {
    let is_learned = |phase| phase == Phase::Learn;
    let (points, outcomes) = (whole.points.iter(), whole.outcomes.iter());
    let outcomes: Vec<_> = outcomes.filter(|o| is_learned(o.phase)).cloned().collect();
    Learned {
        run: "earlier".to_owned(),
        points: points.filter(|p| is_learned(p.phase)).cloned().collect(),
        weights: whole.weights[..outcomes.len()].to_vec(),
        outcomes,
    }
}

#[test]
fn a_run_after_what_another_learned_ends_with_the_same_bits() {
    let data = few_digits();
    let (device, store) = (Cpu::new("test"), Store::nowhere());
    // With momentum, and a method that takes back steps of the learn phase.
    for method in ["uniform", "scrub", "amnesiac"] {
        let config = Config {
            epochs: 0.5,
            ..config(method)
        };
        let (whole, ended) = go(&config, &data, None, None);
        ended.unwrap();
        let run = Run::new(&config, &data, &device as &dyn Device, &store).unwrap();
        let mut learned = learned(&whole);
        let mut rest = Keeper::default();
        let underway = run.start_after(&learned).unwrap().unwrap();
        assert_eq!(underway.reused(), Some("earlier"));
        let seconds = run.run(underway, &mut rest).unwrap();
        assert!(!seconds.contains_key("learn"));
        let done = learned.points.len();
        assert_eq!(timeless(&rest.points), timeless(&whole.points[done..]));
        assert!(rest.weights[..] == whole.weights[2..], "{method}");
        // Networks that are not those of the outcomes are not taken.
        learned.weights.swap(0, 1);
        assert!(run.start_after(&learned).unwrap().is_none());
    }
}

#[test]
fn runs_learn_the_same_if_all_that_the_learn_phase_depends_on_is_the_same() {
    let (mut data, usual) = (few_digits(), config("uniform"));
    let (device, store) = (Cpu::new("test"), Store::nowhere());
    let of = |config: &Config, data: &Dataset| {
        let run = Run::new(config, data, &device as &dyn Device, &store).unwrap();
        run.learning()
    };
    let same = of(&usual, &data);
    assert!(same.is_some());
    let changed = |change: &dyn Fn(&mut Config)| {
        let mut config = usual.clone();
        change(&mut config);
        of(&config, &data)
    };
    let others: [&dyn Fn(&mut Config); 5] = [
        &|c| c.method = "salun".to_owned(),
        &|c| c.unlearn_lr = Some(0.01),
        &|c| c.unlearn_epochs = 0.1,
        &|c| c.relearn_epochs = 0.1,
        &|c| c.name = "other".to_owned(),
    ];
    for change in others {
        assert_eq!(changed(change), same);
    }
    let learning: [&dyn Fn(&mut Config); 10] = [
        &|c| c.seed = 2,
        &|c| c.forget = vec![3],
        &|c| c.learners = 3,
        &|c| c.hidden = vec![12],
        &|c| c.batch = 32,
        &|c| c.lr = 0.2,
        &|c| c.momentum = 0.4,
        &|c| c.weight_decay = 0.001,
        &|c| c.epochs = 0.1,
        &|c| c.evaluations = 10,
    ];
    for (number, change) in learning.into_iter().enumerate() {
        assert_ne!(changed(change), same, "{number}");
    }
    assert_eq!(
        changed(&|c| c.from = Some("own.safetensors".to_owned())),
        None
    );
    data.train.pixels[300] ^= 1;
    assert_ne!(of(&usual, &data), same);
}
