//! Methods against their rules: what learners are taught, and what a step of it does to weights.

use std::sync::Arc;

use unlearn::data::Images;
use unlearn::device;
use unlearn::kernels::{FORGET, INDEX, SOFT, other_label};
use unlearn::methods::{self, By, Factors, Lazy, PADDED, Setting, Stage, Task, unsir};
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};
use unlearn::random::threefry2x32;

const IMAGES: u32 = 40;

/// Random images; every fourth one is a 5.
fn images() -> Images {
    let pixel = |i| threefry2x32([1, 2], [i, 0])[0].to_le_bytes()[0];
    let label = |i: u32| {
        if i.is_multiple_of(4) {
            5
        } else {
            (i % 5).to_le_bytes()[0]
        }
    };
    Images {
        pixels: (0..IMAGES * 784).map(pixel).collect(),
        labels: (0..IMAGES).map(label).collect(),
    }
}

/// Outputs that are different for every image, and sum to one.
fn outputs(seed: u32) -> Arc<Vec<f32>> {
    let mut all = Vec::new();
    for image in 0..IMAGES {
        let raw: Vec<f32> = (0..10)
            .map(|c| 1.0 + (threefry2x32([seed, image], [c, 0])[0] % 100) as f32)
            .collect();
        let total: f32 = raw.iter().sum();
        all.extend(raw.iter().map(|p| p / total));
        all.extend([0.0; PADDED - 10]);
    }
    Arc::new(all)
}

fn task(labels: &[u8]) -> Task<'_> {
    let of = |five: bool| {
        (0..IMAGES)
            .filter(|&i| (labels[i as usize] == 5) == five)
            .collect()
    };
    Task {
        labels,
        forget: of(true),
        retain: of(false),
        digits: vec![5],
        classes: 10,
        originals: Lazy::new(|| Ok(vec![outputs(7), outputs(8)])),
        fresh: Lazy::new(|| Ok(vec![outputs(9), outputs(10)])),
        nearest: Lazy::new(|| {
            Ok(vec![
                Arc::new(vec![3; 10]),
                Arc::new((0..10).rev().collect()),
            ])
        }),
        keys: vec![[1, 1], [2, 2]],
        numbers: vec![0, 1],
        steps: 30,
        rate: 0.2,
        momentum: 0.5,
        decay: 0.25,
    }
}

fn taught(name: &str, strength: f64) -> Vec<Vec<Recipe>> {
    let images = images();
    let task = task(&images.labels);
    let setting = Setting {
        rate: 0.1,
        strength,
    };
    let stages = methods::named(name)
        .unwrap()
        .stages(&task, setting)
        .unwrap();
    let trained = stages.into_iter().filter_map(|stage| match stage {
        Stage::Train(_, taught) | Stage::TrainBy(_, _, taught) | Stage::TrainAnew(_, taught) => {
            Some(taught)
        }
        _ => None,
    });
    trained.collect()
}

/// Weights before and after one step over all samples of a recipe.
fn step(recipe: &Recipe) -> (Vec<f32>, Vec<f32>) {
    let device = device::open("cpu").unwrap();
    let images = images();
    let on_device = DeviceImages::upload(&*device, &images).unwrap();
    let model = Model::new(&[8]).unwrap();
    let recipes = [recipe.clone()];
    let batch = recipe.samples.len();
    let population =
        Population::new(&*device, &model, batch, &on_device, &on_device, &recipes).unwrap();
    population.initialise(&[[4, 4]]).unwrap();
    let before = population.parameters().unwrap();
    population.train(1, &mut |_| {}).unwrap();
    (before, population.parameters().unwrap())
}

fn moved(recipe: &Recipe) -> Vec<f64> {
    let (before, after) = step(recipe);
    let pairs = after.iter().zip(&before);
    pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)).collect()
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a, v| a.max(v.abs()))
}

#[test]
fn ascent_is_descent_backwards() {
    let ascent = &taught("gradient-ascent", 0.0)[0][0];
    let descent = Recipe {
        weights: [1.0, 1.0],
        ..ascent.clone()
    };
    let (up, down) = (moved(ascent), moved(&descent));
    let apart = largest(up.iter().zip(&down).map(|(u, d)| u + d));
    assert!(largest(up.iter().copied()) > 1e-3);
    assert!(apart < 1e-6, "{apart}");
}

