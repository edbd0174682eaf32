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
    /// Computes the gradient and takes the step, row of weights by row of weights.
    pub(super) fn step(&self, parameters: &mut [f32], velocity: &mut [f32]) {
        let outputs = self.biases.len();
        let inputs = self.weights.len() / outputs;
        let mut gradient = vec![0.0f32; inputs];
        for output in 0..outputs {
            gradient.fill(0.0);
            let mut bias = 0.0;
            for (x, dy) in self
                .x
                .chunks_exact(inputs)
                .zip(self.dy.chunks_exact(outputs))
            {
                let d = dy[output];
                bias += d;
                for (g, x) in gradient.iter_mut().zip(x) {
                    *g += d * x;
                }
            }
            gradient.iter_mut().for_each(|g| *g /= self.divisor);
            let row =
                self.weights.start + output * inputs..self.weights.start + (output + 1) * inputs;
            self.descend(&gradient, &mut parameters[row.clone()], &mut velocity[row]);
            let at = self.biases.start + output..self.biases.start + output + 1;
            let bias = [bias / self.rows as f32];
            self.descend(&bias, &mut parameters[at.clone()], &mut velocity[at]);
        }
    }

    /// v ← momentum · v + g + decay · w,  w ← w − rate · v.
    fn descend(&self, gradient: &[f32], weights: &mut [f32], velocity: &mut [f32]) {
        let s = self.settings;
        for ((g, w), v) in gradient.iter().zip(weights).zip(velocity) {
            let mut next = g + s.decay * *w;
            if s.momentum != 0.0 {
                next += s.momentum * *v;
                *v = next;
            }
            *w -= s.rate * next;
        }
    }
}
