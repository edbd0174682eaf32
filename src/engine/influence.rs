//! The influence of the forget samples, by the inverse Fisher information.
//!
//! The gradient of a dense layer's weights for one sample is a product δ·xᵀ, so the scalar product of
//! two samples' gradients is a sum over layers of (δᵢ·δⱼ)(xᵢ·xⱼ + 1), and no gradient has to be stored.

use rayon::prelude::*;

use super::{Engine, Subject, Weights};
use crate::data::PIXELS;
use crate::error::Result;
use crate::methods::influence::{LEAST, SAMPLES};
use crate::metrics::cholesky::solve;
use crate::model::Model;
use crate::population::Importance;
use crate::record::CLASSES;

impl Engine<'_> {
    /// θ₀ + α·F⁻¹(n_f/n)(∇CE(forget) − ∇CE(retain)).
    #[expect(clippy::cast_possible_truncation, reason = "devices compute in f32")]
    pub(super) fn influence(
        &self,
        weights: &mut Weights,
        subject: &Subject<'_>,
        alpha: f32,
    ) -> Result<()> {
        let task = &subject.task;
        let forget = self.importance(subject, true, Importance::Gradient)?;
        let retain = self.importance(subject, false, Importance::Gradient)?;
        let share = task.forget.len() as f64 / task.labels.len() as f64;
        let samples = spread(&task.retain, SAMPLES);
        let layers = self
            .holding(&subject.originals)?
            .activations(&self.train, &samples, 0)?;
        let labels: Vec<u8> = samples.iter().map(|&i| task.labels[i as usize]).collect();
        let pixels: Vec<f64> = samples
            .iter()
            .flat_map(|&i| &self.data.train.pixels[i as usize * PIXELS..][..PIXELS])
            .map(|byte| f64::from(*byte) / 255.0)
            .collect();
        let (size, model, count) = (self.size(), &self.model, task.numbers.len());
        let originals: &[f32] = &subject.originals;
        let networks = weights.par_chunks_exact_mut(size).enumerate();
        networks.for_each(|(network, weights)| {
            let of = |all: &[f32]| wide(&all[network * size..][..size]);
            let outputs: Vec<Vec<f64>> = layers
                .iter()
                .map(|all| {
                    let each = all.len() / count;
                    wide(&all[network * each..][..each])
                })
                .collect();
            let theta = of(originals);
            let gradients = Gradients::new(model, &theta, &pixels, &outputs, &labels);
            let (forget, retain) = (of(&forget), of(&retain));
            let v: Vec<f64> = forget
                .iter()
                .zip(&retain)
                .map(|(f, r)| share * (f - r))
                .collect();
            let step = gradients.inverse(&v, LEAST);
            for ((w, own), step) in weights.iter_mut().zip(&theta).zip(&step) {
                *w = (own + f64::from(alpha) * step) as f32;
            }
        });
        Ok(())
    }
}

/// At most this many of a list, evenly spaced.
pub(super) fn spread(list: &[u32], most: usize) -> Vec<u32> {
    let count = list.len().min(most);
    (0..count).map(|i| list[i * list.len() / count]).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Samples' gradients of a network's cross-entropy, as the products that they are.
struct Gradients<'a> {
    model: &'a Model,
    samples: usize,
    /// By layer [samples, padded inputs].
    inputs: Vec<&'a [f64]>,
    /// By layer [samples, padded outputs].
    deltas: Vec<Vec<f64>>,
}

impl<'a> Gradients<'a> {
    /// `outputs`: by layer [samples, padded outputs], of hidden ones after their ReLU.
    fn new(
        model: &'a Model,
        theta: &[f64],
        pixels: &'a [f64],
        outputs: &'a [Vec<f64>],
        labels: &[u8],
    ) -> Self {
        let layers = model.layers();
        let mut deltas = vec![Vec::new(); layers.len()];
        let end = layers.len() - 1;
        let width = layers[end].padded_outputs as usize;
        let last = outputs[end].chunks_exact(width).zip(labels);
        deltas[end] = last.flat_map(|(z, label)| error(z, *label)).collect();
        for number in (1..layers.len()).rev() {
            let layer = layers[number];
            let (width, outs) = (layer.padded_inputs as usize, layer.padded_outputs as usize);
            let matrix = &theta[layer.weights as usize..layer.biases as usize];
            let before = outputs[number - 1].chunks_exact(width);
            let each = deltas[number].chunks_exact(outs).zip(before);
            deltas[number - 1] = each
                .flat_map(|(delta, x)| {
                    let mut back = vec![0.0; width];
                    for (d, row) in delta.iter().zip(matrix.chunks_exact(width)) {
                        back.iter_mut().zip(row).for_each(|(b, w)| *b += d * w);
                    }
                    back.iter_mut()
                        .zip(x)
                        .filter(|(_, x)| **x <= 0.0)
                        .for_each(|(b, _)| *b = 0.0);
                    back
                })
                .collect();
        }
        let hidden = outputs[..end].iter().map(|x| &x[..]);
        Self {
            model,
            samples: labels.len(),
            inputs: std::iter::once(pixels).chain(hidden).collect(),
            deltas,
        }
    }