#[test]
fn neggrad_plus_with_alpha_one_is_fine_tuning() {
    let (plus, tune) = (
        &taught("neggrad-plus", 1.0)[0][0],
        &taught("fine-tune", 0.0)[0][0],
    );
    assert_eq!(plus.samples.len(), 2 * tune.samples.len());
    let (a, b) = (moved(plus), moved(tune));
    let apart = largest(a.iter().zip(&b).map(|(a, b)| a - b));
    assert!(largest(b.iter().copied()) > 1e-3);
    assert!(apart < 1e-6, "{apart}");
    // With another α it is not.
    let other = moved(&taught("neggrad-plus", 0.5)[0][0]);
    assert!(largest(other.iter().zip(&b).map(|(a, b)| a - b)) > 1e-3);
}

/// The authors' loop: a round of ascent on the forget samples before one of descent on the others, for
/// the first m rounds, then descent only.
#[test]
fn scrub_takes_turns() {
    let images = images();
    let task = task(&images.labels);
    let method = methods::named("scrub").unwrap();
    let stages = method.stages(&task, Setting::new(0.1, 0.25)).unwrap();
    assert_eq!(stages.len(), 7);
    let forgets = |image: u32| images.labels[(image & INDEX) as usize] == 5;
    let mut total = 0.0;
    for (place, stage) in stages.iter().enumerate() {
        let Stage::Train(share, recipes) = stage else {
            panic!("{stage:?}");
        };
        let recipe = &recipes[0];
        let ascends = place % 2 == 0 && place < 6;
        assert!(
            recipe
                .samples
                .iter()
                .all(|&i| forgets(i) == ascends && i & SOFT != 0)
        );
        let bits = if ascends { FORGET } else { 0 };
        assert!(recipe.samples.iter().all(|i| i & FORGET == bits));
        assert_eq!(
            recipe.weights,
            if ascends { [1.0, -0.25] } else { [1.5, 1.0] }
        );
        // A quarter of the images are to be forgotten, and a tenth of the budget is a round.
        let expected = match (ascends, place) {
            (true, _) => 0.025,
            (false, 6) => 0.7,
            (false, _) => 0.075,
        };
        assert!((share - expected).abs() < 1e-12, "{place}: {share}");
        total += share;
    }
    assert!((total - 1.0).abs() < 1e-12);
}

/// Code is in circulation that hands the teacher's parameters to the optimiser: the student never moves.
#[test]
fn scrub_moves_the_student_and_never_the_teacher() {
    let stages = taught("scrub", 0.25);
    for recipes in &stages {
        assert!(largest(moved(&recipes[0]).into_iter()) > 1e-4);
    }
    // The teacher is a table that was made before, each learner's own.
    let (first, second) = (&stages[0][0], &stages[1][0]);
    let table = |recipe: &Recipe| recipe.table.clone().unwrap();
    assert_eq!(table(first), table(second));
    assert_ne!(table(&stages[0][0]), table(&stages[0][1]));
    let images = images();
    let task = task(&images.labels);
    let original = &task.originals.get().unwrap()[0];
    for image in 0..IMAGES {
        let label = images.labels[image as usize];
        for class in 0..10u8 {
            let at = image as usize * PADDED + usize::from(class);
            let hot = f32::from(u8::from(class == label));
            let expected = match label {
                5 => original[at],
                _ => (hot + 0.5 * original[at]) / 1.5,
            };
            assert!((table(first)[at] - expected).abs() < 1e-6);
        }
    }
}

