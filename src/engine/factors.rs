//! Which weights a method trains, which it replaces, and how fast.

use super::{Engine, SECOND, Subject, Weights};
use crate::error::Result;
use crate::methods::{Factors, msg};
use crate::model::Model;
use crate::population::{Importance, Recipe};

impl Engine<'_> {
    /// The fraction of its step that each weight takes, [taught, model.parameters()].
    pub(super) fn factors(
        &self,
        factors: Factors,
        taught: &[Recipe],
        subject: &Subject<'_>,
    ) -> Result<Weights> {
        let size = self.size();
        let networks = 0..taught.len();
        let of = |values: &[f32], network: usize| values[network * size..][..size].to_vec();
        Ok(match factors {
            Factors::Last => taught
                .iter()
                .flat_map(|r| last(&self.model, r.strength))
                .collect(),
            Factors::Salient => {
                let salience = self.importance(subject, true, Importance::Gradient)?;
                let mask = |n| salient(&of(&salience, n), taught[n].strength, self.model.weights());
                networks.flat_map(mask).collect()
            }
            Factors::Specific => {
                let forget = self.importance(subject, true, Importance::Fisher)?;
                let retain = self.importance(subject, false, Importance::Fisher)?;
                let pairs = forget.iter().zip(&retain);
                pairs.map(|(f, r)| f32::from(u8::from(f >= r))).collect()
            }
            Factors::Renewed => {
                let masks = self.renewed(subject, |n| taught[n].strength)?;
                let layers = self.model.layers();
                let end = layers[layers.len() - 1].weights as usize;
                let slow =
                    |(at, renewed): (usize, bool)| match !renewed && is_weight(layers, at, end) {
                        true => msg::SLOW,
                        false => 1.0,
                    };
                let each = masks
                    .into_iter()
                    .map(|mask| mask.into_iter().enumerate().map(slow));
                each.flatten().collect()
            }
        })
    }

    /// Puts weights of fresh networks in place of that share of each hidden layer's matrix, where
    /// gradients of forget and retain samples differ least.
    pub(super) fn renew(
        &self,
        weights: &mut Weights,
        subject: &Subject<'_>,
        share: f32,
    ) -> Result<()> {
        let fresh = self.strangers(subject)?;
        let masks = self.renewed(subject, |_| share)?;
        let pairs = weights.iter_mut().zip(&fresh).zip(masks.iter().flatten());
        for ((w, fresh), renewed) in pairs {
            if *renewed {
                *w = *fresh;
            }
        }
        Ok(())
    }

    /// Networks with fresh weights, none of them those that a learner started from.
    pub(super) fn strangers(&self, subject: &Subject<'_>) -> Result<Weights> {
        let numbers = subject.task.numbers.iter();
        self.fresh(&numbers.map(|n| 2 * SECOND + n).collect::<Vec<_>>())
    }

    fn renewed(
        &self,
        subject: &Subject<'_>,
        share: impl Fn(usize) -> f32,
    ) -> Result<Vec<Vec<bool>>> {
        let forget = self.importance(subject, true, Importance::Gradient)?;
        let retain = self.importance(subject, false, Importance::Gradient)?;
        let pairs = forget
            .chunks_exact(self.size())
            .zip(retain.chunks_exact(self.size()));
        let mask = |(n, (f, r)): (usize, (&[f32], &[f32]))| {
            let apart: Vec<f32> = f.iter().zip(r).map(|(f, r)| (r - f).abs()).collect();
            smallest(&self.model, &apart, share(n))
        };
        Ok(pairs.enumerate().map(mask).collect())
    }
}

/// Whether a parameter is one of a matrix that ends before `end`, and not a bias.
fn is_weight(layers: &[crate::model::Layer], at: usize, end: usize) -> bool {
    let inside = |l: &crate::model::Layer| (l.weights as usize..l.biases as usize).contains(&at);
    at < end && layers.iter().any(inside)
}

/// 1 for that many layers from the last one on, 0 for those before.
fn last(model: &Model, count: f32) -> Vec<f32> {
    let layers = model.layers();
    let first = layers
        .iter()
        .rev()
        .zip(1u8..)
        .filter(|(_, n)| f32::from(*n) <= count)
        .last();
    let start = first.map_or(model.parameters(), |(layer, _)| layer.weights);
    (0..model.parameters())
        .map(|at| f32::from(u8::from(at >= start)))
        .collect()
}

