//! Standardised features, and ridge regression on them.

use super::cholesky::{Cholesky, dot};

/// The shift and the scale that make features of mean 0 and variance 1 over some rows.
pub(super) struct Standard {
    mean: Vec<f64>,
    /// 1/σ, or 0 for a feature that does not vary.
    scale: Vec<f64>,
}

impl Standard {
    /// Over these rows, [rows, width].
    pub(super) fn of(rows: &[&[f32]], width: usize) -> Self {
        let n = rows.len().max(1) as f64;
        let (mut mean, mut variance) = (vec![0.0; width], vec![0.0; width]);
        for row in rows {
            mean.iter_mut()
                .zip(*row)
                .for_each(|(m, x)| *m += f64::from(*x) / n);
        }
        for row in rows {
            let centred = row.iter().zip(&mean).map(|(x, m)| f64::from(*x) - m);
            variance
                .iter_mut()
                .zip(centred)
                .for_each(|(v, d)| *v += d * d / n);
        }
        // What varies by rounding alone does not vary.
        let least = 1e-12 * variance.iter().copied().fold(0.0, f64::max);
        let scale = |v: f64| if v > least { 1.0 / v.sqrt() } else { 0.0 };
        Self {
            scale: variance.into_iter().map(scale).collect(),
            mean,
        }
    }

    /// A row, standardised.
    pub(super) fn apply(&self, row: &[f32]) -> Vec<f64> {
        let shifted = row.iter().zip(&self.mean).map(|(x, m)| f64::from(*x) - m);
        shifted.zip(&self.scale).map(|(x, s)| x * s).collect()
    }
}

/// A linear map from standardised features to numbers.
pub(crate) struct Ridge {
    standard: Standard,
    /// [outputs, width].
    weights: Vec<Vec<f64>>,
    offsets: Vec<f64>,
}

impl Ridge {
    /// Minimises the mean over rows of (wx + b − y)² plus `penalty`·|w|², for every output; targets are
    /// [outputs, rows].
    ///
    /// With centred features, b is the mean of y, and w = (XᵀX + λI)⁻¹Xᵀy = Xᵀ(XXᵀ + λI)⁻¹y with
    /// λ = rows · penalty: the smaller of the two systems is solved.
    pub(crate) fn fit(rows: &[&[f32]], targets: &[Vec<f64>], penalty: f64) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        let standard = Standard::of(rows, width);
        let x: Vec<Vec<f64>> = rows.iter().map(|row| standard.apply(row)).collect();
        let columns = transposed(&x, width);
        let offset = |y: &Vec<f64>| y.iter().sum::<f64>() / y.len().max(1) as f64;
        let offsets: Vec<f64> = targets.iter().map(offset).collect();
        let dual = x.len() < width;
        let factor = Cholesky::of(if dual { &x } else { &columns }, x.len() as f64 * penalty);
        let one = |(y, offset): (&Vec<f64>, &f64)| {
            let y: Vec<f64> = y.iter().map(|y| y - offset).collect();
            match dual {
                true => product(&columns, &factor.solve(y)),
                false => factor.solve(product(&columns, &y)),
            }
        };
        Self {
            weights: targets.iter().zip(&offsets).map(one).collect(),
            standard,
            offsets,
        }
    }

    /// The outputs for a row.
    pub(crate) fn outputs(&self, row: &[f32]) -> Vec<f64> {
        let x = self.standard.apply(row);
        let sums = product(&self.weights, &x).into_iter().zip(&self.offsets);
        sums.map(|(sum, offset)| sum + offset).collect()
    }
}

fn transposed(rows: &[Vec<f64>], width: usize) -> Vec<Vec<f64>> {
    let column = |i: usize| rows.iter().map(|row| row[i]).collect();
    (0..width).map(column).collect()
}

fn product(rows: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    rows.iter().map(|row| dot(row, x)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::examples::normal;
    use super::*;

    #[test]
    fn features_are_standardised_and_what_does_not_vary_vanishes() {
        let rows: [&[f32]; 2] = [&[1.0, 7.0], &[5.0, 7.0]];
        let standard = Standard::of(&rows, 2);
        assert_eq!(standard.apply(rows[0]), [-1.0, 0.0]);
        assert_eq!(standard.apply(&[7.0, 9.0]), [2.0, 0.0]);
    }

    /// One feature, standardised to −1 and 1, and targets 2 and 6: w = 2/(1 + λ), b = 4.
    #[test]
    fn a_single_feature_has_the_slope_of_the_closed_form() {
        let rows: [&[f32]; 2] = [&[10.0], &[30.0]];
        let fit = Ridge::fit(&rows, &[vec![2.0, 6.0]], 0.25);
        assert!((fit.outputs(&[30.0])[0] - 5.6).abs() < 1e-12);
        assert!((fit.outputs(&[20.0])[0] - 4.0).abs() < 1e-12);
    }

    /// [[4, 2], [2, 3]] x = [2, 5]: x = (−1/2, 2), as scalar products of (2, 0) and (1, √2).
    #[test]
    fn the_solver_solves() {
        let vectors = [vec![2.0, 0.0], vec![1.0, 2f64.sqrt()]];
        let x = Cholesky::of(&vectors, 0.0).solve(vec![2.0, 5.0]);
        assert!((x[0] + 0.5).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
    }

    /// The gradient of the loss vanishes, for more rows than features and for fewer.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "a test's numbers")]
    fn no_change_of_the_weights_lowers_the_loss() {
        for (n, width) in [(30usize, 5usize), (6, 20)] {
            let numbers: Vec<f32> = (0..n * width).map(|i| normal(1, i as u32) as f32).collect();
            let rows: Vec<&[f32]> = numbers.chunks_exact(width).collect();
            let target: Vec<f64> = (0..n).map(|i| normal(2, i as u32)).collect();
            let fit = Ridge::fit(&rows, std::slice::from_ref(&target), 0.1);
            for feature in 0..width {
                let term = |(row, y): (&&[f32], &f64)| {
                    let error = fit.outputs(row)[0] - y;
                    error * fit.standard.apply(row)[feature] / n as f64
                };
                let slope: f64 = rows.iter().zip(&target).map(term).sum();
                let gradient = slope + 0.1 * fit.weights[0][feature];
                assert!(gradient.abs() < 1e-9, "{gradient}");
            }
        }
    }
}