/// Targets of DELETE by hand: the original's other classes in their proportions.
#[test]
fn delete_removes_the_true_class_from_the_original() {
    let mut row = [0.1, 0.6, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    methods::delete::remove(&mut row, 1);
    let expected = [0.25, 0.0, 0.5, 0.25];
    assert!(
        row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
        "{row:?}"
    );
    assert!(row[4..].iter().all(|p| *p == 0.0));
    // As the softmax of the logits without that one: probabilities are exp(z) to a factor.
    let images = images();
    let task = task(&images.labels);
    let recipes = &taught("delete", 0.0)[0];
    for (recipe, original) in recipes.iter().zip(task.originals.get().unwrap()) {
        let samples: Vec<u32> = recipe.samples.iter().map(|i| i & INDEX).collect();
        assert_eq!(samples, task.forget);
        let table = recipe.table.as_ref().unwrap();
        for &image in &samples {
            let row = image as usize * PADDED..image as usize * PADDED + 10;
            let others: f32 = 1.0 - original[row.start + 5];
            for (class, at) in row.enumerate() {
                let expected = if class == 5 {
                    0.0
                } else {
                    original[at] / others
                };
                assert!((table[at] - expected).abs() < 1e-5);
            }
        }
    }
}

/// Ascent that fades along a half cosine, in turn with descent, a step to five.
#[test]
fn sfron_ascends_less_and_less() {
    let images = images();
    let task = task(&images.labels);
    let method = methods::named("sfron").unwrap();
    let stages = method.stages(&task, Setting::new(0.1, 0.5)).unwrap();
    let mut ascents = Vec::new();
    let mut shares = [0.0; 2];
    for stage in &stages {
        match stage {
            Stage::TrainBy(By::Scaled(Factors::Specific), share, recipes) => {
                ascents.push(recipes[0].weights[1]);
                assert!(recipes[0].samples.iter().all(|i| i & FORGET != 0));
                shares[0] += share;
            }
            Stage::Train(share, recipes) => {
                assert_eq!(*recipes[0].samples, task.retain);
                shares[1] += share;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((shares[0] + shares[1] - 1.0).abs() < 1e-12);
    assert!((shares[1] / shares[0] - 5.0).abs() < 1e-9);
    assert_eq!(ascents.len(), 8);
    // α at first, half of it in the middle.
    assert!(
        (ascents[0] + 0.5).abs() < 1e-6 && (ascents[4] + 0.25).abs() < 1e-6,
        "{ascents:?}"
    );
    assert!(ascents.windows(2).all(|w| w[0] < w[1]));
}

/// Controls: how long they train, from where, and on what.
#[test]
fn retraining_begins_anew() {
    let images = images();
    let task = task(&images.labels);
    for (name, shares) in [
        ("retrain", (true, 0.0)),
        ("retrain-longer", (true, 1.0)),
        ("retrain-shorter", (false, 1.0)),
    ] {
        let method = methods::named(name).unwrap();
        let stages = method.stages(&task, method.usual()).unwrap();
        let (long, share, recipes) = match &stages[..] {
            [
                Stage::Reinitialise(usize::MAX),
                Stage::TrainAnew(share, recipes),
            ] => (true, *share, recipes),
            [
                Stage::Reinitialise(usize::MAX),
                Stage::Train(share, recipes),
            ] => (false, *share, recipes),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!((long, share), shares, "{name}");
        assert_eq!(*recipes[0].samples, task.retain);
        assert_eq!(recipes[0].key, task.keys[0]);
        let own = (recipes[0].rate, recipes[0].momentum, recipes[0].decay);
        assert_eq!(own, (0.2, 0.5, 0.25), "{name}");
        assert!(method.is_reference());
    }
    let steps = |name| methods::named(name).unwrap().steps(7, 30);
    let known = [
        "retrain",
        "retrain-longer",
        "retrain-shorter",
        "do-nothing",
        "ssd",
        "scrub",
    ];
    assert_eq!(known.map(steps), [30, 37, 7, 0, 0, 7]);
    let nothing = methods::named("do-nothing").unwrap();
    assert!(nothing.stages(&task, nothing.usual()).unwrap().is_empty());
}

/// The class more is none of the digits, and does not outlive the training.
#[test]
fn boundary_expand_teaches_a_class_that_goes_away() {
    let images = images();
    let task = task(&images.labels);
    let method = methods::named("boundary-expand").unwrap();
    let stages = method.stages(&task, method.usual()).unwrap();
    let [
        Stage::Widen,
        Stage::TrainBy(By::Widened, _, recipes),
        Stage::Narrow,
    ] = &stages[..]
    else {
        panic!("{stages:?}");
    };
    assert!(
        recipes[0]
            .samples
            .iter()
            .all(|i| other_label(*i) == Some(10))
    );
}

/// Of four classes, outputs beyond the fourth are never a target, and others are as likely as each other.
#[test]
fn targets_are_among_the_classes_that_there_are() {
    let mut images = images();
    images.labels.iter_mut().for_each(|label| *label %= 4);
    let four = Task {
        forget: (0..IMAGES).filter(|i| i % 4 == 1).collect(),
        retain: (0..IMAGES).filter(|i| i % 4 != 1).collect(),
        classes: 4,
        ..task(&images.labels)
    };
    let setting = Setting::new(0.1, 0.0);
    let recipe = |name: &str| -> Recipe {
        let stages = methods::named(name).unwrap().stages(&four, setting);
        match stages.unwrap().swap_remove(0) {
            Stage::Train(_, mut taught) => taught.swap_remove(0),
            _ => panic!("{name} does not train"),
        }
    };
    let uniform = recipe("uniform").soft_target;
    assert_eq!(uniform[..4], [0.25; 4]);
    assert_eq!(uniform[4..], [0.0; 6]);
    for name in ["random-label", "wrong-label"] {
        let samples = recipe(name).samples;
        let drawn: Vec<_> = samples
            .iter()
            .filter_map(|entry| other_label(*entry))
            .collect();
        assert_eq!(drawn.len(), four.forget.len());
        assert!(drawn.iter().all(|label| *label < 4), "{name}: {drawn:?}");
    }
}

#[test]
fn random_labels_are_spread_and_wrong_labels_are_wrong() {
    let images = images();
    for (name, may_be_right) in [("random-label", true), ("wrong-label", false)] {
        let recipe = &taught(name, 0.0)[0][0];
        let mut seen = std::collections::HashSet::new();
        for entry in recipe.samples.iter() {
            let label = images.labels[(entry & INDEX) as usize];
            match (label, other_label(*entry)) {
                (5, Some(drawn)) => {
                    assert!(drawn < 10 && (may_be_right || drawn != 5), "{name}");
                    seen.insert(drawn);
                }
                (5, None) => panic!("{name} leaves a label alone"),
                (_, other) => assert_eq!(other, None),
            }
        }
        assert!(seen.len() >= 4, "{name} draws {seen:?}");
    }
}

/// All noise as class 0 is a mistake in circulation: a label must come from the sample, not the batch.
#[test]
fn another_label_is_what_the_gradient_goes_to() {
    let recipe = &taught("wrong-label", 0.0)[0][0];
    let only = |entry: u32| Recipe {
        samples: Arc::new(vec![entry]),
        ..recipe.clone()
    };
    let entry = *recipe
        .samples
        .iter()
        .find(|e| other_label(**e).is_some())
        .unwrap();
    let drawn = other_label(entry).unwrap();
    let with = moved(&only(entry));
    let relabelled = Images {
        labels: vec![u8::try_from(drawn).unwrap(); IMAGES as usize],
        ..images()
    };
    let device = device::open("cpu").unwrap();
    let on_device = DeviceImages::upload(&*device, &relabelled).unwrap();
    let model = Model::new(&[8]).unwrap();
    let plain = only(entry & INDEX);
    let population =
        Population::new(&*device, &model, 1, &on_device, &on_device, &[plain]).unwrap();
    population.initialise(&[[4, 4]]).unwrap();
    let before = population.parameters().unwrap();
    population.train(1, &mut |_| {}).unwrap();
    let after = population.parameters().unwrap();
    let expected = after
        .iter()
        .zip(&before)
        .map(|(a, b)| f64::from(*a) - f64::from(*b));
    assert_eq!(with, expected.collect::<Vec<_>>());
}

#[test]
fn teachers_and_means_are_those_of_the_rules() {
    let images = images();
    let task = task(&images.labels);
    let confusion = &taught("retain-confusion", 0.0)[0][1];
    for class in 0..10 {
        let of =
            |i: &u32| f64::from(task.originals.get().unwrap()[1][*i as usize * PADDED + class]);
        let mean = task.retain.iter().map(of).sum::<f64>() / task.retain.len() as f64;
        assert!((f64::from(confusion.soft_target[class]) - mean).abs() < 1e-6);
    }
    let bad = taught("bad-teacher", 0.0)[0][1].table.clone().unwrap();
    for image in 0..IMAGES {
        let row = image as usize * PADDED..image as usize * PADDED + 10;
        let expected = match images.labels[image as usize] {
            5 => &task.fresh.get().unwrap()[1],
            _ => &task.originals.get().unwrap()[1],
        };
        assert_eq!(bad[row.clone()], expected[row]);
    }
}

#[test]
fn negation_by_nothing_is_the_identity() {
    let images = images();
    let task = task(&images.labels);
    let method = methods::named("task-negation").unwrap();
    let mix = |strength| {
        let stages = method.stages(
            &task,
            Setting {
                rate: 0.1,
                strength,
            },
        );
        let stages = stages.unwrap();
        stages.into_iter().find_map(|stage| match stage {
            Stage::Mix { own, original } => Some((own, original)),
            _ => None,
        })
    };
    let device = device::open("cpu").unwrap();
    let on_device = DeviceImages::upload(&*device, &images).unwrap();
    let model = Model::new(&[8]).unwrap();
    let recipe = taught("fine-tune", 0.0)[0][0].clone();
    let population =
        Population::new(&*device, &model, 8, &on_device, &on_device, &[recipe]).unwrap();
    population.initialise(&[[4, 4]]).unwrap();
    let trained = population.parameters().unwrap();
    let original: Vec<f32> = trained.iter().map(|w| w * 0.5 + 0.25).collect();
    let (own, other) = mix(0.0).unwrap();
    population.mix(own, &original, other).unwrap();
    assert_eq!(population.parameters().unwrap(), original);
    // θ₀ − 1·(θ − θ₀) = 2 θ₀ − θ.
    population.set_parameters(&trained).unwrap();
    let (own, other) = mix(1.0).unwrap();
    population.mix(own, &original, other).unwrap();
    for ((got, o), t) in population
        .parameters()
        .unwrap()
        .iter()
        .zip(&original)
        .zip(&trained)
    {
        assert!((got - (2.0 * o - t)).abs() < 1e-6);
    }
}

/// What is drawn at random is drawn for each learner.
#[test]
fn learners_draw_labels_of_their_own() {
    let recipes = &taught("random-label", 0.0)[0];
    assert_ne!(recipes[0].samples, recipes[1].samples);
}

#[test]
fn the_nearest_wrong_label_is_what_boundary_shrink_teaches() {
    let recipes = &taught("boundary-shrink", 0.0)[0];
    let labels = |learner: usize| -> Vec<u32> {
        let entries = recipes[learner].samples.iter();
        entries.map(|e| other_label(*e).unwrap()).collect()
    };
    assert_eq!(labels(0), [3; 10]);
    assert_eq!(labels(1), (0..10).rev().collect::<Vec<_>>());
    let images = images();
    let mut taught = recipes[0].samples.iter().map(|e| e & INDEX);
    assert!(taught.all(|i| images.labels[i as usize] == 5));
}

/// A notebook in circulation gives all noise the label 0: every digit's noise has its own here.
#[test]
fn noise_has_the_labels_of_the_digits_to_forget() {
    let labels = unsir::labels(&[3, 5]);
    assert_eq!(labels.len(), unsir::NOISE);
    for digit in [3, 5] {
        let own = labels.iter().filter(|l| **l == digit).count();
        assert_eq!(own, unsir::NOISE / 2);
    }
    let entries = unsir::entries(&labels);
    let climbed: Vec<u32> = entries.iter().map(|e| other_label(*e).unwrap()).collect();
    let labels: Vec<u32> = labels.into_iter().map(u32::from).collect();
    assert_eq!(climbed, labels);
    // A learner sees its own noise, and no other's.
    let recipes = &taught("unsir", 0.0)[0];
    for (learner, recipe) in recipes.iter().enumerate() {
        let own: Vec<u32> = (IMAGES..)
            .skip(learner * unsir::NOISE)
            .take(unsir::NOISE)
            .collect();
        let noise = recipe.samples.iter().filter(|i| **i >= IMAGES);
        let noise: Vec<u32> = noise.copied().collect();
        assert!(!noise.is_empty());
        assert!(noise.iter().all(|i| own.contains(i)));
    }
    assert_eq!(unsir::bytes(&[0.0, 1.0, 0.5]), [0, 255, 128]);
}

/// A projection needs gradients where it finds them: learners in pairs that do not move by themselves.
#[test]
fn purge_teaches_pairs() {
    let pairs = &taught("purge", 0.0)[0];
    assert_eq!(pairs.len(), 4);
    let images = images();
    for (place, recipe) in pairs.iter().enumerate() {
        let forgets = place % 2 == 0;
        let mut labels = recipe
            .samples
            .iter()
            .map(|e| images.labels[(e & INDEX) as usize]);
        assert!(labels.all(|label| (label == 5) == forgets));
        assert_eq!((recipe.rate, recipe.momentum), (0.0, 1.0));
        assert_eq!(recipe.strength > 0.0, forgets);
    }
}

#[test]
fn amnesia_comes_before_the_repair() {
    let images = images();
    let task = task(&images.labels);
    let setting = Setting {
        rate: 0.1,
        strength: 0.0,
    };
    let stages = methods::named("amnesiac")
        .unwrap()
        .stages(&task, setting)
        .unwrap();
    assert!(matches!(stages[..], [Stage::Undo, Stage::Train(..)]));
}

/// A run trains on with all images in their order, the forgotten ones towards the uniform distribution,
/// and with the momentum and decay of its training.
#[test]
fn the_protected_uniform_target_goes_on_as_training_did() {
    let recipe = &taught("uniform", 0.0)[0][0];
    let order: Vec<u32> = recipe.samples.iter().map(|entry| entry & INDEX).collect();
    assert_eq!(order, (0..IMAGES).collect::<Vec<_>>());
    let images = images();
    for (entry, label) in recipe.samples.iter().zip(&images.labels) {
        assert_eq!(entry & SOFT != 0, *label == 5);
    }
    assert_eq!((recipe.momentum, recipe.decay), (0.5, 0.25));
    let alone = &taught("uniform-alone", 0.0)[0][0];
    assert_eq!(alone.samples.len(), 10);
    assert_eq!((alone.momentum, alone.decay), (0.0, 0.0));
}
