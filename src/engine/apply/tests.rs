//! Methods applied to a few small networks: what must move moves, and nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::data::{Dataset, builtin};
use crate::device::{Device, cpu::Cpu};
use crate::engine::{Case, Store, Training};
use crate::methods::{Setting, named};
use crate::metrics::Scope;
use crate::progress::Silent;
use crate::record::DataRecord;

const BUDGET: u32 = 12;
const NETWORKS: u32 = 2;

/// Everything an engine borrows.
struct Bench {
    device: Box<dyn Device>,
    data: Dataset,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let (train, test) = (builtin::train(400), builtin::test(100));
        let record = DataRecord {
            classes: crate::record::Classes::default(),
            name: "some digits".to_owned(),
            sha256: None,
            warning: None,
            train: 400,
            test: 100,
        };
        Self {
            device: Box::new(Cpu::new("test")),
            data: Dataset {
                train: train.into(),
                test: test.into(),
                record,
                source: PathBuf::from("builtin"),
            },
            store: Store::nowhere(),
        }
    }

    fn engine(&self) -> Engine<'_> {
        let training = Training {
            epochs: 2.0,
            lr: 0.1,
            momentum: 0.0,
            decay: 0.0,
            batch: 32,
        };
        let case = Case {
            pick: crate::engine::Pick::Random,
            seed: 1,
            scope: Scope::Digits(vec![5]),
        };
        let network = (&[12, 8][..], training);
        Engine::new(&*self.device, &self.data, network, "", &self.store, case).unwrap()
    }
}

/// Trained networks with these samples, from their first weights, with the sample order of this phase.
fn trained(engine: &Engine<'_>, samples: Vec<u32>, phase: u32, steps: u32) -> Weights {
    let numbers: Vec<u32> = (0..NETWORKS).collect();
    let list = Arc::new(samples);
    let recipe = |n: &u32| engine.recipe(list.clone(), *n, phase);
    let fresh = engine.fresh(&numbers).unwrap();
    let taught = numbers.iter().map(recipe).collect();
    engine.trained(taught, fresh, steps, &mut Silent).unwrap()
}

fn job(name: &str, rate: f64, strength: f64) -> Job {
    Job {
        method: named(name).unwrap(),
        setting: Setting::new(rate, strength),
    }
}

/// The originals, and what becomes of them.
fn applied(engine: &Engine<'_>, jobs: &[Job]) -> (Weights, Vec<Weights>) {
    let steps = engine.training.steps(engine.labels().len());
    let originals = trained(engine, engine.list(true), 0, steps);
    let subject = Subject::new(engine, Rc::new(originals.clone()), 0);
    let results = engine
        .apply(jobs, &subject, BUDGET, "", &mut Silent)
        .unwrap();
    (originals, results)
}

#[test]
fn retraining_is_training_without_what_is_forgotten() {
    let bench = Bench::new();
    let engine = bench.engine();
    let names = [
        "retrain-shorter",
        "do-nothing",
        "retrain",
        "retrain-longer",
        "fine-tune",
    ];
    let jobs = names.map(|name| job(name, 0.1, 0.0));
    let (originals, results) = applied(&engine, &jobs);
    let steps = engine.training.steps(engine.labels().len());
    assert_eq!(steps, 25);
    for (place, steps) in [(0, BUDGET), (2, steps), (3, steps + BUDGET)] {
        let expected = trained(&engine, engine.list(false), 1, steps);
        assert!(results[place] == expected, "{}", names[place]);
    }
    assert!(results[1] == originals);
    // Beside longer ones, a method still has its budget only, and its own result.
    let (_, alone) = applied(&engine, &jobs[4..]);
    assert!(results[4] == alone[0] && alone[0] != originals);
}

/// The places of a network's parameters in these layers that moved.
fn moved(engine: &Engine<'_>, before: &[f32], after: &[f32], layer: usize) -> usize {
    let layers = engine.model.layers();
    let start = layers[layer].weights as usize;
    let end = layers
        .get(layer + 1)
        .map_or(engine.size(), |l| l.weights as usize);
    let networks = before
        .chunks_exact(engine.size())
        .zip(after.chunks_exact(engine.size()));
    let count = |(b, a): (&[f32], &[f32])| {
        let pairs = b[start..end].iter().zip(&a[start..end]);
        pairs.filter(|(b, a)| b.to_bits() != a.to_bits()).count()
    };
    networks.map(count).sum()
}

#[test]
fn frozen_layers_stay_as_they_are() {
    let bench = Bench::new();
    let engine = bench.engine();
    let jobs = [
        job("cf-k", 0.1, 1.0),
        job("eu-k", 0.1, 2.0),
        job("cf-k", 0.1, 3.0),
        job("fine-tune", 0.1, 0.0),
        job("newton", 0.0, 1e-3),
    ];
    let (originals, results) = applied(&engine, &jobs);
    let moves = |result: &Weights| [0, 1, 2].map(|l| moved(&engine, &originals, result, l) > 40);
    assert_eq!(moves(&results[0]), [false, false, true]);
    assert_eq!(moves(&results[1]), [false, true, true]);
    assert_eq!(moves(&results[4]), [false, false, true]);
    for (result, layers) in [(0, 2), (1, 1), (4, 2)] {
        let frozen = (0..layers).map(|l| moved(&engine, &originals, &results[result], l));
        assert_eq!(frozen.sum::<usize>(), 0);
    }
    // With all layers it is fine-tuning, to the bit.
    assert!(results[2] == results[3]);
    // From fresh weights, without a step: what EU-k begins with.
    let fresh = engine.fresh(&[0, 1]).unwrap();
    let subject = Subject::new(&engine, Rc::new(originals.clone()), 0);
    let begun = engine
        .apply(&jobs[1..2], &subject, 0, "", &mut Silent)
        .unwrap();
    assert_eq!(
        moved(&engine, &fresh, &begun[0], 1) + moved(&engine, &fresh, &begun[0], 2),
        0
    );
    assert_eq!(moved(&engine, &originals, &begun[0], 0), 0);
}

