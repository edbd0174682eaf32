//! A made-up run for the tests of the reports, shaped like a real one.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::inside::{
    ARMS, Attributed, Both, Example, Figure, Head, Inside, Likeness, Map, Misread, NUMBERS, Neuron,
    Neurons, Part, Pixels, Plane, Transplant, Transplants,
};
use crate::record::{
    Arm, CLASSES, Classes, DataRecord, DeviceRecord, Figures, Outcome, Phase, Point, Score, Spread,
};
use crate::run_record::RunRecord;

/// How accurate an arm is: on the other digits, on the forgotten ones, and how sure it is there.
#[derive(Clone, Copy)]
struct Level(f64, f64, f64);

/// Four learners, all phases, the digit 5.
pub(crate) fn record() -> RunRecord {
    run(
        Config::default(),
        &[Phase::Learn, Phase::Unlearn, Phase::Relearn],
    )
}

/// A run of these phases.
pub(crate) fn run(config: Config, phases: &[Phase]) -> RunRecord {
    let mut record = RunRecord {
        version: "0.1.0".to_owned(),
        started: "2026-11-23 06:40:12".to_owned(),
        device: device(),
        data: data(),
        seconds: BTreeMap::new(),
        points: Vec::new(),
        outcomes: Vec::new(),
        verdict: vec![
            "After unlearning, the networks read 7.5 % of the 5s correctly; the retrained control, \
             which never saw a 5, reads 0.0 %."
                .to_owned(),
            "The other digits kept 97.1 % (the original: 97.3 %).".to_owned(),
            "Relearning brought the 5 back to 96.9 % within one epoch; the first half of that \
             took the unlearned networks fewer steps than the retrained ones."
                .to_owned(),
        ],
        inside: None,
        learning: None,
        reused: None,
        incomplete: None,
        config,
    };
    for &phase in phases {
        let number = record.seconds.len() as f64 + 1.0;
        let seconds = record.seconds.entry(phase.name().to_owned()).or_default();
        *seconds = 17.24 / number;
        for &arm in arms(phase) {
            play(&mut record, phase, arm);
        }
    }
    let total = record.seconds.values().sum();
    record.seconds.insert("total".to_owned(), total);
    record
}

fn device() -> DeviceRecord {
    DeviceRecord {
        name: "NVIDIA H100 80GB HBM3".to_owned(),
        backend: "Vulkan".to_owned(),
        kind: crate::record::DeviceKind::DiscreteGpu,
        driver: "NVIDIA 570.133.20".to_owned(),
        reason: "the only discrete GPU".to_owned(),
    }
}

fn data() -> DataRecord {
    DataRecord {
        name: "MNIST".to_owned(),
        classes: Classes::default(),
        sha256: Some("0b1f3ac5".repeat(8)),
        warning: None,
        train: 60_000,
        test: 10_000,
    }
}

fn arms(phase: Phase) -> &'static [Arm] {
    match phase {
        Phase::Learn => &[Arm::Original, Arm::Retrained],
        Phase::Unlearn => &[Arm::Original, Arm::Retrained, Arm::Unlearned],
        Phase::Relearn => &[Arm::Original, Arm::Retrained, Arm::Relearned],
    }
}

/// From where to where an arm goes in a phase, and how fast (per epoch).
fn course(phase: Phase, arm: Arm) -> (Level, Level, f64) {
    let blank = Level(0.11, 0.09, 0.11);
    let full = Level(0.973, 0.962, 0.955);
    let hole = Level(0.976, 0.0, 0.78);
    match (phase, arm) {
        (Phase::Learn, Arm::Retrained) => (blank, hole, 4.6),
        (Phase::Learn, _) => (blank, full, 4.6),
        (Phase::Unlearn, Arm::Unlearned) => (full, Level(0.969, 0.075, 0.26), 18.0),
        (Phase::Relearn, Arm::Relearned) => (Level(0.969, 0.075, 0.26), full, 25.0),
        (Phase::Relearn, Arm::Retrained) => (hole, Level(0.974, 0.951, 0.93), 9.0),
        (_, Arm::Retrained) => (hole, hole, 1.0),
        _ => (full, Level(0.975, 0.966, 0.96), 1.0),
    }
}

/// A repeatable number in −1..1.
fn noise(key: usize) -> f64 {
    let mixed = (key + 1).wrapping_mul(2_654_435_761) % 1_000_003;
    mixed as f64 / 500_001.5 - 1.0
}

