//! What steps and passes do beyond training, on every device, against plain training steps in other
//! combinations: gradients are taken one by one, and their squares, products and projections in f64.

mod common;

use std::slice::from_ref;

use unlearn::data::{Images, PIXELS};
use unlearn::device::{Device, cpu::Cpu};
use unlearn::kernels::{Clock, FORGET, OTHER};
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Importance, Population, Recipe, Rule};
use unlearn::random::threefry2x32;

const IMAGES: u32 = 23;
const BATCH: usize = 6;

fn images() -> Images {
    // A quarter of the pixels is black, where a mask of the input would stop a gradient.
    let pixel = |i| threefry2x32([1, 2], [i, 0])[0].to_le_bytes()[0].saturating_sub(64);
    let label = |i: u32| (i % 10).to_le_bytes()[0];
    Images {
        pixels: (0..IMAGES * 784).map(pixel).collect(),
        labels: (0..IMAGES).map(label).collect(),
    }
}

/// A device with the images, and the network of all tests.
struct Bench {
    device: Box<dyn Device>,
    images: DeviceImages,
    model: Model,
}

/// The CPU, and every adapter there is.
fn benches() -> Vec<Bench> {
    let adapters = common::devices().into_iter().map(|(_, device)| device);
    let cpu: Box<dyn Device> = Box::new(Cpu::new("test"));
    let bench = |device: Box<dyn Device>| Bench {
        images: DeviceImages::upload(&*device, &images()).unwrap(),
        model: Model::new(&[9, 6]).unwrap(),
        device,
    };
    std::iter::once(cpu).chain(adapters).map(bench).collect()
}

fn lesson(samples: Vec<u32>) -> Recipe {
    Recipe {
        samples: samples.into(),
        key: [5, 6],
        soft_target: [0.1; 10],
        table: None,
        weights: [1.0; 2],
        rate: 1.0,
        momentum: 0.0,
        decay: 0.0,
        strength: 0.0,
    }
}

