//! Training as a whole: as in plain f64 loops, the same twice, and good enough.

mod common;

use std::sync::Arc;
use std::time::Instant;

use common::{Keeper, devices};
use unlearn::check::training::{Reference, Task, compare, compare_as};
use unlearn::config::Config;
use unlearn::data::{Dataset, builtin};
use unlearn::device::{Device, cpu::Cpu};
use unlearn::engine::Store;
use unlearn::error::{Error, Result};
use unlearn::kernels::{INDEX, SOFT};
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::random::{Purpose, learner_key};
use unlearn::record::{Arm, DataRecord, Figures, Outcome, Phase};
use unlearn::run::Run;

fn dataset(train: usize, test: usize) -> Dataset {
    Dataset {
        train: builtin::train(train).into(),
        test: builtin::test(test).into(),
        record: DataRecord {
            classes: unlearn::record::Classes::default(),
            name: "built-in digits".to_owned(),
            sha256: None,
            warning: None,
            train,
            test,
        },
        source: "builtin".into(),
    }
}

/// Parameters of three learners of the default network after 30 steps.
fn trained(device: &dyn Device, seed: u64) -> Vec<f32> {
    let data = dataset(1000, 10);
    let model = Model::new(&[128, 64]).unwrap();
    let images = DeviceImages::upload(device, &data.train).unwrap();
    let samples = Arc::new(
        (0..1000)
            .map(|i| if i % 10 == 0 { i | SOFT } else { i })
            .collect(),
    );
    let recipe = |learner: u32| Recipe {
        samples: Arc::clone(&samples),
        key: learner_key(seed, learner, Purpose::Order(0)),
        soft_target: [0.1; 10],
        table: None,
        weights: [1.0; 2],
        rate: 0.1,
        momentum: 0.5 * learner as f32 / 2.0,
        decay: 0.0001 * learner as f32,
        strength: 0.0,
    };
    let taught: Vec<_> = (0..3).map(recipe).collect();
    let population = Population::new(device, &model, 64, &images, &images, &taught).unwrap();
    let keys: Vec<_> = (0..3)
        .map(|l| learner_key(seed, l, Purpose::Weights))
        .collect();
    population.initialise(&keys).unwrap();
    population.train(30, &mut |_| {}).unwrap();
    population.parameters().unwrap()
}

/// The score of three learners with these parameters, in a population that has no others before.
fn score_of(device: &dyn Device, images: &DeviceImages, parameters: &[f32]) -> String {
    let population = a_few(device, images);
    population.set_parameters(parameters).unwrap();
    format!("{:?}", population.evaluate().unwrap())
}

fn a_few<'a>(device: &'a dyn Device, images: &DeviceImages) -> Population<'a> {
    let samples: Arc<Vec<u32>> = Arc::new((0..100).collect());
    let recipe = |l| {
        Recipe::plain(
            Arc::clone(&samples),
            learner_key(1, l, Purpose::Order(0)),
            0.1,
        )
    };
    let taught: Vec<_> = (0..3).map(recipe).collect();
    let model = Model::new(&[128, 64]).unwrap();
    Population::new(device, &model, 10, images, images, &taught).unwrap()
}

/// Software adapters read parameters through mirrors, which are renewed only after a change.
#[test]
fn evaluations_see_what_was_uploaded_and_trained_since_the_last_one() {
    for (name, device) in devices_and_cpu() {
        let device = device.as_ref();
        let images = DeviceImages::upload(device, &builtin::train(100).into()).unwrap();
        let population = a_few(device, &images);
        let mut seen = Vec::new();
        let mut look = |population: &Population| {
            let score = format!("{:?}", population.evaluate().unwrap());
            let parameters = population.parameters().unwrap();
            assert_eq!(score, score_of(device, &images, &parameters), "{name}");
            assert!(!seen.contains(&score), "{name}: nothing changed");
            seen.push(score);
        };
        for seed in [1, 2] {
            let keys: Vec<_> = (0..3)
                .map(|l| learner_key(seed, l, Purpose::Weights))
                .collect();
            population.initialise(&keys).unwrap();
            look(&population);
            let mut other = population.parameters().unwrap();
            other.iter_mut().for_each(|w| *w *= -0.5);
            population.set_parameters(&other).unwrap();
            look(&population);
            population.train(2, &mut |_| {}).unwrap();
            look(&population);
        }
    }
}

/// Every adapter and the CPU.
fn devices_and_cpu() -> Vec<(String, Box<dyn Device>)> {
    let mut devices = devices();
    devices.push(("CPU".to_owned(), Box::new(Cpu::new("test"))));
    devices
}

/// Distances must lie well within the tolerance, but not so far that it would let anything pass.
#[test]
fn training_agrees_with_plain_f64_loops() {
    let now = Instant::now();
    let references = Task::all().unwrap().map(Reference::new);
    println!("reference: {:.1?}", now.elapsed());
    for (name, device) in devices_and_cpu() {
        let now = Instant::now();
        for reference in &references {
            for agreement in compare(device.as_ref(), reference).unwrap() {
                println!("{name}: {agreement}, share {:.3}", agreement.share());
                assert!(agreement.agrees(), "{name}: {agreement:?}");
                let within = 1e-3..0.5;
                assert!(within.contains(&agreement.share()), "{name}: {agreement:?}");
            }
        }
        println!("{name}: {:.1?}", now.elapsed());
    }
}

