//! Matrices laid over slices, and their product by the crate `matrixmultiply`.

/// Rows of the tallest tile that the library computes at a time: 16 with AVX-512, 8 or fewer
/// elsewhere. A partial tile is rounded differently from a full one, so a product that is divided
/// at other multiples depends on the division.
pub(crate) const GRAIN: usize = 16;

/// A matrix whose elements are a slice, row after row, or column after column.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    /// From one row to the next, and from one column to the next.
    steps: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// The rows of `width` numbers that `values` consists of.
    pub(super) fn new(values: &'a [f32], width: usize) -> Self {
        let rows = values.len() / width;
        assert_eq!(rows * width, values.len());
        Self {
            values,
            rows,
            columns: width,
            steps: [width, 1],
        }
    }

    /// The columns `first`, …, `first + count` − 1.
    pub(super) fn columns(self, first: usize, count: usize) -> Self {
        assert!(self.steps[1] == 1 && first + count <= self.columns);
        let skipped = if self.rows == 0 { 0 } else { first };
        Self {
            values: &self.values[skipped..],
            columns: count,
            ..self
        }
    }

    /// Rows for columns.
    pub(super) fn transposed(self) -> Self {
        let [row, column] = self.steps;
        Self {
            rows: self.columns,
            columns: self.rows,
            steps: [column, row],
            ..self
        }
    }

    /// Whether every element lies in the slice.
    fn is_inside(&self) -> bool {
        let [row, column] = self.steps;
        let empty = self.rows == 0 || self.columns == 0;
        empty || (self.rows - 1) * row + (self.columns - 1) * column < self.values.len()
    }
}

/// C ← α A B + β C, with C row after row; β = 0 overwrites whatever C holds.
///
/// An element's sum does not depend on how many other rows C has, so long as C is divided at
/// multiples of `GRAIN` rows: the library works on tiles from the first row on, and takes each
/// tile's sum in the same order.
#[expect(
    clippy::cast_possible_wrap,
    reason = "steps are shorter than a slice, which is at most isize::MAX bytes"
)]
pub(super) fn product(alpha: f32, a: Matrix<'_>, b: Matrix<'_>, beta: f32, c: &mut [f32]) {
    assert_eq!(a.columns, b.rows);
    assert_eq!(a.rows * b.columns, c.len());
    assert!(a.is_inside() && b.is_inside());
    let (a_steps, b_steps) = (a.steps.map(|s| s as isize), b.steps.map(|s| s as isize));
    let width = b.columns as isize;
    // SAFETY: all elements of A and B lie in their slices, which the assertions above have shown,
    // and those of C, which has a.rows rows of b.columns numbers, in c; c is borrowed mutably, so
    // it overlaps neither.
    #[expect(unsafe_code, reason = "the library takes pointers; see SAFETY")]
    unsafe {
        matrixmultiply::sgemm(
            a.rows,
            a.columns,
            b.columns,
            alpha,
            a.values.as_ptr(),
            a_steps[0],
            a_steps[1],
            b.values.as_ptr(),
            b_steps[0],
            b_steps[1],
            beta,
            c.as_mut_ptr(),
            width,
            1,
        );
    }
}

#[cfg(test)]
mod tests;
