//! The weight gradient and the SGD step that both `*_backward_weights` kernels share.

use std::ops::Range;

use crate::kernel::Learner;

/// One learner's layer: its place among the parameters, and its samples.
pub(super) struct Layer<'a> {
    pub(super) settings: &'a Learner,
    /// Where W [outputs, inputs] lies among the learner's parameters.
    pub(super) weights: Range<usize>,
    /// Where b [outputs] lies.
    pub(super) biases: Range<usize>,
    /// x [rows, inputs].
    pub(super) x: &'a [f32],
    /// dy [rows, outputs].
    pub(super) dy: &'a [f32],
    /// What the summed products are divided by: rows, times the unit of x.
    pub(super) divisor: f32,
    /// The number of rows.
    pub(super) rows: usize,
}

impl Layer<'_> {
    /// Computes the gradient and takes the step, four rows of weights at a time.
    pub(super) fn step(&self, parameters: &mut [f32], velocity: &mut [f32]) {
        let outputs = self.biases.len();
        let inputs = self.weights.len() / outputs;
        let mut gradient = vec![0.0f32; 4 * inputs];
        for first in (0..outputs).step_by(4) {
            let mut bias = self.gradient(first, &mut gradient);
            gradient.iter_mut().for_each(|g| *g /= self.divisor);
            bias.iter_mut().for_each(|b| *b /= self.rows as f32);
            let start = self.weights.start + first * inputs;
            self.descend(&gradient, start, parameters, velocity);
            self.descend(&bias, self.biases.start + first, parameters, velocity);
        }
    }

    /// Sums dy ⊗ x over the rows for the four outputs from `first` on; returns the sums of dy.
    fn gradient(&self, first: usize, gradient: &mut [f32]) -> [f32; 4] {
        let outputs = self.biases.len();
        let inputs = self.weights.len() / outputs;
        gradient.fill(0.0);
        let (g0, rest) = gradient.split_at_mut(inputs);
        let (g1, rest) = rest.split_at_mut(inputs);
        let (g2, g3) = rest.split_at_mut(inputs);
        let mut bias = [0.0; 4];
        for (x, dy) in self
            .x
            .chunks_exact(inputs)
            .zip(self.dy.chunks_exact(outputs))
        {
            let d = &dy[first..first + 4];
            for (bias, d) in bias.iter_mut().zip(d) {
                *bias += d;
            }
            let gradients = g0.iter_mut().zip(&mut *g1).zip(&mut *g2).zip(&mut *g3);
            for ((((g0, g1), g2), g3), x) in gradients.zip(x) {
                *g0 += d[0] * x;
                *g1 += d[1] * x;
                *g2 += d[2] * x;
                *g3 += d[3] * x;
            }
        }
        bias
    }

    /// v ← momentum · v + g + decay · w,  w ← w − rate · v.
    fn descend(&self, gradient: &[f32], at: usize, parameters: &mut [f32], velocity: &mut [f32]) {
        let s = self.settings;
        let range = at..at + gradient.len();
        let state = parameters[range.clone()]
            .iter_mut()
            .zip(&mut velocity[range]);
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
