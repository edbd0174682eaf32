use super::*;

/// Small integers: every order of summation gives the same.
fn integers(count: usize) -> Vec<f32> {
    (0u16..)
        .map(|n| f32::from(n * 7 % 11) - 5.0)
        .take(count)
        .collect()
}

#[test]
fn views_and_their_transposes_are_multiplied() {
    let (x, w) = (integers(5 * 12), integers(6 * 12));
    let mut c = vec![f32::NAN; 30];
    product(
        2.0,
        Matrix::new(&x, 12),
        Matrix::new(&w, 12).transposed(),
        0.0,
        &mut c,
    );
    let expected = |row: usize, column: usize| -> f32 {
        (0..12).map(|k| x[row * 12 + k] * w[column * 12 + k]).sum()
    };
    for (at, c) in c.iter().enumerate() {
        assert_eq!(*c, 2.0 * expected(at / 6, at % 6));
    }
    let mut sum = vec![1.0; 3 * 12];
    let some = Matrix::new(&c, 6).columns(2, 3).transposed();
    product(1.0, some, Matrix::new(&x, 12), 3.0, &mut sum);
    for (at, got) in sum.iter().enumerate() {
        let terms = (0..5).map(|k| c[k * 6 + 2 + at / 12] * x[k * 12 + at % 12]);
        assert_eq!(*got, 3.0 + terms.sum::<f32>());
    }
}

#[test]
fn dividing_the_rows_at_multiples_of_the_grain_changes_no_bit() {
    let (rows, inner, width) = (93, 300, 37);
    let part = |n: usize| ((n * 2_654_435_761) % 10_007) as f32 / 10_007.0 - 0.5;
    let values = |count: usize| (0..count).map(part).collect::<Vec<f32>>();
    let (a, b) = (values(rows * inner), values(inner * width));
    let (a, b) = (Matrix::new(&a, rows).transposed(), Matrix::new(&b, width));
    let mut whole = values(rows * width);
    let mut divided = whole.clone();
    product(0.3, a, b, 0.99, &mut whole);
    for first in (0..rows).step_by(GRAIN) {
        let count = GRAIN.min(rows - first);
        let some = a.transposed().columns(first, count).transposed();
        product(
            0.3,
            some,
            b,
            0.99,
            &mut divided[first * width..][..count * width],
        );
    }
    assert!(
        whole
            .iter()
            .zip(&divided)
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
}
