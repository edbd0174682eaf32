//! Linear probe: can the forgotten digits still be separated by a hidden layer?

use super::{Kind, Metric, Observed, Scope};

/// The balanced accuracy of a linear classifier, fitted by ridge regression, that separates the
/// images to forget from those to keep by a hidden layer's activations; fitted on half of the
/// images, evaluated on the others. Chance is ½, but even retrained networks, which never saw the
/// digits, have far more; they are the reference.
pub struct LinearProbe {
    name: String,
    layer: usize,
}

impl LinearProbe {
    /// The index of the hidden layer.
    pub fn new(layer: usize) -> Self {
        Self {
            name: format!("probe {}", layer + 1),
            layer,
        }
    }
}

const RIDGE: f64 = 1e-2;

impl Metric for LinearProbe {
    fn name(&self) -> &str {
        &self.name
    }

    fn family(&self) -> &str {
        "probe"
    }

    fn meaning(&self) -> &'static str {
        "balanced accuracy of a linear probe on this hidden layer, forget against keep; ideal: that of retrained networks"
    }

    fn kind(&self) -> Kind {
        Kind::Inside
    }

    fn resolution(&self) -> f64 {
        0.005
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        let hidden = (&network.forget_hidden, &network.retain_hidden);
        let (forget, retain) = (&hidden.0[self.layer], &hidden.1[self.layer]);
        let width = forget.len() / network.forget.logits.len().max(1);
        vec![accuracy(forget, retain, width)]
    }
}

/// The probe's accuracy on held-out images.
pub fn accuracy(one: &[f32], other: &[f32], width: usize) -> f64 {
    let rows = |values: &[f32], odd: usize| -> Vec<Vec<f64>> {
        let rows = values.chunks_exact(width).skip(odd).step_by(2);
        rows.map(|row| row.iter().map(|v| f64::from(*v)).collect())
            .collect()
    };
    let weights = fit(&rows(one, 0), &rows(other, 0), width);
    let side = |row: &Vec<f64>| {
        let sum: f64 = row.iter().zip(&weights).map(|(x, w)| x * w).sum();
        sum + weights[width] > 0.0
    };
    let share = |rows: &[Vec<f64>], wanted: bool| {
        rows.iter().filter(|row| side(row) == wanted).count() as f64 / rows.len().max(1) as f64
    };
    f64::midpoint(share(&rows(one, 1), true), share(&rows(other, 1), false))
}

/// Ridge regression to +1 and −1, both classes weighted equally; the last weight is the bias.
fn fit(one: &[Vec<f64>], other: &[Vec<f64>], width: usize) -> Vec<f64> {
    let n = width + 1;
    let mut a = vec![0.0; n * n];
    let mut b = vec![0.0; n];
    for (rows, target) in [(one, 1.0), (other, -1.0)] {
        let weight = 1.0 / rows.len().max(1) as f64;
        for row in rows {
            let x = |i: usize| if i < width { row[i] } else { 1.0 };
            for i in 0..n {
                let wi = weight * x(i);
                b[i] += wi * target;
                if wi != 0.0 {
                    // The solver reads only this half.
                    for j in 0..=i {
                        a[i * n + j] += wi * x(j);
                    }
                }
            }
        }
    }
    for i in 0..n {
        a[i * n + i] += RIDGE;
    }
    solve(&mut a, &mut b, n);
    b
}

/// Solves A x = b in place by Cholesky decomposition, for a symmetric positive definite A. Reads
/// the lower half of A.
pub(crate) fn solve(a: &mut [f64], b: &mut [f64], n: usize) {
    for j in 0..n {
        for i in j..n {
            let sum: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let value = a[i * n + j] - sum;
            a[i * n + j] = if i == j {
                value.max(1e-300).sqrt()
            } else {
                value / a[j * n + j]
            };
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| a[i * n + k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;
    use crate::random::threefry2x32;

    fn cloud(seed: u32, shift: f32) -> Vec<f32> {
        let number = |i| (threefry2x32([seed, 0], [i, 0])[0] >> 8) as f32 / 16_777_216.0 + shift;
        (0..4 * 500).map(number).collect()
    }

    #[test]
    fn separable_clouds_are_told_apart_and_equal_ones_are_not() {
        assert!(accuracy(&cloud(1, 0.0), &cloud(2, 1.0), 4) > 0.99);
        let chance = accuracy(&cloud(1, 0.0), &cloud(2, 0.0), 4);
        assert!((chance - 0.5).abs() < 0.08, "{chance}");
    }

    /// The first layer separates the images, the second does not.
    #[test]
    fn every_layer_has_a_probe_of_its_own() {
        let network = Observed {
            forget: outputs(&[0; 500], &[5; 500], 1.0),
            forget_hidden: vec![cloud(1, 0.0), cloud(3, 0.0)],
            retain_hidden: vec![cloud(2, 1.0), cloud(4, 0.0)],
            ..Default::default()
        };
        let task = Scope::Digits(vec![5]);
        let of = |layer| LinearProbe::new(layer).features(&network, &task)[0];
        assert!(of(0) > 0.99 && of(1) < 0.6, "{} {}", of(0), of(1));
    }

    #[test]
    fn the_solver_solves() {
        // [[4, 2], [2, 3]] x = [2, 5]: x = (−1/2, 2).
        let (mut a, mut b) = (vec![4.0, 2.0, 2.0, 3.0], vec![2.0, 5.0]);
        solve(&mut a, &mut b, 2);
        assert!((b[0] + 0.5).abs() < 1e-12 && (b[1] - 2.0).abs() < 1e-12);
    }
}
