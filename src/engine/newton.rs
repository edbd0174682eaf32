//! A Newton step in the last layer.

use rayon::prelude::*;

use super::influence::{error, spread};
use super::{Engine, Subject, Weights};
use crate::error::Result;
use crate::methods::newton::SAMPLES;
use crate::model::Layer;
use crate::record::CLASSES;

/// Iterations of the conjugate gradient, at most.
const ITERATIONS: usize = 100;
/// It ends when the residual has fallen to this share of the right side.
const ENOUGH: f64 = 1e-6;
/// Samples that a thread takes at a time.
const CHUNK: usize = 256;

impl Engine<'_> {
    /// W ← W − (H + λ·I)⁻¹ ∇CE of the retain samples, in the last layer.
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub(super) fn newton(
        &self,
        weights: &mut Weights,
        subject: &Subject<'_>,
        damping: f64,
    ) -> Result<()> {
        let task = &subject.task;
        let layers = self.model.layers();
        let layer = layers[layers.len() - 1];
        let curved = spread(&task.retain, SAMPLES);
        for network in weights.chunks_exact_mut(self.size()) {
            let population = self.holding(network)?;
            let head = |samples: &[u32]| -> Result<Head> {
                let outputs = population.activations(&self.train, samples, layers.len() - 2)?;
                let labels = samples.iter().map(|&i| task.labels[i as usize]).collect();
                Ok(Head::new(&layer, &outputs[0], &outputs[1], labels))
            };
            let gradient = head(&task.retain)?.gradient();
            let step = head(&curved)?.solve(&gradient, damping);
            let width = layer.inputs as usize;
            for (output, step) in step.chunks_exact(width + 1).enumerate() {
                let row = layer.weights as usize + output * layer.padded_inputs as usize;
                let own = network[row..row + width].iter_mut().zip(step);
                own.for_each(|(w, s)| *w -= *s as f32);
                network[layer.biases as usize + output] -= step[width] as f32;
            }
        }
        Ok(())
    }
}

/// A softmax regression on the last hidden layer's outputs. Vectors are [`CLASSES`, inputs + 1], with
/// the bias last.
struct Head {
    /// [samples, inputs + 1]: the outputs, and 1.
    inputs: Vec<f64>,
    /// [samples, `CLASSES`]: the softmax, less 1 for the label.
    errors: Vec<f64>,
    labels: Vec<u8>,
    width: usize,
}

impl Head {
    /// From [samples, padded inputs] and [samples, padded classes].
    fn new(layer: &Layer, hidden: &[f32], logits: &[f32], labels: Vec<u8>) -> Self {
        let width = layer.inputs as usize + 1;
        let rows = hidden.chunks_exact(layer.padded_inputs as usize);
        let inputs = rows.flat_map(|row| {
            let own = row[..width - 1].iter().map(|x| f64::from(*x));
            own.chain([1.0])
        });
        let rows = logits
            .chunks_exact(layer.padded_outputs as usize)
            .zip(&labels);
        let errors = rows.flat_map(|(z, label)| {
            let z: Vec<f64> = z[..CLASSES].iter().map(|z| f64::from(*z)).collect();
            error(&z, *label)
        });
        Self {
            inputs: inputs.collect(),
            errors: errors.collect(),
            width,
            labels,
        }
    }

    /// The mean over samples of `of`(inputs, errors, label) ⊗ inputs. Chunks are added in order, so
    /// that results do not depend on threads.
    fn mean(&self, of: impl Fn(&[f64], &[f64], usize) -> [f64; CLASSES] + Sync) -> Vec<f64> {
        let width = self.width;
        let chunks = self.labels.par_chunks(CHUNK).enumerate();
        let sums: Vec<Vec<f64>> = chunks
            .map(|(chunk, labels)| {
                let mut sum = vec![0.0; CLASSES * width];
                for (place, label) in labels.iter().enumerate() {
                    let sample = chunk * CHUNK + place;
                    let x = &self.inputs[sample * width..][..width];
                    let error = &self.errors[sample * CLASSES..][..CLASSES];
                    let left = of(x, error, usize::from(*label));
                    for (row, l) in sum.chunks_exact_mut(width).zip(left) {
                        row.iter_mut().zip(x).for_each(|(s, x)| *s += l * x);
                    }
                }
                sum
            })
            .collect();
        let mut mean = vec![0.0; CLASSES * width];
        for sum in sums {
            mean.iter_mut()
                .zip(sum)
                .for_each(|(m, s)| *m += s / self.labels.len() as f64);
        }
        mean
    }

    /// The loss's gradient.
    fn gradient(&self) -> Vec<f64> {
        self.mean(|_, error, _| std::array::from_fn(|class| error[class]))
    }

