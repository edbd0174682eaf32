//! Training in plain f64 loops: one learner, one sample, one layer at a time. Code of its own: it
//! shares nothing with the devices but the images, the sample order, and the
//! initial weights.
//!
//! The same loops train with the rounding errors of f32 arithmetic put in by chance, each where it
//! arises and as large as it may be; see [`Arithmetic`].

use super::Task;
use crate::data::PIXELS;
use crate::kernels::{INDEX, SOFT};
use crate::model::Layer;
use crate::population::Recipe;
use crate::random::{permuted, threefry2x32};
use crate::record::CLASSES;

/// What a rounding to f32 may be off by, as a share of the number: WGSL lets it go to either of
/// the two neighbours.
const SINGLE: f64 = 1.0 / 8_388_608.0;
/// Such roundings in a division: WGSL allows 2.5 units in the last place.
const DIVISION: f64 = 2.5;
/// In a logarithm: an absolute error of 2⁻²¹ around 1, elsewhere three of its value's units.
const LOGARITHM: [f64; 2] = [4.0, 3.0];
/// In exp(x): 3 + 2|x|.
const EXPONENTIAL: [f64; 2] = [3.0, 2.0];

/// f64 arithmetic that is disturbed by random errors, uniform within what may be expected of
/// another, coarser arithmetic. Bounds are in roundings to f32.
#[derive(Debug)]
pub(super) struct Arithmetic {
    unit: f64,
    state: u64,
    side: Option<f64>, // every draw, in place of chance
}

impl Arithmetic {
    /// The errors of f32, `times` as large, another set for every `seed`. None: f64 as it is.
    pub(super) fn new(times: f64, seed: u64) -> Self {
        Self {
            unit: times * SINGLE,
            state: seed.wrapping_mul(0xd1b5_4a32_d192_ed03),
            side: None,
        }
    }

    /// Every error of f32 is this share of what it may be, and to the same side.
    #[cfg(test)]
    pub(super) fn one_sided(side: f64) -> Self {
        Self {
            side: Some(side),
            ..Self::new(1.0, 0)
        }
    }

