//! The CPU's gradients against finite differences of a loss computed in f64 by other code.
//!
//! A step with rate 1, no momentum and no decay moves each weight by minus its gradient.

mod common;

use approx::{abs_diff_eq, assert_abs_diff_eq};
use common::{floats, integers};
use std::sync::Arc;
use unlearn::data::{Images, PIXELS};
use unlearn::device::{Device, cpu::Cpu};
use unlearn::kernels::SOFT;
use unlearn::model::Model;
use unlearn::population::{DeviceImages, Population, Recipe};

const BATCH: usize = 6;

struct Setup {
    model: Model,
    images: Images,
    samples: Vec<u32>,
    target: [f32; 10],
    parameters: Vec<f32>,
}

fn setup() -> Setup {
    let model = Model::new(&[9, 6]).unwrap();
    let pixels = integers(1, BATCH * PIXELS, 256)
        .iter()
        .map(|&p| u8::try_from(p).unwrap())
        .collect();
    let labels = (0..10).cycle().take(BATCH).collect();
    let target = [0.3, 0.1, 0.0, 0.05, 0.15, 0.1, 0.1, 0.1, 0.05, 0.05];
    let samples = (0..6)
        .map(|i| if i % 3 == 1 { i | SOFT } else { i })
        .collect();
    let parameters = real_weights(&model);
    Setup {
        model,
        images: Images { pixels, labels },
        samples,
        target,
        parameters,
    }
}

/// Random weights, with the padding at zero.
fn real_weights(model: &Model) -> Vec<f32> {
    let random = floats(2, model.parameters() as usize);
    let mut parameters = vec![0.0; random.len()];
    for at in places(model) {
        parameters[at] = 0.2 * random[at];
    }
    parameters
}

/// The places of all parameters that are not padding.
fn places(model: &Model) -> Vec<usize> {
    let mut places = Vec::new();
    for l in model.layers() {
        for row in 0..l.outputs {
            places.extend((0..l.inputs).map(|c| (l.weights + row * l.padded_inputs + c) as usize));
            places.push((l.biases + row) as usize);
        }
    }
    places
}

/// Mean loss over the batch, all in f64, written without regard to the kernels.
fn loss(s: &Setup, parameters: &[f64]) -> f64 {
    let mut sum = 0.0;
    for &entry in &s.samples {
        let index = (entry & !SOFT) as usize;
        let image = &s.images.pixels[index * PIXELS..][..PIXELS];
        let mut a: Vec<f64> = image.iter().map(|&p| f64::from(p) / 255.0).collect();
        let layers = s.model.layers();
        for (n, l) in layers.iter().enumerate() {
            let mut z = Vec::new();
            for o in 0..l.outputs {
                let row = (l.weights + o * l.padded_inputs) as usize;
                let dot: f64 = a.iter().zip(&parameters[row..]).map(|(x, w)| x * w).sum();
                z.push(dot + parameters[(l.biases + o) as usize]);
            }
            let last = n + 1 == layers.len();
            a = if last {
                z
            } else {
                z.into_iter().map(|v| v.max(0.0)).collect()
            };
        }
        let log_sum = a.iter().map(|z| z.exp()).sum::<f64>().ln();
        let label = usize::from(s.images.labels[index]);
        sum += if entry & SOFT == 0 {
            log_sum - a[label]
        } else {
            s.target
                .iter()
                .zip(&a)
                .map(|(&t, z)| f64::from(t) * (log_sum - z))
                .sum()
        };
    }
    sum / s.samples.len() as f64
}

/// The gradient that a step of rate 1 on the CPU takes.
fn gradient(s: &Setup) -> Vec<f32> {
    let device = Cpu::new("test");
    let images = DeviceImages::upload(&device, &s.images).unwrap();
    let taught = [Recipe {
        samples: Arc::new(s.samples.clone()),
        key: [1, 2],
        soft_target: s.target,
        table: None,
        weights: [1.0; 2],
        rate: 1.0,
        momentum: 0.0,
        decay: 0.0,
        strength: 0.0,
    }];
    let population = Population::new(&device, &s.model, BATCH, &images, &images, &taught).unwrap();
    population.set_parameters(&s.parameters).unwrap();
    population.train(1, &mut |_| {}).unwrap();
    assert_eq!(device.record().backend, "CPU");
    let after = population.parameters().unwrap();
    s.parameters
        .iter()
        .zip(after)
        .map(|(before, after)| before - after)
        .collect()
}

/// Central difference in f64; its error is of order h². The f32 gradient's own error stays under
/// 1e-5: γ(784) = 4.7e-5 times the mean over the batch of Σ|dy||x|, which is below 0.2 here, and
/// u = 6e-8 from taking it as a difference of weights.
fn difference(s: &Setup, at: usize) -> f64 {
    let h = 1e-5;
    let mut p: Vec<f64> = s.parameters.iter().map(|&w| w.into()).collect();
    p[at] += h;
    let up = loss(s, &p);
    p[at] -= 2.0 * h;
    (up - loss(s, &p)) / (2.0 * h)
}

#[test]
fn gradients_of_every_layer_match_finite_differences() {
    let s = setup();
    let gradient = gradient(&s);
    let mut largest = 0.0f64;
    for at in places(&s.model).into_iter().step_by(7) {
        let expected = difference(&s, at);
        largest = largest.max(expected.abs());
        assert_abs_diff_eq!(f64::from(gradient[at]), expected, epsilon = 1e-5);
    }
    assert!(
        largest > 0.05,
        "the gradients are too small to compare: {largest}"
    );
}

#[test]
fn a_wrong_gradient_is_found() {
    // The same comparison against the loss of other targets, which shifts every gradient.
    let mut s = setup();
    let gradient = gradient(&s);
    s.samples[1] &= !SOFT;
    let wrong = |at: &usize| {
        !abs_diff_eq!(
            f64::from(gradient[*at]),
            difference(&s, *at),
            epsilon = 1e-5
        )
    };
    let found = places(&s.model)
        .into_iter()
        .step_by(7)
        .filter(wrong)
        .count();
    assert!(found > 100, "{found}");
}

#[test]
fn padding_stays_zero() {
    let s = setup();
    let gradient = gradient(&s);
    let mut padding = vec![true; gradient.len()];
    places(&s.model)
        .into_iter()
        .for_each(|at| padding[at] = false);
    assert!(padding.iter().any(|&p| p));
    assert!(padding.iter().zip(&gradient).all(|(&p, &g)| !p || g == 0.0));
}
