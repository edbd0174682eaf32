//! Gray images of any size, and filters.

use std::collections::VecDeque;

/// Numbers on a grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    /// [height, width].
    pub(super) values: Vec<f32>,
}

impl Plane {
    pub(super) fn new(width: usize, values: Vec<f32>) -> Self {
        Self {
            width,
            height: values.len() / width.max(1),
            values,
        }
    }

    pub(super) fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        Self::new(self.width, self.values.iter().map(|&v| f(v)).collect())
    }

    /// The values of two planes of one size, combined.
    pub(super) fn with(&self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        Self::new(self.width, pairs.map(|(&a, &b)| f(a, b)).collect())
    }

    /// The values along the edge.
    pub(super) fn ring(&self) -> Vec<f32> {
        let on_edge = |i: &usize| {
            let (x, y) = (i % self.width, i / self.width);
            x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height
        };
        let edge = (0..self.values.len()).filter(on_edge);
        edge.map(|i| self.values[i]).collect()
    }

    /// The mean over a square around each point, as far as it lies in the plane.
    pub(super) fn blur(&self, radius: usize) -> Self {
        self.along_both(|row| means(row, radius))
    }

    /// The largest value in a square around each point. The plane grows by `radius` on every side, since
    /// squares around points outside reach into it too.
    pub(super) fn dilate(&self, radius: usize) -> Self {
        self.along_both(|row| largest(row, radius))
    }

    /// What remains of the plane when all valleys are filled that a square of this radius does not fit
    /// into (a morphological closing). Slopes stay as they are, up to the edge.
    pub(super) fn close(&self, radius: usize) -> Self {
        self.dilate(radius).along_both(|row| {
            let negative: Vec<f32> = row.iter().map(|v| -v).collect();
            let all = largest(&negative, radius);
            all[2 * radius..row.len()].iter().map(|v| -v).collect()
        })
    }

    /// Filters the rows, and then the columns.
    fn along_both(&self, filter: impl Fn(&[f32]) -> Vec<f32>) -> Self {
        self.along_rows(&filter)
            .transposed()
            .along_rows(&filter)
            .transposed()
    }

    fn along_rows(&self, filter: impl Fn(&[f32]) -> Vec<f32>) -> Self {
        let rows = self.values.chunks_exact(self.width);
        let values: Vec<f32> = rows.flat_map(filter).collect();
        Self::new(values.len() / self.height, values)
    }

    fn transposed(&self) -> Self {
        let column = |x| (0..self.height).map(move |y| self.values[y * self.width + x]);
        Self::new(self.height, (0..self.width).flat_map(column).collect())
    }
}

/// Means over windows, as far as they lie in the row.
#[expect(clippy::cast_possible_truncation, reason = "gray values")]
fn means(row: &[f32], radius: usize) -> Vec<f32> {
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for &value in row {
        sum += f64::from(value);
        sums.push(sum);
    }
    let mean = |i: usize| {
        let (start, end) = (i.saturating_sub(radius), (i + radius + 1).min(row.len()));
        ((sums[end] - sums[start]) / (end - start) as f64) as f32
    };
    (0..row.len()).map(mean).collect()
}

/// The largest values in all windows of 2 · radius + 1 that reach into the row.
fn largest(row: &[f32], radius: usize) -> Vec<f32> {
    // Indices whose values fall: the first is the window's largest.
    let mut falling: VecDeque<usize> = VecDeque::new();
    let window = |end: usize| {
        if let Some(&new) = row.get(end) {
            while falling.back().is_some_and(|&i| row[i] <= new) {
                falling.pop_back();
            }
            falling.push_back(end);
        }
        if falling.front().is_some_and(|&i| i + 2 * radius < end) {
            falling.pop_front();
        }
        falling.front().map_or(f32::NEG_INFINITY, |&i| row[i])
    };
    (0..row.len() + 2 * radius).map(window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_agree_with_plain_loops() {
        let row = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        for radius in 0..4usize {
            let at = |end: usize| {
                let window = (end.saturating_sub(2 * radius)..=end).filter_map(|i| row.get(i));
                window.fold(f32::NEG_INFINITY, |a, &b| a.max(b))
            };
            let plain: Vec<f32> = (0..row.len() + 2 * radius).map(at).collect();
            assert_eq!(largest(&row, radius), plain, "{radius}");
        }
        assert_eq!(means(&[1.0, 2.0, 6.0], 1), [1.5, 3.0, 4.0]);
    }

    #[test]
    fn closing_fills_strokes_and_keeps_slopes() {
        let slope: Vec<f32> = (0..12 * 9).map(|i| (i % 12 * 3 + i / 12) as f32).collect();
        let slope = Plane::new(12, slope);
        assert_eq!(slope.close(3), slope);
        let mut drawn = slope.clone();
        drawn.values[4 * 12 + 5] = -9.0;
        drawn.values[5 * 12 + 5] = -9.0;
        let closed = drawn.close(3);
        let off = closed.with(&slope, |a, b| (a - b).abs()).values;
        assert!(off.iter().all(|&off| off <= 4.0), "{off:?}");
    }
}