/// The epochs after which there is an evaluation.
fn evaluated(phase: Phase, length: f64) -> Vec<f64> {
    let mut epochs = vec![0.0];
    if phase != Phase::Learn {
        epochs.extend([1.0 / 64.0, 1.0 / 32.0, 1.0 / 16.0, 1.0 / 8.0]);
    }
    epochs.extend(
        (1..=20)
            .map(|i| f64::from(i) / 4.0)
            .filter(|&e| e <= length),
    );
    epochs
}

fn play(record: &mut RunRecord, phase: Phase, arm: Arm) {
    let (length, steps) = match phase {
        Phase::Learn => (record.config.epochs, 4690),
        Phase::Unlearn => (record.config.unlearn_epochs, 938),
        Phase::Relearn => (record.config.relearn_epochs, 938),
    };
    for epoch in evaluated(phase, length) {
        let level = |learner: usize| at(phase, arm, epoch, learner);
        let levels: Vec<Level> = (0..record.config.learners).map(level).collect();
        let loss = |Level(retain, ..): &Level| 2.4 * (1.0 - retain);
        record.points.push(Point {
            phase,
            arm,
            step: scaled(steps, epoch / length),
            epoch,
            seconds: 3.0 * epoch,
            images: if epoch < length { 1505 } else { 10_000 },
            train_loss: (epoch > 0.0).then(|| Spread::of(levels.iter().map(loss).collect())),
            test_loss: Spread::of(levels.iter().map(|l| 1.1 * loss(l)).collect()),
            figures: figures(&levels),
        });
    }
    let level = |learner| at(phase, arm, length, learner);
    let levels: Vec<Level> = (0..record.config.learners).map(level).collect();
    let figures = figures(&levels);
    let forget = &record.config.forget;
    let scores = levels.iter().map(|&l| score(l, forget)).collect();
    record.outcomes.push(Outcome {
        phase,
        arm,
        figures,
        scores,
        sha256: None,
    });
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and positive"
)]
fn scaled(whole: u32, share: f64) -> u32 {
    (f64::from(whole) * share).round() as u32
}

fn at(phase: Phase, arm: Arm, epoch: f64, learner: usize) -> Level {
    let (from, to, speed) = course(phase, arm);
    let lag = (-speed * epoch).exp();
    let key = learner * 97 + scaled(1000, epoch) as usize + 7 * arm as usize;
    let shake = noise(key)
        * if phase == Phase::Learn {
            0.003 + 0.04 * lag
        } else {
            0.002
        };
    let dip = if arm == Arm::Unlearned {
        0.06 * lag * (1.0 - lag)
    } else {
        0.0
    };
    let mix = |a: f64, b: f64, shake: f64| (b + (a - b) * lag + shake).clamp(0.0, 1.0);
    let moving = if to.1 > 0.0 || from.1 > 0.1 { 8.0 } else { 0.0 };
    Level(
        mix(from.0, to.0, shake - dip),
        mix(
            from.1,
            to.1,
            shake * moving * if to.1 < 0.5 || lag > 0.01 { 1.0 } else { 0.2 },
        ),
        mix(from.2, to.2, shake),
    )
}

fn figures(levels: &[Level]) -> Figures {
    let over = |f: fn(&Level) -> f64| Spread::of(levels.iter().map(f).collect());
    Figures {
        test_accuracy: over(|l| 0.9108 * l.0 + 0.0892 * l.1),
        forget_accuracy: over(|l| l.1),
        retain_accuracy: over(|l| l.0),
        forget_confidence: over(|l| l.2),
    }
}

fn score(Level(retain, forgot, sure): Level, forget: &[u8]) -> Score {
    let mut score = Score {
        confusion: [[0; CLASSES]; CLASSES],
        confidence: [0.95; CLASSES],
        loss: [0.1; CLASSES],
    };
    for digit in 0..CLASSES {
        let forgotten = forget.iter().any(|&f| usize::from(f) == digit);
        let right = if forgotten {
            forgot
        } else {
            (retain + 0.006 * noise(digit)).min(1.0)
        };
        if forgotten {
            score.confidence[digit] = sure;
        }
        let wrong = scaled(1000, 1.0 - right);
        for (column, cell) in score.confusion[digit].iter_mut().enumerate() {
            let likely = [3, 8, 9, 6, 2]
                .iter()
                .position(|&c| c == (column + 5 - digit % 5) % CLASSES);
            *cell = likely.map_or(wrong / 100, |place| wrong * [9, 5, 3, 2, 1][place] / 20);
        }
        score.confusion[digit][digit] = 1000 - wrong;
    }
    score
}