    /// The Hessian times a vector: (p ⊙ u − p (p·u)) ⊗ x for each sample, u = V x.
    fn curved(&self, v: &[f64]) -> Vec<f64> {
        self.mean(|x, error, label| {
            let p = |class: usize| error[class] + f64::from(u8::from(class == label));
            let u: [f64; CLASSES] =
                std::array::from_fn(|class| dot(&v[class * self.width..][..self.width], x));
            let mean: f64 = (0..CLASSES).map(|class| p(class) * u[class]).sum();
            std::array::from_fn(|class| p(class) * (u[class] - mean))
        })
    }

    /// (H + λ·I)⁻¹ b by conjugate gradients (Hestenes and Stiefel 1952).
    fn solve(&self, b: &[f64], damping: f64) -> Vec<f64> {
        let mut x = vec![0.0; b.len()];
        let (mut residual, mut direction) = (b.to_vec(), b.to_vec());
        let mut square = dot(b, b);
        let enough = ENOUGH * ENOUGH * square;
        for _ in 0..ITERATIONS {
            if square <= enough {
                break;
            }
            let mut product = self.curved(&direction);
            product
                .iter_mut()
                .zip(&direction)
                .for_each(|(p, d)| *p += damping * d);
            let length = square / dot(&direction, &product);
            x.iter_mut()
                .zip(&direction)
                .for_each(|(x, d)| *x += length * d);
            residual
                .iter_mut()
                .zip(&product)
                .for_each(|(r, p)| *r -= length * p);
            let before = std::mem::replace(&mut square, dot(&residual, &residual));
            let turn = square / before;
            direction
                .iter_mut()
                .zip(&residual)
                .for_each(|(d, r)| *d = r + turn * *d);
        }
        x
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::cholesky;
    use crate::model::Model;
    use crate::random::threefry2x32;

    fn number(seed: u32, at: u32) -> f32 {
        (threefry2x32([seed, 2], [at, 0])[0] >> 8) as f32 / 8_388_608.0 - 1.0
    }

    /// Against a Hessian by differences of gradients, solved directly.
    #[expect(clippy::cast_possible_truncation, reason = "logits in f32")]
    #[test]
    fn the_step_is_that_of_a_direct_solve() {
        let model = Model::new(&[3]).unwrap();
        let layer = model.layers()[1];
        let samples = 40;
        let hidden: Vec<f32> = (0..4 * samples)
            .map(|at| {
                if at % 4 == 3 {
                    0.0
                } else {
                    number(1, at).abs()
                }
            })
            .collect();
        let labels: Vec<u8> = (0..samples).map(|i| (i * 7 % 10) as u8).collect();
        let w: Vec<f64> = (0..40).map(|at| f64::from(number(2, at))).collect();
        let head = |w: &[f64]| {
            let rows = hidden.chunks_exact(4);
            let logits = rows.flat_map(|x| {
                let of = |class: usize| {
                    let sum: f64 = (0..3).map(|i| w[class * 4 + i] * f64::from(x[i])).sum();
                    (sum + w[class * 4 + 3]) as f32
                };
                (0..12)
                    .map(move |class| if class < 10 { of(class) } else { 0.0 })
                    .collect::<Vec<_>>()
            });
            Head::new(&layer, &hidden, &logits.collect::<Vec<_>>(), labels.clone())
        };
        let damping = 1e-2;
        let gradient = head(&w).gradient();
        let step = head(&w).solve(&gradient, damping);
        let mut hessian = vec![0.0; 40 * 40];
        for at in 0..40 {
            let [up, down] = [1e-2, -1e-2].map(|h| {
                let mut moved = w.clone();
                moved[at] += h;
                head(&moved).gradient()
            });
            for row in 0..40 {
                hessian[row * 40 + at] = (up[row] - down[row]) / 2e-2;
            }
            hessian[at * 40 + at] += damping;
        }
        let mut direct = gradient.clone();
        cholesky::solve(&hessian, &mut direct);
        let largest = direct.iter().fold(0.0f64, |a, v| a.max(v.abs()));
        assert!(largest > 0.1);
        for (a, b) in step.iter().zip(&direct) {
            assert!((a - b).abs() < 1e-3 * largest, "{a} {b}");
        }
    }

    /// With no weights, all classes are as likely: a gradient of softmax regression by hand.
    #[test]
    fn the_gradient_is_that_of_two_samples_by_hand() {
        let model = Model::new(&[1]).unwrap();
        let hidden = [2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0];
        let head = Head::new(&model.layers()[1], &hidden, &[0.0; 24], vec![0, 1]);
        let gradient = head.gradient();
        // (.1 − 1)·2 and .1·4, halved; (.1 − 1) and .1, halved.
        assert!((gradient[0] - (-0.7)).abs() < 1e-12, "{gradient:?}");
        assert!((gradient[1] - (-0.4)).abs() < 1e-12, "{gradient:?}");
        assert!((gradient[4] - 0.3).abs() < 1e-12, "{gradient:?}");
    }
}