impl Bench {
    fn population(&self, batch: usize, taught: &[Recipe], rule: Rule<'_>) -> Population<'_> {
        let images = [&self.images, &self.images];
        let made = Population::ruled(&*self.device, &self.model, batch, images, taught, rule);
        let population = made.unwrap();
        // Padding is zero, as `initialise` leaves it; biases are not.
        let keys: Vec<_> = taught.iter().map(|_| [4, 4]).collect();
        population.initialise(&keys).unwrap();
        population
    }

    /// The gradient of the mean loss of some samples, from one step of rate 1.
    fn gradient(&self, samples: &[u32]) -> Vec<f64> {
        let taught = [lesson(samples.to_vec())];
        let population = self.population(samples.len(), &taught, Rule::Gradient);
        let before = population.parameters().unwrap();
        population.train(1, &mut |_| {}).unwrap();
        let after = population.parameters().unwrap();
        let moved = before.iter().zip(&after);
        moved.map(|(b, a)| f64::from(*b) - f64::from(*a)).collect()
    }

    fn trained(&self, taught: &[Recipe], rule: Rule<'_>, steps: u32) -> [Vec<f32>; 2] {
        let population = self.population(BATCH, taught, rule);
        let before = population.parameters().unwrap();
        population.train(steps, &mut |_| {}).unwrap();
        [before, population.parameters().unwrap()]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "to compute with it in f32")]
fn narrow(x: f64) -> f32 {
    x as f32
}

fn samples() -> Vec<u32> {
    (0..IMAGES).collect()
}

fn near(got: impl IntoIterator<Item = f32>, expected: &[f64], tolerance: f64, what: &str) {
    let largest = expected.iter().fold(0.0f64, |a, v| a.max(v.abs()));
    assert!(largest > 0.0, "{what}: nothing is expected");
    for (at, (got, expected)) in got.into_iter().zip(expected).enumerate() {
        let apart = (f64::from(got) - expected).abs();
        assert!(
            apart <= tolerance * largest,
            "{what}, weight {at}: {got}, expected {expected}"
        );
    }
}

/// The exact diagonal of the Fisher information is the mean of squared gradients, sample by sample;
/// squares of a batch's gradient, which are in use, are something else.
#[test]
fn the_fisher_diagonal_is_the_mean_of_squared_gradients() {
    for bench in benches() {
        let each: Vec<Vec<f64>> = samples().iter().map(|s| bench.gradient(&[*s])).collect();
        let mean = |of: &dyn Fn(f64) -> f64| -> Vec<f64> {
            let sum = |at: usize| each.iter().map(|g| of(g[at])).sum::<f64>();
            (0..each[0].len())
                .map(|at| sum(at) / f64::from(IMAGES))
                .collect()
        };
        // Batches of six leave five over.
        let still = Recipe {
            rate: 0.0,
            momentum: 1.0,
            ..lesson(vec![0])
        };
        let population = bench.population(BATCH, &[still.clone(), still], Rule::Gradient);
        let before = population.parameters().unwrap();
        for (what, expected) in [
            (Importance::Gradient, mean(&|g| g)),
            (Importance::Fisher, mean(&|g| g * g)),
            (Importance::Absolute, mean(&f64::abs)),
        ] {
            let got = population.importance(&bench.images, &samples(), what);
            let both = [&expected[..], &expected[..]].concat();
            near(got.unwrap(), &both, 2e-4, &format!("{what:?}"));
        }
        assert_eq!(population.parameters().unwrap(), before);
        let batch = mean(&|g| g).iter().map(|g| g * g).collect::<Vec<_>>();
        let fisher = mean(&|g| g * g);
        let apart = fisher.iter().zip(&batch).map(|(f, b)| (f - b).abs());
        assert!(apart.fold(0.0, f64::max) > 0.1 * fisher.iter().copied().fold(0.0, f64::max));
    }
}

/// One step of the loss, then soft thresholding; the penalty fades with the steps.
#[test]
fn sparse_steps_are_proximal_steps_of_a_fading_penalty() {
    let strength = 0.3;
    for bench in benches() {
        let taught = Recipe {
            rate: 0.05,
            strength,
            ..lesson(samples())
        };
        let plain = |steps| bench.trained(from_ref(&taught), Rule::Gradient, steps);
        let sparse = |steps, of| bench.trained(from_ref(&taught), Rule::Sparse(of), steps);
        let shrunk = |w: f32, share: f64| {
            let threshold = 0.05 * f64::from(strength) * share;
            f64::from(w.signum()) * (f64::from(w.abs()) - threshold).max(0.0)
        };
        let [_, once] = plain(1);
        let expected: Vec<f64> = once.iter().map(|w| shrunk(*w, 1.0)).collect();
        let [_, got] = sparse(1, 4);
        assert!(got.iter().filter(|w| **w == 0.0).count() > got.len() / 20);
        near(got, &expected, 1e-6, "one sparse step");
        // After the last of the steps that a penalty has, it is gone: the step is a plain one.
        let [_, two] = sparse(2, 1);
        let population = bench.population(BATCH, from_ref(&taught), Rule::Gradient);
        population.set_parameters(&sparse(1, 1)[1]).unwrap();
        population.set_clocks(&[Clock::at(1)]).unwrap();
        population.train(1, &mut |_| {}).unwrap();
        assert_eq!(population.parameters().unwrap(), two);
        // In the second of four steps three quarters of it are left.
        let population = bench.population(BATCH, from_ref(&taught), Rule::Gradient);
        population.set_parameters(&sparse(1, 4)[1]).unwrap();
        population.set_clocks(&[Clock::at(1)]).unwrap();
        population.train(1, &mut |_| {}).unwrap();
        let second = population.parameters().unwrap();
        let expected: Vec<f64> = second.iter().map(|w| shrunk(*w, 0.75)).collect();
        near(sparse(2, 4)[1].clone(), &expected, 1e-6, "two sparse steps");
    }
}

/// Every weight takes its own fraction of a step: none of it and all of it to the bit, and in the
/// next step from where it was left.
#[test]
fn factors_scale_the_steps_of_single_weights() {
    for bench in benches() {
        let taught = Recipe {
            rate: 0.1,
            ..lesson(samples())
        };
        let population = bench.population(BATCH, from_ref(&taught), Rule::Gradient);
        let start = population.parameters().unwrap();
        let factor = |at: usize| [0.0, 1.0, 0.1, 0.5][at % 4];
        let factors: Vec<f32> = (0..start.len()).map(factor).collect();
        let scaled = |steps| bench.trained(from_ref(&taught), Rule::Scaled(&factors), steps);
        let mut before = start;
        for step in 0..3 {
            // A step of plain training from where the one before ended.
            let population = bench.population(BATCH, from_ref(&taught), Rule::Gradient);
            population.set_parameters(&before).unwrap();
            population.set_clocks(&[Clock::at(step)]).unwrap();
            population.train(1, &mut |_| {}).unwrap();
            let plain = population.parameters().unwrap();
            let [_, got] = scaled(step + 1);
            let mut moved = 0;
            for at in 0..got.len() {
                let [old, full] = [before[at], plain[at]];
                let expected = f64::from(old) + f64::from(factor(at)) * f64::from(full - old);
                match at % 4 {
                    0 => assert_eq!(got[at].to_bits(), old.to_bits(), "weight {at} moved"),
                    1 => assert_eq!(got[at].to_bits(), full.to_bits(), "weight {at}"),
                    _ => assert!((f64::from(got[at]) - expected).abs() < 1e-6, "weight {at}"),
                }
                moved += usize::from((full - old).abs() > 1e-4);
            }
            assert!(moved > 100, "{moved} weights moved");
            before = got;
        }
        let wrong = Rule::Scaled(&factors[1..]);
        let images = [&bench.images, &bench.images];
        let taught = from_ref(&taught);
        let refused = Population::ruled(&*bench.device, &bench.model, BATCH, images, taught, wrong);
        assert!(refused.is_err());
    }
}

/// A class more is a class like the others: the loss is over eleven logits.
#[test]
fn a_class_more_takes_part_in_the_loss() {
    for bench in benches() {
        let layers = bench.model.layers();
        let last = layers[layers.len() - 1];
        let row = (last.weights + 10 * last.padded_inputs) as usize;
        let more = row..row + last.inputs as usize;
        let shadow: Vec<u32> = samples().iter().map(|i| i | 11 << OTHER).collect();
        let taught = Recipe {
            rate: 0.1,
            ..lesson(shadow)
        };
        let population = bench.population(samples().len(), from_ref(&taught), Rule::Widened);
        let before = population.parameters().unwrap();
        population.train(1, &mut |_| {}).unwrap();
        let after = population.parameters().unwrap();
        // With weights of 0 it has the logit 0, and the bias's gradient is the mean of its softmax
        // less 1.
        let population = bench.population(BATCH, from_ref(&taught), Rule::Gradient);
        let end = layers.len() - 1;
        let logits = population
            .activations(&bench.images, &samples(), end)
            .unwrap();
        let shares: Vec<f64> = logits[0]
            .chunks_exact(12)
            .map(|z| {
                let others: f64 = z[..10].iter().map(|z| f64::from(*z).exp()).sum();
                1.0 / (1.0 + others)
            })
            .collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let bias = (last.biases + 10) as usize;
        let moved = f64::from(after[bias]) - f64::from(before[bias]);
        assert!((moved - 0.1 * (1.0 - mean)).abs() < 1e-6, "{moved} {mean}");
        assert!(after[more].iter().any(|w| *w != 0.0));
        // And the twelfth stays what it is: padding.
        assert_eq!(after[bias + 1], 0.0);
    }
}

/// The forget gradient without its part against the retain gradient, cut to a length.
#[test]
fn a_projected_step_does_not_climb_the_other_loss() {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for bench in benches() {
        let (forget, retain): (Vec<u32>, Vec<u32>) = ((0..6).collect(), (6..12).collect());
        let [f, r] = [&forget, &retain].map(|samples| bench.gradient(samples));
        for (up, clip) in [(-1.0f32, 1e9), (-1.0, 0.01), (1.0, 1e9)] {
            let taught = |samples: &[u32], weight| Recipe {
                rate: 0.0,
                momentum: 1.0,
                strength: 0.5,
                weights: [weight; 2],
                ..lesson(samples.to_vec())
            };
            // The same samples twice, with the opposite sign, are at odds; with the same they agree.
            let pair = [taught(&forget, up), taught(&forget, 1.0)];
            let other = [taught(&forget, up), taught(&retain, 1.0)];
            let pairs: Vec<Recipe> = pair.into_iter().chain(other).collect();
            let [before, after] = bench.trained(&pairs, Rule::Projected(clip), 1);
            let size = before.len() / 4;
            for (pair, against) in [&f, &r].into_iter().enumerate() {
                let mut step: Vec<f64> = f.iter().map(|g| f64::from(up) * g).collect();
                let product = dot(&step, against);
                if product < 0.0 {
                    let share = product / dot(against, against);
                    step.iter_mut()
                        .zip(against)
                        .for_each(|(s, r)| *s -= share * r);
                }
                let length = dot(&step, &step).sqrt();
                let scale = (f64::from(clip) / length).min(1.0);
                assert!(dot(&step, against) > -1e-6);
                for learner in [2 * pair, 2 * pair + 1] {
                    let own = learner * size..(learner + 1) * size;
                    let moved = before[own.clone()].iter().zip(&after[own]);
                    for ((before, after), step) in moved.zip(&step) {
                        let expected = f64::from(*before) - 0.5 * step * scale;
                        assert!((f64::from(*after) - expected).abs() < 1e-5);
                    }
                }
            }
        }
        // A second step finds empty velocities: it is a first one from where the first ended.
        let taught = |samples: &[u32], weight| Recipe {
            rate: 0.0,
            momentum: 1.0,
            strength: 0.1,
            weights: [weight; 2],
            ..lesson(samples.to_vec())
        };
        let pair = [taught(&forget, -1.0), taught(&retain, 1.0)];
        let [_, twice] = bench.trained(&pair, Rule::Projected(1e9), 2);
        let [_, once] = bench.trained(&pair, Rule::Projected(1e9), 1);
        let population = bench.population(BATCH, &pair, Rule::Projected(1e9));
        population.set_parameters(&once).unwrap();
        population.set_clocks(&[Clock::at(1); 2]).unwrap();
        population.train(1, &mut |_| {}).unwrap();
        assert_eq!(population.parameters().unwrap(), twice);
    }
}

/// The log has the changes of the steps whose batch holds a marked sample, and of no others.
#[test]
fn a_log_has_the_changes_of_steps_with_forget_samples() {
    for bench in benches() {
        let taught = |marked: bool| Recipe {
            rate: 0.1,
            ..lesson(
                (0..12)
                    .map(|i| if marked && i == 3 { i | FORGET } else { i })
                    .collect(),
            )
        };
        let both = [taught(true), taught(false)];
        // The list is gone through in two steps: one of them has the sample.
        let population = bench.population(BATCH, &both, Rule::Logged);
        let size = bench.model.parameters() as usize;
        let mut states = vec![population.parameters().unwrap()];
        let mut logs = Vec::new();
        for _ in 0..2 {
            population.train(1, &mut |_| {}).unwrap();
            states.push(population.parameters().unwrap());
            logs.push(population.logged().unwrap());
        }
        let change = |step: usize| -> Vec<f32> {
            let pairs = states[step + 1].iter().zip(&states[step]);
            pairs
                .map(|(after, before)| after - before)
                .take(size)
                .collect()
        };
        let empty = vec![0.0; size];
        let first = logs[0][..size] != empty;
        assert_eq!(logs[1][..size], if first { change(0) } else { change(1) });
        assert_eq!(
            logs[0][..size],
            if first { change(0) } else { empty.clone() }
        );
        assert_eq!(logs[1][size..], empty);
        // Trained without a log, networks come out the same.
        let [_, plain] = bench.trained(&both, Rule::Gradient, 2);
        assert_eq!(plain, states[2]);
    }
}

/// Images go up their loss: by finite differences of a loss that is computed here from the logits.
#[test]
fn images_climb_along_the_sign_of_their_gradient() {
    let labels = [7u32, 2];
    let entries: Vec<u32> = (0..2)
        .map(|i| i | (labels[i as usize] + 1) << OTHER)
        .collect();
    for bench in benches() {
        let population = bench.population(BATCH, &[lesson(vec![0])], Rule::Gradient);
        let climb = |start: Option<&[f32]>, times, size| {
            let climbed = population.climb(&bench.images, &entries, start, (times, size));
            climbed.unwrap()
        };
        let loss = |logits: &[f32], image: usize| {
            let z: Vec<f64> = logits[12 * image..][..10]
                .iter()
                .map(|z| f64::from(*z))
                .collect();
            let total: f64 = z.iter().map(|z| z.exp()).sum();
            total.ln() - z[labels[image] as usize]
        };
        let (start, logits) = climb(None, 0, 0.1);
        let pixels = images().pixels;
        for (x, byte) in start.iter().zip(&pixels) {
            assert!((x - f32::from(*byte) / 255.0).abs() < 1e-6);
        }
        let (moved, after) = climb(None, 1, 0.1);
        for image in 0..2 {
            assert!(loss(&after, image) > loss(&logits, image) + 0.1);
        }
        let mut seen = 0;
        for at in (0..2 * PIXELS).step_by(97) {
            let [up, down] = [0.02, -0.02].map(|h| {
                let mut x = start.clone();
                x[at] += h;
                loss(&climb(Some(&x), 0, 0.1).1, at / PIXELS)
            });
            let slope = (up - down) / 0.04;
            // Near zero a ReLU in between may decide.
            if slope.abs() > 1e-2 {
                let expected = (start[at] + 0.1 * narrow(slope.signum())).clamp(0.0, 1.0);
                assert!((moved[at] - expected).abs() < 1e-6, "pixel {at}");
                seen += 1;
            }
        }
        assert!(seen >= 5, "only {seen} pixels told anything");
        let (far, _) = climb(None, 20, 0.5);
        assert!(far.iter().all(|x| (0.0..=1.0).contains(x)));
    }
}

/// Dampening and noise against their formulas in f64.
#[test]
fn dampening_and_noise_are_those_of_the_formulas() {
    for bench in benches() {
        let population = bench.population(BATCH, &[lesson(vec![0])], Rule::Gradient);
        let before = population.parameters().unwrap();
        let number = |seed, at| {
            let word = threefry2x32([seed, 0], [at, 0])[0] >> 8;
            word as f32 / 16_777_216.0
        };
        let of = |seed| -> Vec<f32> {
            let numbers = (0u32..).map(|at| number(seed, at));
            numbers.take(before.len()).collect()
        };
        let (forget, all) = (of(1), of(2));
        population.dampen(&forget, &all, 2.0, 0.5).unwrap();
        let expected: Vec<f64> = (0..before.len())
            .map(|at| {
                let [w, f, a] = [before[at], forget[at], all[at]].map(f64::from);
                if f > 2.0 * a {
                    w * (0.5 * a / f).min(1.0)
                } else {
                    w
                }
            })
            .collect();
        near(
            population.parameters().unwrap(),
            &expected,
            1e-6,
            "dampened",
        );

        population.set_parameters(&before).unwrap();
        population.add_noise(&[[3, 4]], &all, 1e-4, 0.01).unwrap();
        let noisy = population.parameters().unwrap();
        let standard = (0..noisy.len()).filter(|at| before[*at] != 0.0).map(|at| {
            let deviation = (1e-4 / f64::from(all[at]).max(0.01)).sqrt();
            (f64::from(noisy[at]) - f64::from(before[at])) / deviation
        });
        let n: Vec<f64> = standard.collect();
        let moment = |k: i32| n.iter().map(|x| x.powi(k)).sum::<f64>() / n.len() as f64;
        assert!(moment(1).abs() < 0.05, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.06, "{}", moment(2));
        let zeros = before.iter().zip(&noisy).filter(|(b, _)| **b == 0.0);
        assert!(zeros.clone().all(|(_, n)| *n == 0.0) && zeros.count() > 10);
        population.set_parameters(&before).unwrap();
        population.add_noise(&[[3, 5]], &all, 1e-4, 0.01).unwrap();
        assert_ne!(population.parameters().unwrap(), noisy);
    }
}

/// Steps are taken several at a time, where that is faster: nothing may differ.
#[test]
fn steps_at_a_time_are_steps_one_by_one() {
    for bench in benches() {
        let marked = |i| if i == 3 { i | FORGET } else { i };
        let list: Vec<u32> = samples().into_iter().map(marked).collect();
        let plain = Recipe {
            rate: 0.1,
            strength: 0.25,
            ..lesson(list)
        };
        let still = Recipe {
            rate: 0.0,
            momentum: 1.0,
            weights: [-1.0, 1.0],
            ..plain.clone()
        };
        let numbers = bench.population(BATCH, &[plain.clone(), plain.clone()], Rule::Gradient);
        let count = numbers.parameters().unwrap().len();
        let factors: Vec<f32> = (0..count).map(|at| [0.0, 0.1, 1.0][at % 3]).collect();
        for (rule, taught) in [
            (Rule::Sparse(20), &plain),
            (Rule::Scaled(&factors), &plain),
            (Rule::Widened, &plain),
            (Rule::Projected(0.5), &still),
            (Rule::Logged, &plain),
        ] {
            let of = |turns: u32, steps| {
                let both = [taught.clone(), taught.clone()];
                let population = bench.population(BATCH, &both, rule);
                for _ in 0..turns {
                    population.train(steps, &mut |_| {}).unwrap();
                }
                (
                    population.parameters().unwrap(),
                    population.logged().unwrap(),
                )
            };
            assert_eq!(of(1, 9), of(9, 1), "{:?}", std::mem::discriminant(&rule));
        }
    }
}