/// Fresh weights for a share of each hidden matrix, and tenths of steps for the others.
#[test]
fn msg_renews_a_share_and_slows_the_others() {
    let bench = Bench::new();
    let engine = bench.engine();
    let msg = [job("msg", 0.1, 0.25)];
    let (originals, _) = applied(&engine, &[]);
    let subject = Subject::new(&engine, Rc::new(originals.clone()), 0);
    let after = |budget| {
        engine
            .apply(&msg, &subject, budget, "", &mut Silent)
            .unwrap()
            .remove(0)
    };
    let (begun, one) = (after(0), after(1));
    let renewed = [0, 1, 2].map(|layer| moved(&engine, &originals, &begun, layer));
    assert_eq!(renewed, [2 * 784 * 12 / 4, 2 * 12 * 8 / 4, 0]);
    // One step of plain training from there, of which the others take a tenth.
    let recipes = subject.task.keys.iter();
    let list = Arc::new(engine.list(false));
    let recipes = recipes.map(|key| Recipe::plain(list.clone(), *key, 0.1));
    let plain = engine
        .trained(recipes.collect(), begun.clone(), 1, &mut Silent)
        .unwrap();
    let layer = engine.model.layers()[0];
    let mut slow = 0;
    for at in (layer.weights..layer.biases).map(|at| at as usize) {
        let (step, full) = (one[at] - begun[at], plain[at] - begun[at]);
        let fraction = if begun[at] == originals[at] { 0.1 } else { 1.0 };
        assert!(
            (step - fraction * full).abs() < 1e-6,
            "{at}: {step} of {full}"
        );
        slow += usize::from(fraction < 1.0 && full.abs() > 1e-4);
    }
    assert!(slow > 500, "{slow}");
    let bias = layer.biases as usize;
    assert!(one[bias..bias + 12] == plain[bias..bias + 12]);
}

/// What is left of forgotten digits in the last layer, and of a class that was there for a while.
#[test]
fn rows_of_the_last_layer_go_and_come() {
    let bench = Bench::new();
    let engine = bench.engine();
    let jobs = [
        job("zero-logit", 0.0, 0.0),
        job("fisher", 0.0, 1e-9),
        job("boundary-expand", 0.1, 0.0),
    ];
    let (originals, results) = applied(&engine, &jobs);
    let last = engine.model.layers()[2];
    let row = |weights: &Weights, network: usize, row: u32| -> Vec<f32> {
        let own = &weights[network * engine.size()..];
        let start = (last.weights + row * last.padded_inputs) as usize;
        let bias = own[(last.biases + row) as usize];
        own[start..start + 8]
            .iter()
            .copied()
            .chain([bias])
            .collect()
    };
    for network in 0..NETWORKS as usize {
        let silent = row(&results[0], network, 5);
        assert!(silent[..8].iter().all(|w| *w == 0.0) && silent[8] == -1.0);
        assert_eq!(row(&results[0], network, 4), row(&originals, network, 4));
        // A standard deviation of √10⁻³, and nothing of what was there.
        let noise = row(&results[1], network, 5);
        assert!(
            noise.iter().all(|n| *n != 0.0 && n.abs() < 0.13),
            "{noise:?}"
        );
        let near = row(&results[1], network, 4);
        let far = near
            .iter()
            .zip(row(&originals, network, 4))
            .map(|(a, b)| (a - b).abs());
        assert!(far.fold(0.0, f32::max) < 0.01);
        for padding in [10, 11] {
            assert_eq!(row(&results[2], network, padding), [0.0; 9]);
        }
    }
    assert!(moved(&engine, &originals, &results[2], 0) > 100);
}

/// Against the loss, evaluated before and after: a Newton step lowers it, an influence step raises that
/// of what is to be forgotten more than that of the others.
#[test]
fn steps_without_training_go_where_they_should() {
    let bench = Bench::new();
    let engine = bench.engine();
    let jobs = [job("newton", 0.0, 1e-2), job("influence", 0.0, 20.0)];
    let (originals, results) = applied(&engine, &jobs);
    let loss = |weights: &Weights, forget: bool| {
        let images = engine.images(forget);
        let layers = engine
            .holding(weights)
            .unwrap()
            .activations(&engine.train, &images, 2);
        let logits = layers.unwrap().remove(0);
        let rows = logits.chunks_exact(12).zip(images.iter().cycle());
        let each = rows.map(|(z, &image)| {
            let total: f32 = z[..10].iter().map(|z| z.exp()).sum();
            f64::from(total.ln() - z[usize::from(engine.labels()[image as usize])])
        });
        each.sum::<f64>() / f64::from(NETWORKS) / images.len() as f64
    };
    let before = [true, false].map(|forget| loss(&originals, forget));
    let newton = loss(&results[0], false);
    assert!(newton < 0.9 * before[1], "{newton} {before:?}");
    let influence = [true, false].map(|forget| loss(&results[1], forget));
    let raised = [influence[0] - before[0], influence[1] - before[1]];
    assert!(raised[0] > 0.1 && raised[0] > 3.0 * raised[1], "{raised:?}");
}
