//! Membership inference: can an attacker tell from losses whether an image was trained on?

use super::{Kind, Metric, Observed, Scope, mean};
use crate::random::threefry2x32;

/// The starting kit's form (NeurIPS 2023 machine unlearning challenge): a logistic regression on the
/// loss tells training images to forget from test images of the same digits, over ten stratified
/// splits. The accuracy of the attack: ½ is ideal, and so is what retrained networks have.
pub struct StartingKit;

/// MIA-efficacy (Unlearn-Sparse): an attack that tells training images to keep from test images of the
/// same digits; the share of the images to forget that it calls no members. High means that they look
/// as if they had never been trained on.
pub struct Efficacy;

/// Stratified splits.
const SPLITS: u32 = 10;

impl Metric for StartingKit {
    fn name(&self) -> &'static str {
        "MIA"
    }

    fn meaning(&self) -> &'static str {
        "accuracy of an attack on losses, forget images against test images of the same digits; ideal ½"
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.01
    }

    fn values(&self, group: &[Observed], _: &[Observed], task: &Scope) -> Vec<f64> {
        let value = |o: &Observed| attack(&o.forget.losses(), &task.unseen(o).losses());
        group.iter().map(value).collect()
    }
}

impl Metric for Efficacy {
    fn name(&self) -> &'static str {
        "MIA-efficacy"
    }

    fn meaning(&self) -> &'static str {
        "share of forget images called non-members by an attack trained on keep against test; high: unseen"
    }

    fn kind(&self) -> Kind {
        Kind::Membership
    }

    fn resolution(&self) -> f64 {
        0.02
    }

    fn values(&self, group: &[Observed], _: &[Observed], task: &Scope) -> Vec<f64> {
        let value = |o: &Observed| {
            let unseen = o.test.only(|label| !task.forgotten(label)).losses();
            let seen = o.retain.losses();
            let n = seen.len().min(unseen.len());
            let line = Line::fit(&spread(&seen, n), &spread(&unseen, n));
            let out = o.forget.losses();
            out.iter().filter(|x| !line.member(**x)).count() as f64 / out.len() as f64
        };
        group.iter().map(value).collect()
    }
}

/// So many of a list, evenly from all of it: test sets have easier and harder halves.
fn spread(values: &[f64], n: usize) -> Vec<f64> {
    (0..n).map(|i| values[i * values.len() / n]).collect()
}

/// The mean accuracy, over stratified splits into halves, of telling members from others; both sides
/// count alike.
fn attack(members: &[f64], others: &[f64]) -> f64 {
    let n = members.len().min(others.len());
    let accuracies = (0..SPLITS).map(|split| {
        let halves = |values: &[f64], side: u32| {
            let mut order: Vec<usize> = (0..values.len()).collect();
            let number = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
            order.sort_by_key(|&i| threefry2x32([split, side], [number(i), 0]));
            let picked: Vec<f64> = order.iter().take(n).map(|&i| values[i]).collect();
            (picked[..n / 2].to_vec(), picked[n / 2..].to_vec())
        };
        let ((a, a_test), (b, b_test)) = (halves(members, 1), halves(others, 2));
        let line = Line::fit(&a, &b);
        let right = a_test.iter().filter(|x| line.member(**x)).count()
            + b_test.iter().filter(|x| !line.member(**x)).count();
        right as f64 / (a_test.len() + b_test.len()) as f64
    });
    mean(&accuracies.collect::<Vec<_>>())
}

/// A logistic regression with one feature: P(member) = 1 / (1 + exp(−(slope · x + offset))).
struct Line {
    slope: f64,
    offset: f64,
    centre: f64,
    scale: f64,
}

impl Line {
    /// By Newton's method, with a little ridge, so that separable sets have an answer.
    fn fit(members: &[f64], others: &[f64]) -> Self {
        let all: Vec<f64> = members.iter().chain(others).copied().collect();
        let centre = mean(&all);
        let squares: Vec<f64> = all.iter().map(|x| (x - centre).powi(2)).collect();
        let scale = mean(&squares).sqrt().max(1e-12);
        let (mut slope, mut offset) = (0.0f64, 0.0f64);
        for _ in 0..30 {
            let ridge = 1e-3 * all.len() as f64;
            let mut g = [-ridge * slope, 0.0];
            let mut h = [ridge, 0.0, 1e-9];
            let labelled = members.iter().map(|x| (x, 1.0));
            for (x, y) in labelled.chain(others.iter().map(|x| (x, 0.0))) {
                let x = (x - centre) / scale;
                let p = 1.0 / (1.0 + (-(slope * x + offset)).exp());
                let w = p * (1.0 - p);
                g[0] += (y - p) * x;
                g[1] += y - p;
                h[0] += w * x * x;
                h[1] += w * x;
                h[2] += w;
            }
            let det = h[0] * h[2] - h[1] * h[1];
            slope += (h[2] * g[0] - h[1] * g[1]) / det;
            offset += (h[0] * g[1] - h[1] * g[0]) / det;
        }
        Self {
            slope,
            offset,
            centre,
            scale,
        }
    }

    fn member(&self, x: f64) -> bool {
        self.slope * (x - self.centre) / self.scale + self.offset > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separable_sets_are_told_apart_and_identical_ones_are_not() {
        let low: Vec<f64> = (0..200).map(|i| f64::from(i) * 1e-3).collect();
        let high: Vec<f64> = low.iter().map(|x| x + 1.0).collect();
        assert!(attack(&low, &high) > 0.99);
        assert!((attack(&low, &low) - 0.5).abs() < 0.1);
    }

    /// Two normal distributions a standard deviation apart: the best threshold lies halfway, and is
    /// right with Φ(½) = .691.
    #[test]
    fn overlapping_normals_are_told_apart_as_often_as_theory_says() {
        let n = 4000;
        let normal = |i: u32| {
            let [a, b] =
                threefry2x32([i, 5], [0, 0]).map(|w| (f64::from(w) + 0.5) / 4_294_967_296.0);
            (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
        };
        let one: Vec<f64> = (0..n).map(normal).collect();
        let other: Vec<f64> = (n..2 * n).map(|i| normal(i) + 1.0).collect();
        let share = attack(&one, &other);
        assert!((share - 0.691).abs() < 0.015, "{share}");
    }
}