    /// A number in [−1, 1): SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
    /// generators", 2014). Threefry would take most of the time.
    fn draw(&mut self) -> f64 {
        if let Some(side) = self.side {
            return side;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// `value`, reached through roundings of numbers whose magnitudes add up to `rounded`.
    fn off(&mut self, value: f64, rounded: f64) -> f64 {
        let share = self.draw();
        self.off_by(value, rounded, share)
    }

    /// `value`, off by this share of what it may be.
    fn off_by(&self, value: f64, rounded: f64, share: f64) -> f64 {
        value + self.unit * rounded * share
    }

    /// Sums of `terms` products, in whatever order, whose magnitudes add up to `sizes`.
    fn sums(&mut self, sums: &mut [f64], sizes: &[f64], terms: usize) {
        let root = (terms as f64).sqrt();
        for (sum, size) in sums.iter_mut().zip(sizes) {
            *sum = self.off(*sum, root * size);
        }
    }
}

/// Adds `x` · `row` to the sums, and its magnitudes to the sizes.
fn accumulate(sums: &mut [f64], sizes: &mut [f64], x: f64, row: &[f64]) {
    for ((sum, size), w) in sums.iter_mut().zip(sizes).zip(row) {
        let product = x * w;
        *sum += product;
        *size += product.abs();
    }
}

/// A dense layer: y = x W + b.
#[derive(Debug)]
struct Dense {
    inputs: usize,
    outputs: usize,
    weights: Vec<f64>, // [inputs + 1, outputs]: the last row is b, as weights of an input of 1
    velocity: Vec<f64>, // the same
    steady: Vec<f64>,  // the same: which share of a rounding each weight is off by in every step
}

impl Dense {
    fn new(layer: &Layer, number: u32, key: [u32; 2], arithmetic: &mut Arithmetic) -> Self {
        let bound = (6.0 / layer.inputs as f32).sqrt();
        let mut weights = Vec::new();
        for input in 0..layer.inputs {
            weights.extend((0..layer.outputs).map(|output| {
                let bits = threefry2x32(key, [output * layer.inputs + input, number])[0];
                f64::from(((bits >> 8) as f32 / 8_388_608.0 - 1.0) * bound)
            }));
        }
        weights.extend((0..layer.outputs).map(|_| 0.0));
        Self {
            inputs: layer.inputs as usize,
            outputs: layer.outputs as usize,
            velocity: vec![0.0; weights.len()],
            steady: weights.iter().map(|_| arithmetic.draw()).collect(),
            weights,
        }
    }

    /// y [outputs] of one sample x [inputs].
    fn forward(&self, arithmetic: &mut Arithmetic, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; self.outputs];
        let mut sizes = vec![0.0; self.outputs];
        let mut terms = 0;
        let rows = self.weights.chunks_exact(self.outputs);
        for (&x, row) in x.iter().chain(&[1.0]).zip(rows) {
            if x != 0.0 {
                accumulate(&mut y, &mut sizes, x, row);
                terms += 1;
            }
        }
        arithmetic.sums(&mut y, &sizes, terms);
        y
    }

    /// The loss's gradient for x [inputs], the output of a ReLU, from the one for y.
    fn backward(&self, arithmetic: &mut Arithmetic, dy: &[f64], x: &[f64]) -> Vec<f64> {
        let root = (self.outputs as f64).sqrt();
        let rows = self.weights.chunks_exact(self.outputs);
        let gradient = |(&x, row): (&f64, &[f64])| {
            if x <= 0.0 {
                return 0.0;
            }
            let products = dy.iter().zip(row).map(|(d, w)| d * w);
            let (sum, size) = products.fold((0.0, 0.0), |(s, a), p| (s + p, a + p.abs()));
            arithmetic.off(sum, root * size)
        };
        x.iter().zip(rows).map(gradient).collect()
    }

    /// The step of stochastic gradient descent, from all samples' x and dy.
    fn descend(&mut self, arithmetic: &mut Arithmetic, batch: (&Rows, &Rows), s: &Recipe) {
        let (x, dy) = batch;
        let [rate, momentum, decay] = [s.rate, s.momentum, s.decay].map(f64::from);
        let count = x.len() as f64;
        let mut sums = vec![0.0; self.outputs];
        let mut sizes = vec![0.0; self.outputs];
        for input in 0..=self.inputs {
            sums.fill(0.0);
            sizes.fill(0.0);
            let mut terms = 0;
            for (x, dy) in x.iter().zip(dy) {
                let x = x.get(input).copied().unwrap_or(1.0);
                if x != 0.0 {
                    accumulate(&mut sums, &mut sizes, x, dy);
                    terms += 1;
                }
            }
            let root = f64::from(terms).sqrt();
            let row = input * self.outputs..(input + 1) * self.outputs;
            let velocity = &mut self.velocity[row.clone()];
            let steady = &self.steady[row.clone()];
            let weights = self.weights[row].iter_mut().zip(velocity).zip(steady);
            for (((w, v), steady), (sum, size)) in weights.zip(sums.iter().zip(&sizes)) {
                let mean = sum / count;
                let g = mean + decay * *w;
                let kept = momentum * *v;
                *v = kept + g;
                let rounded = root * size / count + DIVISION * mean.abs();
                *v = arithmetic.off(*v, rounded + g.abs() + kept.abs() + v.abs());
                *w -= rate * *v;
                *w = arithmetic.off_by(*w, w.abs() + (rate * *v).abs(), *steady);
            }
        }
    }
}

/// Counts as the sample order takes them.
fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// One vector for each sample of a batch.
type Rows = Vec<Vec<f64>>;

/// A learner in training.
#[derive(Debug)]
pub(super) struct Trainee<'a> {
    task: &'a Task,
    taught: &'a Recipe,
    layers: Vec<Dense>,
    arithmetic: Arithmetic,
    steps: u32,
}

impl<'a> Trainee<'a> {
    /// Learner number `learner` of the task, with its initial weights.
    pub(super) fn new(task: &'a Task, learner: usize, mut arithmetic: Arithmetic) -> Self {
        let key = task.weights[learner];
        let layers = (0..).zip(task.model.layers());
        let layers = layers
            .map(|(n, layer)| Dense::new(layer, n, key, &mut arithmetic))
            .collect();
        Self {
            task,
            taught: &task.learners[learner],
            layers,
            arithmetic,
            steps: 0,
        }
    }

    /// The order entries of the present step.
    fn entries(&self) -> Vec<u32> {
        let samples = &self.taught.samples;
        let n = word(samples.len());
        let batch = word(self.task.batch);
        let first = self.steps * batch;
        let entry = |at: u32| samples[permuted(self.taught.key, at / n, n, at % n) as usize];
        (first..first + batch).map(entry).collect()
    }

