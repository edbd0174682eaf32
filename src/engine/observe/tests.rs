use super::*;
use crate::data::{Dataset, builtin};
use crate::device::cpu::Cpu;
use crate::engine::canonical::tests::rescaled;
use crate::engine::{Case, Pick, Store, Training};
use crate::metrics::{self, Form, Metric};
use crate::progress::Silent;
use crate::random::{Purpose, learner_key};
use crate::record::DataRecord;

const HIDDEN: [usize; 2] = [24, 16];
const NETWORKS: usize = 4;

fn digits(train: usize, test: usize) -> Dataset {
    Dataset {
        train: builtin::train(train).into(),
        test: builtin::test(test).into(),
        record: DataRecord {
            classes: crate::record::Classes::default(),
            name: "built-in digits".to_owned(),
            sha256: None,
            warning: None,
            train,
            test,
        },
        source: "builtin".into(),
    }
}

/// Runs a test with an engine on a few digits that forgets this.
fn with_engine(scope: Scope, test: impl FnOnce(&Engine<'_>)) {
    let (data, device, store) = (digits(1500, 600), Cpu::new("test"), Store::nowhere());
    let training = Training {
        epochs: 4.0,
        lr: 0.1,
        momentum: 0.0,
        decay: 0.0,
        batch: 32,
    };
    let pick = Pick::Random;
    let case = Case {
        seed: 1,
        scope,
        pick,
    };
    let network = (&HIDDEN[..], training);
    test(&Engine::new(&device, &data, network, "", &store, case).unwrap());
}

impl Engine<'_> {
    /// Networks trained on all images, or on those to keep.
    fn taught(&self, all: bool) -> Weights {
        let list = std::sync::Arc::new(self.list(all));
        let numbers: Vec<u32> = (0u32..).take(NETWORKS).collect();
        let keys: Vec<[u32; 2]> = numbers
            .iter()
            .map(|n| learner_key(1, *n, Purpose::Weights))
            .collect();
        let recipes = numbers.iter().map(|n| self.recipe(list.clone(), *n, 0));
        let fresh = self.initialised(&keys).unwrap();
        let steps = self.training.steps(list.len());
        self.trained(recipes.collect(), fresh, steps, &mut Silent)
            .unwrap()
    }

    /// All that metrics use of these networks.
    fn seen(&self, weights: &Weights) -> Vec<Observed> {
        let fresh = self.untaught(NETWORKS).unwrap();
        let mut seen = self.observe(weights, &fresh).unwrap();
        let relearned = self.relearn(weights, 0.9, Some(192), &mut Silent).unwrap();
        for (number, network) in seen.iter_mut().enumerate() {
            network.relearning = relearned.of(number);
        }
        seen
    }
}

fn slices(all: &[Vec<f64>]) -> Vec<&[f64]> {
    all.iter().map(Vec::as_slice).collect()
}

/// A metric's values of a group: of each network, of each pair with a network of the reference, or of
/// the group.
fn values(
    metric: &dyn Metric,
    group: &[Observed],
    reference: &[Observed],
    scope: &Scope,
) -> Vec<f64> {
    let features = |networks: &[Observed]| -> Vec<Vec<f64>> {
        networks.iter().map(|o| metric.features(o, scope)).collect()
    };
    let (own, theirs) = (features(group), features(reference));
    match metric.form() {
        Form::Each => own.concat(),
        Form::Pairs(value) => {
            let pair = |a: &Vec<f64>| theirs.iter().map(|b| value(a, b)).collect::<Vec<_>>();
            own.iter().flat_map(pair).collect()
        }
        Form::Twins => {
            let pairs = own.iter().zip(&theirs);
            pairs
                .map(|(a, b)| metrics::layer_distance::relative(a, b))
                .collect()
        }
        Form::Groups { value } => {
            vec![value(&slices(&own), &slices(&theirs))]
        }
    }
}