fn misread(image: Example, answers: [u8; 4], learners: usize) -> Misread {
    let answers = ARMS.into_iter().zip(answers);
    Misread {
        image,
        answers: answers
            .map(|(arm, read)| (arm, vec![read; learners]))
            .collect(),
    }
}

/// What is inside of this number of made-up networks of each arm, with two hidden layers.
pub(crate) fn inside(learners: usize) -> Inside {
    use Arm::{Original, Relearned, Retrained, Unlearned};
    let figure = |means: &[(Arm, f64)]| {
        let own = |k: usize, mean: f64| mean + 0.01 * (k as f64 - 1.0);
        Figure::of(
            means
                .iter()
                .map(|&(arm, mean)| (arm, (0..learners).map(|k| own(k, mean)).collect())),
        )
    };
    let all = |o, u, b, r| {
        figure(&[
            (Original, o),
            (Unlearned, u),
            (Relearned, b),
            (Retrained, r),
        ])
    };
    let changed = |u, b, r| figure(&[(Unlearned, u), (Relearned, b), (Retrained, r)]);
    let moved = |u, r| figure(&[(Unlearned, u), (Retrained, r)]);
    let both = |u, r| Both {
        forget: moved(u, r),
        keep: moved(0.97, 0.97),
    };
    let part = |part, back, left| Transplant {
        part,
        restored: both(back, 0.01),
        ablated: both(left, 0.1),
    };
    let pixels = |sign: i8| Pixels {
        scale: 0.5,
        values: (0..784).map(|i| sign * (i % 100) as i8).collect(),
    };
    let arms = |list: &[Arm]| list.iter().map(|&arm| (arm, pixels(1))).collect::<Vec<_>>();
    let example = |label| Example {
        label,
        pixels: vec![7; 784],
    };
    let likeness = Likeness {
        cka: changed(0.8, 0.9, 0.85),
        neurons: changed(0.6, 0.8, 0.6),
        neurons_on_kept: changed(0.9, 0.9, 0.7),
    };
    let head = Head {
        accuracy: NUMBERS.map(|n| (n, all(0.9, 0.9, 0.9, 0.5))).to_vec(),
    };
    Inside {
        learners,
        images: [400, 500],
        matched: true,
        neurons: Neurons {
            width: 128,
            strongest: 10,
            information: 0.4,
            share: changed(0.1, 0.1, 0.2),
            shown: vec![Neuron {
                number: 7,
                learned: arms(&ARMS),
                weights: arms(&ARMS),
                changes: arms(&ARMS[1..]),
                change: changed(0.1, 0.1, 0.4),
            }],
        },
        heads: vec![head.clone(), head],
        transplants: Transplants {
            whole: Both {
                forget: all(0.95, 0.1, 0.95, 0.0),
                keep: all(0.97, 0.97, 0.97, 0.97),
            },
            parts: vec![
                part(Part::Layer(0), 0.5, 0.9),
                part(Part::Layer(1), 0.6, 0.8),
                part(Part::Layer(2), 0.9, 0.1),
                part(Part::Strongest, 0.4, 0.9),
                part(Part::Random, 0.2, 0.9),
            ],
        },
        attributions: Attributed {
            images: 40,
            likeness: changed(0.5, 0.9, 0.0),
            randomised: Spread::of(vec![0.01; learners]),
            incomplete: 0.004,
            shown: vec![Map {
                image: example(5),
                arms: arms(&ARMS),
            }],
        },
        plane: Plane {
            labels: vec![0, 1, 5],
            arms: ARMS
                .iter()
                .map(|&arm| (arm, vec![[0.0, 1.0], [2.0, -1.0], [1.0, 3.0]]))
                .collect(),
            variance: [0.3, 0.2],
            separation: all(1.2, 1.8, 1.6, 0.8),
        },
        lens: vec![
            all(0.95, 0.8, 0.95, 0.1),
            all(0.95, 0.9, 0.95, 0.0),
            all(0.95, 0.1, 0.95, 0.0),
        ],
        likeness: vec![likeness.clone(), likeness],
        examples: vec![example(5)],
        misread: vec![
            misread(example(5), [5, 3, 5, 8], learners),
            misread(example(0), [0, 6, 0, 0], learners),
        ],
    }
}
