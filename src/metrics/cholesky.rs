//! Cholesky decomposition, and systems of equations by it.

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four independent sums, to vectorise.
    let mut sums = [0.0; 4];
    let (a, a_rest) = a.as_chunks::<4>();
    let (b, b_rest) = b.as_chunks::<4>();
    for (a, b) in a.iter().zip(b) {
        (0..4).for_each(|i| sums[i] += a[i] * b[i]);
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

/// The lower triangle L of a symmetric positive definite matrix LLᵀ.
pub(crate) struct Cholesky {
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    /// Of the scalar products of these vectors, with `ridge` added to the diagonal.
    pub(crate) fn of(vectors: &[Vec<f64>], ridge: f64) -> Self {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(vectors.len());
        for (i, one) in vectors.iter().enumerate() {
            let mut row = Vec::with_capacity(i + 1);
            for j in 0..i {
                let sum = dot(one, &vectors[j]) - dot(&row, &rows[j][..j]);
                row.push(sum / rows[j][j]);
            }
            let square = dot(one, one) + ridge - dot(&row, &row);
            row.push(square.max(1e-300).sqrt());
            rows.push(row);
        }
        Self { rows }
    }

    /// x of LLᵀx = b.
    pub(crate) fn solve(&self, mut b: Vec<f64>) -> Vec<f64> {
        for (i, row) in self.rows.iter().enumerate() {
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
        for (i, row) in self.rows.iter().enumerate().rev() {
            b[i] /= row[i];
            let own = b[i];
            b[..i].iter_mut().zip(row).for_each(|(b, l)| *b -= l * own);
        }
        b
    }
}

/// Solves A x = b in place, for a symmetric positive definite A, [n, n], of which the lower half is
/// read.
pub(crate) fn solve(a: &[f64], b: &mut Vec<f64>) {
    let n = b.len();
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(n);
    for (i, own) in a.chunks_exact(n).enumerate() {
        let mut row = Vec::with_capacity(i + 1);
        for j in 0..i {
            row.push((own[j] - dot(&row, &rows[j][..j])) / rows[j][j]);
        }
        row.push((own[i] - dot(&row, &row)).max(1e-300).sqrt());
        rows.push(row);
    }
    *b = Cholesky { rows }.solve(std::mem::take(b));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [[4, 2], [2, 3]] x = [2, 5]: x = [−½, 2].
    #[test]
    fn a_system_of_two_has_the_solution_by_hand() {
        let mut b = vec![2.0, 5.0];
        solve(&[4.0, f64::NAN, 2.0, 3.0], &mut b);
        assert!(
            (b[0] + 0.5).abs() < 1e-12 && (b[1] - 2.0).abs() < 1e-12,
            "{b:?}"
        );
    }
}