/// The first hidden layer times 1.05 and the second divided by it is the same function; so is the second
/// times 3 and the last divided by it. Every metric has the same values, of those networks and against
/// them. Relearning starts from weights that differ by roundings.
#[test]
fn rescaled_layers_change_no_metric() {
    with_engine(Scope::Digits(vec![5]), |engine| {
        let (originals, retrained) = (engine.taught(true), engine.taught(false));
        let other = |weights: &Weights| {
            let once = rescaled(&engine.model, weights, 0, 1.05);
            rescaled(&engine.model, &once, 1, 3.0)
        };
        let scope = &engine.case.scope;
        let (own, theirs) = (engine.seen(&originals), engine.seen(&retrained));
        let rescaled = (
            engine.seen(&other(&originals)),
            engine.seen(&other(&retrained)),
        );
        for metric in metrics::all(HIDDEN.len()) {
            let value = |group, reference| values(&*metric, group, reference, scope);
            let expected = value(&own, &theirs);
            assert!(!expected.is_empty());
            for other in [value(&rescaled.0, &theirs), value(&own, &rescaled.1)] {
                for (a, b) in expected.iter().zip(other) {
                    assert!((a - b).abs() < 1e-4, "{}: {a} {b}", metric.name());
                }
            }
        }
    });
}

/// Originals know the digit from one label on; retrained ones gain with labels. (Networks of 16 last
/// hidden neurons, and digits that are easy.)
#[test]
fn what_is_observed_is_of_the_images_it_says() {
    with_engine(Scope::Digits(vec![5]), |engine| {
        let networks = engine.taught(true);
        let seen = engine.observe(&networks, &[]).unwrap();
        let network = &seen[0];
        let labelled = &network.labelled;
        assert_eq!(labelled.labels.len(), DRAWS * MOST * CLASSES);
        assert_eq!(labelled.values.len(), labelled.labels.len() * HIDDEN[1]);
        for turn in labelled.labels.chunks_exact(CLASSES) {
            assert!((0u8..).zip(turn).all(|(digit, label)| digit == *label));
        }
        assert!(network.asked.labels.iter().all(|label| *label == 5));
        let fives = network.test.only(|label| label == 5).labels.len();
        assert_eq!(network.asked.labels.len(), fives);
        // The last layer on the last hidden one gives the logits.
        let fives = network.test.only(|label| label == 5).logits;
        let layer = engine.model.layers()[2];
        let own = &networks[..engine.size()];
        for (row, logits) in network.asked.values.chunks_exact(HIDDEN[1]).zip(&fives) {
            for (class, logit) in logits.iter().enumerate() {
                let weights = &own[layer.weights as usize + class * HIDDEN[1]..][..HIDDEN[1]];
                let sum: f32 = weights.iter().zip(row).map(|(w, x)| w * x).sum();
                let expected = sum + own[layer.biases as usize + class];
                assert!((logit - expected).abs() < 1e-3, "{logit} {expected}");
            }
        }
    });
}

/// Images to forget are asked about, and none of them has a label for the attacker.
#[test]
fn single_images_to_forget_are_asked_about_and_not_labelled() {
    with_engine(Scope::Samples(100), |engine| {
        let seen = engine.observe(&engine.taught(true), &[]).unwrap();
        let network = &seen[0];
        assert_eq!(network.asked.labels, network.forget.labels);
        assert_eq!(network.asked.values, network.forget_hidden[1]);
        assert!(
            engine
                .labelled()
                .iter()
                .all(|i| !engine.forgotten[*i as usize])
        );
    });
}

/// The orders differ, the first is that of phase 2, and networks do not depend on their neighbours.
#[test]
fn networks_relearn_in_the_same_orders() {
    with_engine(Scope::Digits(vec![5]), |engine| {
        let weights = engine.taught(false);
        let all = engine
            .relearn(&weights, 0.9, Some(192), &mut Silent)
            .unwrap();
        let second = weights[engine.size()..][..engine.size()].to_vec();
        let alone = engine
            .relearn(&second, 0.9, Some(192), &mut Silent)
            .unwrap();
        let curves = |r: Vec<crate::metrics::Relearning>| {
            r.into_iter().map(|own| own.curve).collect::<Vec<_>>()
        };
        let own = curves(all.of(1));
        assert_eq!(own, curves(alone.of(0)));
        assert_eq!((own.len(), own[0].last().unwrap().0), (3, 192));
        assert!(own[0] != own[1] && own[1] != own[2]);
        assert_eq!(own[0][0], own[1][0]);
    });
}