/// A slightly wrong way of training, and the numbers of steps after which it must be found.
type Mutant = (&'static str, fn(&mut Recipe, f32), &'static [u32]);

/// A mean over one row more is a gradient smaller by rows/(rows + 1); the decay is not.
const MUTANTS: [Mutant; 6] = [
    ("rate 0.1001 for 0.1", |c, _| c.rate *= 1.001, &[1, 10, 200]),
    // The first step has no velocity to keep.
    (
        "momentum 0.899 for 0.9",
        |c, _| c.momentum *= 0.899 / 0.9,
        &[10, 200],
    ),
    ("no decay", |c, _| c.decay = 0.0, &[1, 10, 200]),
    (
        "a mean over rows + 1",
        |c, rows| {
            c.rate *= rows / (rows + 1.0);
            c.decay *= (rows + 1.0) / rows;
        },
        &[1, 10, 200],
    ),
    (
        "soft targets ignored",
        |c, _| c.samples = Arc::new(c.samples.iter().map(|s| s & INDEX).collect()),
        &[1, 10, 200],
    ),
    ("another order", |c, _| c.key[0] ^= 1, &[1, 10, 200]),
];

#[test]
fn training_that_is_slightly_wrong_does_not_agree() {
    let references = Task::all().unwrap().map(Reference::new);
    for (name, device) in devices_and_cpu() {
        for (mutant, change, found) in MUTANTS {
            for reference in &references {
                let mut task = reference.task().clone();
                let rows = task.batch as f32;
                task.learners.iter_mut().for_each(|c| change(c, rows));
                for agreement in compare_as(device.as_ref(), reference, &task).unwrap() {
                    println!("{name}, {mutant}: {agreement}");
                    let found = found.contains(&agreement.steps);
                    assert_eq!(
                        !agreement.agrees(),
                        found,
                        "{name}, {mutant}: {agreement:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    for (name, device) in devices_and_cpu() {
        let run = |seed| -> Vec<u32> {
            let parameters = trained(device.as_ref(), seed);
            parameters.into_iter().map(f32::to_bits).collect()
        };
        let first = run(1);
        assert!(first == run(1), "{name}");
        assert!(first != run(2), "{name}: the seed changes nothing");
    }
}

/// Three learners on two threads: two of them are a task each, the third is divided. On more
/// threads all are divided, on one none is.
#[test]
fn on_the_cpu_neither_threads_nor_companions_change_a_bit() {
    let run = |threads| trained(&Cpu::with_threads("test", threads), 1);
    let one = run(1);
    for threads in [2, 3, 5, 16] {
        let same = one
            .iter()
            .zip(run(threads))
            .all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{threads} threads");
    }
}

/// An adapter may work on copies of buffers: new weights from the host must reach them.
#[test]
fn weights_that_the_host_replaces_are_used() {
    let data = dataset(100, 50);
    let model = Model::new(&[12, 8]).unwrap();
    for (name, device) in devices() {
        let device = device.as_ref();
        let images = DeviceImages::upload(device, &data.train).unwrap();
        let taught = [Recipe {
            samples: Arc::new((0..100).collect()),
            key: [1, 2],
            soft_target: [0.1; 10],
            table: None,
            weights: [1.0; 2],
            rate: 0.1,
            momentum: 0.0,
            decay: 0.0,
            strength: 0.0,
        }];
        let population = Population::new(device, &model, 20, &images, &images, &taught).unwrap();
        population.initialise(&[[3, 4]]).unwrap();
        let fresh = population.evaluate().unwrap();
        population.train(20, &mut |_| {}).unwrap();
        let trained = population.evaluate().unwrap();
        assert!(fresh != trained, "{name}");
        let none = vec![0.0; model.parameters() as usize];
        population.set_parameters(&none).unwrap();
        let empty = population.evaluate().unwrap();
        assert!(
            empty[0].confidence.iter().all(|c| (c - 0.1).abs() < 1e-4),
            "{name}: {empty:?}"
        );
        population.train(1, &mut |_| {}).unwrap();
        let moved = population.parameters().unwrap();
        let largest = moved.iter().fold(0.0f32, |a, w| a.max(w.abs()));
        assert!(largest > 0.0 && largest < 0.1, "{name}: {largest}");
    }
}

fn figures(run: &Keeper, phase: Phase, arm: Arm) -> &Figures {
    let at = |o: &&Outcome| o.phase == phase && o.arm == arm;
    &run.outcomes.iter().find(at).unwrap().figures
}

fn experiment(device: &dyn Device, config: &Config, data: &Dataset) -> Result<Keeper> {
    let mut keeper = Keeper::default();
    let store = Store::nowhere();
    let run = Run::new(config, data, device, &store)?;
    run.run(run.start(None)?, &mut keeper)?;
    Ok(keeper)
}

fn small() -> Config {
    Config {
        learners: 2,
        hidden: vec![32, 16],
        epochs: 5.0,
        evaluations: 1,
        ..Config::default()
    }
}

/// Accuracies that a small run on 5,000 built-in digits reached with room to spare, on both
/// devices, which must agree within a point.
#[test]
fn learning_unlearning_and_relearning_work_on_the_builtin_digits() {
    let data = dataset(5000, 2000);
    let cpu = experiment(&Cpu::new("test"), &small(), &data).unwrap();
    check_accuracies("CPU", &cpu);
    for (name, device) in devices() {
        let gpu = experiment(device.as_ref(), &small(), &data).unwrap();
        check_accuracies(&name, &gpu);
        for (ours, theirs) in gpu.outcomes.iter().zip(&cpu.outcomes) {
            let (a, b) = (&ours.figures, &theirs.figures);
            for (a, b) in [
                (&a.test_accuracy, &b.test_accuracy),
                (&a.forget_accuracy, &b.forget_accuracy),
                (&a.retain_accuracy, &b.retain_accuracy),
            ] {
                let apart = (a.mean - b.mean).abs();
                assert!(
                    apart <= 0.01,
                    "{name} {:?} {:?}: {apart}",
                    ours.phase,
                    ours.arm
                );
            }
        }
    }
}

fn check_accuracies(name: &str, run: &Keeper) {
    let learned = figures(run, Phase::Learn, Arm::Original);
    let never = figures(run, Phase::Learn, Arm::Retrained);
    let unlearned = figures(run, Phase::Unlearn, Arm::Unlearned);
    let relearned = figures(run, Phase::Relearn, Arm::Relearned);
    println!("{name}: {learned:?}\n{never:?}\n{unlearned:?}\n{relearned:?}");
    assert!(learned.test_accuracy.mean > 0.88, "{name}: learn");
    assert!(never.forget_accuracy.mean == 0.0, "{name}: retrained");
    assert!(never.retain_accuracy.mean > 0.88, "{name}: retrained");
    assert!(unlearned.forget_accuracy.mean < 0.3, "{name}: unlearn");
    assert!(unlearned.forget_confidence.mean < 0.5, "{name}: unlearn");
    assert!(unlearned.retain_accuracy.mean > 0.88, "{name}: unlearn");
    assert!(relearned.forget_accuracy.mean > 0.8, "{name}: relearn");
    assert!(relearned.test_accuracy.mean > 0.88, "{name}: relearn");
}

/// Arms are what they say: the unlearned start where the originals stood, and an arm that goes
/// on keeps its weights.
#[test]
fn arms_inherit_the_weights_they_should() {
    let config = Config {
        epochs: 0.2,
        unlearn_epochs: 0.0,
        relearn_epochs: 0.0,
        ..small()
    };
    let run = experiment(&Cpu::new("test"), &config, &dataset(2000, 500)).unwrap();
    let arms: Vec<_> = run.outcomes.iter().map(|o| (o.phase, o.arm)).collect();
    let weights = |phase, arm| &run.weights[arms.iter().position(|&a| a == (phase, arm)).unwrap()];
    let original = weights(Phase::Learn, Arm::Original);
    let retrained = weights(Phase::Learn, Arm::Retrained);
    assert!(original != retrained);
    assert!(original == weights(Phase::Unlearn, Arm::Unlearned));
    assert!(original == weights(Phase::Unlearn, Arm::Original));
    assert!(original == weights(Phase::Relearn, Arm::Relearned));
    assert!(retrained == weights(Phase::Unlearn, Arm::Retrained));
    assert!(retrained == weights(Phase::Relearn, Arm::Retrained));
}

#[test]
fn a_divergence_names_phase_arm_and_step() {
    let data = dataset(2000, 500);
    let wild = Config {
        lr: 1e20,
        unlearn_lr: Some(0.1),
        epochs: 0.5,
        ..small()
    };
    let error = experiment(&Cpu::new("test"), &wild, &data).err().unwrap();
    let Error::Diverged {
        phase: "learn",
        step,
        setting: "--lr",
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert!((1..=10).contains(&step), "{step}");
    let late = Config {
        unlearn_lr: Some(1e20),
        epochs: 0.2,
        ..small()
    };
    let error = experiment(&Cpu::new("test"), &late, &data).err().unwrap();
    assert!(
        matches!(
            error,
            Error::Diverged {
                phase: "unlearn",
                arm: "unlearned",
                setting: "--unlearn-lr",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn protection_is_what_keeps_the_other_digits() {
    let data = dataset(3000, 1000);
    let forms = ["uniform", "uniform-alone"].map(|method| {
        let config = Config {
            method: method.to_owned(),
            unlearn_lr: Some(0.1),
            epochs: 3.0,
            ..small()
        };
        let run = experiment(&Cpu::new("test"), &config, &data).unwrap();
        figures(&run, Phase::Unlearn, Arm::Unlearned)
            .retain_accuracy
            .mean
    });
    assert!(forms[1] < forms[0] - 0.05, "{forms:?}");
}