/// 1 for the share of `count` weights whose salience has the largest magnitude, and for others with
/// the same one; 0 for the rest, and where the salience is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
fn salient(salience: &[f32], share: f32, count: usize) -> Vec<f32> {
    let wanted = (f64::from(share) * count as f64) as usize;
    let mut sizes: Vec<f32> = salience.iter().map(|s| s.abs()).collect();
    let Some(place) = wanted.min(sizes.len()).checked_sub(1) else {
        return vec![0.0; salience.len()];
    };
    let (_, threshold, _) = sizes.select_nth_unstable_by(place, |a, b| b.total_cmp(a));
    let threshold = threshold.max(f32::MIN_POSITIVE);
    let mask = |s: &f32| f32::from(u8::from(s.abs() >= threshold));
    salience.iter().map(mask).collect()
}

/// Whether a weight is among that share of its hidden layer's matrix with the smallest values; of
/// equal ones the first are.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
fn smallest(model: &Model, values: &[f32], share: f32) -> Vec<bool> {
    let mut mask = vec![false; values.len()];
    let layers = model.layers();
    for layer in &layers[..layers.len() - 1] {
        let row = |output: u32| {
            let start = layer.weights + output * layer.padded_inputs;
            start..start + layer.inputs
        };
        let mut places: Vec<usize> = (0..layer.outputs)
            .flat_map(row)
            .map(|at| at as usize)
            .collect();
        let wanted = (f64::from(share) * places.len() as f64).round() as usize;
        places.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        places[..wanted.min(places.len())]
            .iter()
            .for_each(|&at| mask[at] = true);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_layers_move_and_no_others() {
        let model = Model::new(&[6, 5]).unwrap();
        let starts: Vec<usize> = model.layers().iter().map(|l| l.weights as usize).collect();
        for (count, start) in [(1.0, starts[2]), (2.0, starts[1]), (3.0, 0), (9.0, 0)] {
            let factors = last(&model, count);
            assert_eq!(factors.len(), model.parameters() as usize);
            assert!(factors[..start].iter().all(|f| *f == 0.0), "{count}");
            assert!(factors[start..].iter().all(|f| *f == 1.0), "{count}");
        }
        assert!(last(&model, 0.0).iter().all(|f| *f == 0.0));
    }

    #[test]
    fn the_most_salient_are_a_share_of_all() {
        let salience = [0.0, -4.0, 1.0, 0.0, 3.0, -2.0, 0.0, 0.5];
        assert_eq!(
            salient(&salience, 0.25, 8),
            [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        );
        // What has none stays out, whatever the share.
        assert_eq!(
            salient(&salience, 1.0, 8),
            [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
        );
        // The padding of four of these eight numbers is no weight.
        assert_eq!(salient(&salience, 0.5, 4), salient(&salience, 0.25, 8));
        assert!(salient(&salience, 0.0, 8).iter().all(|f| *f == 0.0));
    }

    #[test]
    fn the_smallest_of_every_hidden_layer_are_replaced() {
        let model = Model::new(&[6, 5]).unwrap();
        // The value of a weight is its place, from behind.
        let values: Vec<f32> = (0..model.parameters()).rev().map(|at| at as f32).collect();
        let mask = smallest(&model, &values, 0.5);
        let chosen = |layer: &crate::model::Layer| -> Vec<u32> {
            (layer.weights..layer.biases)
                .filter(|&at| mask[at as usize])
                .collect()
        };
        let [first, second, third] = model.layers() else {
            panic!("three layers");
        };
        // The last three of six units; the last 15 of 30 weights without the padding.
        assert_eq!(chosen(first), (3 * 784..6 * 784).collect::<Vec<_>>());
        let rows = (2..5).flat_map(|output: u32| {
            let start = second.weights + 8 * output;
            let from = if output == 2 { 3 } else { 0 };
            start + from..start + 6
        });
        assert_eq!(chosen(second), rows.collect::<Vec<_>>());
        assert!(chosen(third).is_empty());
        assert_eq!(mask.iter().filter(|m| **m).count(), 3 * 784 + 15);
    }
}
