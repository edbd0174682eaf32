//! The weight gradient and the SGD step that both `*_backward_weights` kernels share.

use std::cell::RefCell;
use std::ops::Range;

use super::Learner;
use super::ink::Ink;
use super::matrix::{Matrix, product};
use super::slot::Slot;

/// Takes the step of some outputs of a layer; the buffers are parameters and velocity.
pub(super) type Step = fn(&SgdLayer<'_>, &mut Slot<'_>, &mut Slot<'_>);

/// Some outputs of one learner's layer: their place among the parameters, and its samples.
pub(super) struct SgdLayer<'a> {
    pub(super) settings: Learner,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// The outputs that are meant.
    pub(super) units: Range<usize>,
    /// Where their rows of W lie.
    pub(super) weights: Range<usize>,
    /// Where their elements of b lie.
    pub(super) biases: Range<usize>,
    /// x [rows, inputs].
    pub(super) x: Inputs<'a>,
    /// dy [rows, outputs].
    pub(super) dy: &'a [f32],
    /// The number that stands for 1 in x.
    pub(super) unit: f32,
    /// The number of rows.
    pub(super) rows: f32,
}

/// What a layer saw.
#[derive(Clone, Copy)]
pub(super) enum Inputs<'a> {
    Numbers(&'a [f32]),
    /// Images; dy is finite.
    Ink(&'a Ink<'a>),
}

/// With more rows than this the library rounds its sum in between, which a weight must not suffer.
const DEPTH: f32 = 256.0;

thread_local! {
    /// A gradient; the thread keeps the memory for the next ones.
    static GRADIENT: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// By matrix products: straight into the weights where nothing but the gradient moves them, which
/// saves writing it down.
pub(super) fn products(layer: &SgdLayer<'_>, parameters: &mut Slot<'_>, velocity: &mut Slot<'_>) {
    let s = &layer.settings;
    let divisor = layer.unit * layer.rows;
    if s.momentum == 0.0 && s.decay == 0.0 && layer.rows <= DEPTH {
        let weights = parameters.write::<f32>(layer.weights.clone());
        layer.add(-s.rate / divisor, weights);
    } else {
        GRADIENT.with_borrow_mut(|gradient| {
            gradient.clear();
            gradient.resize(layer.weights.len(), 0.0);
            layer.add(1.0 / divisor, gradient);
            layer.descend(gradient, layer.weights.start, parameters, velocity);
        });
    }
    layer.biases(parameters, velocity);
}

/// By plain loops, four rows of weights at a time.
pub(super) fn loops(layer: &SgdLayer<'_>, parameters: &mut Slot<'_>, velocity: &mut Slot<'_>) {
    let inputs = layer.inputs;
    let mut gradient = vec![0.0f32; 4 * inputs];
    for first in layer.units.clone().step_by(4) {
        layer.gradient(first, &mut gradient);
        let divisor = layer.unit * layer.rows;
        gradient.iter_mut().for_each(|g| *g /= divisor);
        let start = layer.weights.start + (first - layer.units.start) * inputs;
        layer.descend(&gradient, start, parameters, velocity);
    }
    layer.biases(parameters, velocity);
}

impl SgdLayer<'_> {
    /// C ← scale · dyᵀ x + C for the outputs that are meant, the fast way.
    fn add(&self, scale: f32, c: &mut [f32]) {
        match self.x {
            Inputs::Ink(ink) => ink.backward(self.dy, self.outputs, self.units.start, scale, c),
            Inputs::Numbers(x) => {
                let dy = Matrix::new(self.dy, self.outputs);
                let dy = dy.columns(self.units.start, self.units.len()).transposed();
                product(scale, dy, Matrix::new(x, self.inputs), 1.0, c);
            }
        }
    }

    /// Sums dy ⊗ x over the rows for the four outputs from `first` on.
    fn gradient(&self, first: usize, gradient: &mut [f32]) {
        gradient.fill(0.0);
        let (g0, rest) = gradient.split_at_mut(self.inputs);
        let (g1, rest) = rest.split_at_mut(self.inputs);
        let (g2, g3) = rest.split_at_mut(self.inputs);
        let Inputs::Numbers(x) = self.x else {
            unreachable!("plain loops get numbers");
        };
        let samples = x.chunks_exact(self.inputs);
        for (x, dy) in samples.zip(self.dy.chunks_exact(self.outputs)) {
            let d = &dy[first..first + 4];
            let gradients = g0.iter_mut().zip(&mut *g1).zip(&mut *g2).zip(&mut *g3);
            for ((((g0, g1), g2), g3), x) in gradients.zip(x) {
                *g0 += d[0] * x;
                *g1 += d[1] * x;
                *g2 += d[2] * x;
                *g3 += d[3] * x;
            }
        }
    }

    /// The step of the biases, four at a time.
    fn biases(&self, parameters: &mut Slot<'_>, velocity: &mut Slot<'_>) {
        for (place, first) in self.units.clone().step_by(4).enumerate() {
            let mut gradient = [0.0f32; 4];
            for dy in self.dy.chunks_exact(self.outputs) {
                for (g, d) in gradient.iter_mut().zip(&dy[first..first + 4]) {
                    *g += d;
                }
            }
            gradient.iter_mut().for_each(|g| *g /= self.rows);
            self.descend(
                &gradient,
                self.biases.start + 4 * place,
                parameters,
                velocity,
            );
        }
    }

    /// v ← momentum · v + g + decay · w,  w ← w − rate · v.
    fn descend(
        &self,
        gradient: &[f32],
        at: usize,
        parameters: &mut Slot<'_>,
        velocity: &mut Slot<'_>,
    ) {
        let s = self.settings;
        let range = at..at + gradient.len();
        let velocity = velocity.write::<f32>(range.clone());
        let state = parameters.write::<f32>(range).iter_mut().zip(velocity);
        for (g, (w, v)) in gradient.iter().zip(state) {
            let mut next = g + s.decay * *w;
            if s.momentum != 0.0 {
                next += s.momentum * *v;
                *v = next;
            }
            *w -= s.rate * next;
        }
    }
}