    /// A layer's inputs and outputs' gradients for a sample.
    fn of(&self, layer: usize, sample: usize) -> (&[f64], &[f64]) {
        let [x, d] = [self.inputs[layer], &self.deltas[layer]];
        let row = |values: &'_ [f64]| values.len() / self.samples;
        let (wide, high) = (row(x), row(d));
        (&x[sample * wide..][..wide], &d[sample * high..][..high])
    }

    /// The scalar products of samples' gradients, the lower half.
    fn gram(&self) -> Vec<f64> {
        let n = self.samples;
        let mut gram = vec![0.0; n * n];
        for layer in 0..self.deltas.len() {
            for i in 0..n {
                let (x, d) = self.of(layer, i);
                for j in 0..=i {
                    let (y, e) = self.of(layer, j);
                    gram[i * n + j] += dot(d, e) * (dot(x, y) + 1.0);
                }
            }
        }
        gram
    }

    /// Each sample's gradient times a vector of all parameters.
    fn times(&self, v: &[f64]) -> Vec<f64> {
        let product = |sample| {
            let each = self
                .model
                .layers()
                .iter()
                .enumerate()
                .map(|(number, layer)| {
                    let (x, d) = self.of(number, sample);
                    let rows =
                        v[layer.weights as usize..layer.biases as usize].chunks_exact(x.len());
                    let biases = &v[layer.biases as usize..];
                    let sums = rows.zip(biases).zip(d).filter(|(_, d)| **d != 0.0);
                    sums.map(|((row, bias), d)| d * (dot(row, x) + bias))
                        .sum::<f64>()
                });
            each.sum()
        };
        (0..self.samples).map(product).collect()
    }

    /// Subtracts the sum of the samples' gradients, each times its number, from `v`.
    fn subtract(&self, numbers: &[f64], v: &mut [f64]) {
        for (number, layer) in self.model.layers().iter().enumerate() {
            let width = layer.padded_inputs as usize;
            for (sample, times) in numbers.iter().enumerate() {
                let (x, d) = self.of(number, sample);
                for (output, d) in d.iter().enumerate().filter(|(_, d)| **d != 0.0) {
                    let row = layer.weights as usize + output * width;
                    let own = v[row..row + width].iter_mut().zip(x);
                    own.for_each(|(v, x)| *v -= times * d * x);
                    v[layer.biases as usize + output] -= times * d;
                }
            }
        }
    }

    /// (λ·I + G·Gᵀ/n)⁻¹ v, G the gradients as columns, by the Woodbury identity: (v − G (n·λ·I +
    /// GᵀG)⁻¹ Gᵀ v) / λ.
    fn inverse(&self, v: &[f64], lambda: f64) -> Vec<f64> {
        let n = self.samples;
        let mut gram = self.gram();
        (0..n).for_each(|i| gram[i * n + i] += n as f64 * lambda);
        let mut numbers = self.times(v);
        solve(&gram, &mut numbers);
        let mut result = v.to_vec();
        self.subtract(&numbers, &mut result);
        result.iter_mut().for_each(|r| *r /= lambda);
        result
    }
}

/// softmax(z) − label, 0 in the padding.
pub(super) fn error(z: &[f64], label: u8) -> Vec<f64> {
    let largest = z[..CLASSES]
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let mut p: Vec<f64> = z[..CLASSES].iter().map(|z| (z - largest).exp()).collect();
    let total: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= total);
    p[usize::from(label)] -= 1.0;
    p.resize(z.len(), 0.0);
    p
}

#[cfg(test)]
mod tests;