    /// The target distribution of an order entry.
    fn target(&self, entry: u32) -> [f64; CLASSES] {
        if entry & SOFT != 0 {
            return self.taught.soft_target.map(f64::from);
        }
        let label = usize::from(self.task.images.labels[(entry & INDEX) as usize]);
        std::array::from_fn(|digit| if digit == label { 1.0 } else { 0.0 })
    }

    /// One step: the batch's mean loss before it, in nats; it is to be added to those of a stretch
    /// of `stretch` steps, which rounds as well.
    pub(super) fn step(&mut self, stretch: f64) -> f64 {
        let entries = self.entries();
        let image = |entry: &u32| {
            let image = &self.task.images.pixels[(entry & INDEX) as usize * PIXELS..][..PIXELS];
            image.iter().map(|&p| f64::from(p) / 255.0).collect()
        };
        let mut inputs: Vec<Rows> = vec![entries.iter().map(image).collect()];
        let last = self.layers.len() - 1;
        for layer in &self.layers[..last] {
            let relu = |x: &Vec<f64>| {
                let y = layer.forward(&mut self.arithmetic, x);
                y.into_iter().map(|y| y.max(0.0)).collect()
            };
            let hidden = inputs[inputs.len() - 1].iter().map(relu).collect();
            inputs.push(hidden);
        }
        let mut losses = 0.0;
        let mut dy = Rows::new();
        for (x, &entry) in inputs[last].iter().zip(&entries) {
            let logits = self.layers[last].forward(&mut self.arithmetic, x);
            let target = self.target(entry);
            let (loss, gradient) = cross_entropy(&mut self.arithmetic, &logits, target);
            losses += loss;
            dy.push(gradient);
        }
        self.descend(&inputs, dy);
        self.steps += 1;
        let rows = entries.len() as f64;
        let mean = losses / rows;
        let sums = rows.sqrt() + stretch;
        self.arithmetic.off(mean, (sums + DIVISION) * mean)
    }

    /// Gradients from the logits down, each layer's weights moving once it has been passed.
    fn descend(&mut self, inputs: &[Rows], mut dy: Rows) {
        for (number, layer) in self.layers.iter_mut().enumerate().rev() {
            let x = &inputs[number];
            let mut below = Rows::new();
            if number > 0 {
                let samples = dy.iter().zip(x);
                let arithmetic = &mut self.arithmetic;
                below.extend(samples.map(|(dy, x)| layer.backward(arithmetic, dy, x)));
            }
            layer.descend(&mut self.arithmetic, (x, &dy), self.taught);
            dy = below;
        }
    }

    /// All parameters in the model's layout: [outputs, inputs] and padded with zeros.
    pub(super) fn parameters(&self) -> Vec<f64> {
        let mut parameters = vec![0.0; self.task.model.parameters() as usize];
        for (layer, place) in self.layers.iter().zip(self.task.model.layers()) {
            for output in 0..layer.outputs {
                let row = place.weights as usize + output * place.padded_inputs as usize;
                let weight = |input: usize| layer.weights[input * layer.outputs + output];
                for input in 0..layer.inputs {
                    parameters[row + input] = weight(input);
                }
                parameters[place.biases as usize + output] = weight(layer.inputs);
            }
        }
        parameters
    }
}

/// log Σ exp(z) − Σ t z of one sample, and softmax(z) − t.
fn cross_entropy(
    arithmetic: &mut Arithmetic,
    logits: &[f64],
    target: [f64; CLASSES],
) -> (f64, Vec<f64>) {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut shifted = Vec::new();
    let mut powers = Vec::new();
    for z in logits {
        let s = z - largest;
        shifted.push(arithmetic.off(s, s.abs()));
        let power = s.exp();
        let [always, by_size] = EXPONENTIAL;
        powers.push(arithmetic.off(power, (always + by_size * s.abs()) * power));
    }
    let root = (CLASSES as f64).sqrt();
    let total: f64 = powers.iter().sum();
    let total = arithmetic.off(total, root * total);
    let apart: f64 = target.iter().zip(&shifted).map(|(t, s)| t * s).sum();
    let [near_one, elsewhere] = LOGARITHM;
    let log = total.ln();
    let log = arithmetic.off(log, near_one.max(elsewhere * log));
    let loss = arithmetic.off(log - apart, root * (log.abs() + apart.abs()));
    let gradient = powers.iter().zip(target).map(|(power, t)| {
        let p = power / total;
        arithmetic.off(p - t, DIVISION * p + (p - t).abs())
    });
    (loss, gradient.collect())
}
