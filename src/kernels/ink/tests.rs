use super::*;

/// Images of which most pixels are zero, weights, and gradients.
fn numbers(images: usize, pixels: usize, outputs: usize) -> (Vec<u8>, Vec<f32>, Vec<f32>) {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let mut bytes: Vec<u8> = (0..images * pixels)
        .map(|_| next().to_le_bytes()[1])
        .collect();
    bytes
        .iter_mut()
        .for_each(|b| *b = if *b < 180 { 0 } else { *b });
    let mut floats = |count| -> Vec<f32> {
        (0..count)
            .map(|_| next() as f32 / 2f32.powi(23) - 1.0)
            .collect()
    };
    (bytes, floats(outputs * pixels), floats(images * outputs))
}

/// Every shape of chunks and blocks: the products are those of plain sums within rounding.
#[test]
fn products_are_right() {
    for (images, pixels, outputs) in [(1, 16, 4), (5, 128, 68), (33, 784, 128), (2, 224, 64)] {
        let (bytes, w, dy) = numbers(images, pixels, outputs);
        let order: Vec<u32> = (0u32..).take(images).collect();
        let x = |i: usize, p: usize| f64::from(bytes[i * pixels + p]);
        let mut y = vec![f32::NAN; images * outputs];
        let mut c = w.clone();
        with_ink(&bytes, &order, pixels, |ink| {
            assert!(ink.forward(&w, 0.5, &mut y));
            ink.backward(&dy, outputs, 0, 2.0, &mut c);
        });
        for (at, y) in y.iter().enumerate() {
            let (i, o) = (at / outputs, at % outputs);
            let right: f64 = (0..pixels)
                .map(|p| x(i, p) * f64::from(w[o * pixels + p]))
                .sum();
            assert!((f64::from(*y) - 0.5 * right).abs() < 0.1, "{y} {right}");
        }
        for (at, c) in c.iter().enumerate() {
            let (o, p) = (at / pixels, at % pixels);
            let sum: f64 = (0..images)
                .map(|i| x(i, p) * f64::from(dy[i * outputs + o]))
                .sum();
            assert!(
                (f64::from(*c) - f64::from(w[at]) - 2.0 * sum).abs() < 0.01,
                "{c} {sum}"
            );
        }
    }
}

/// No bit depends on which images or outputs are computed together.
#[test]
fn the_division_changes_no_bit() {
    let (images, pixels, outputs) = (32, 784, 128);
    let (bytes, w, dy) = numbers(images, pixels, outputs);
    let order: Vec<u32> = (0u32..).take(images).collect();
    let mut whole = (vec![0.0; images * outputs], w.clone());
    with_ink(&bytes, &order, pixels, |ink| {
        assert!(ink.forward(&w, 1.0, &mut whole.0));
        ink.backward(&dy, outputs, 0, 1.0, &mut whole.1);
    });
    let mut parts = (vec![0.0; images * outputs], w.clone());
    for (order, y) in order.chunks(16).zip(parts.0.chunks_mut(16 * outputs)) {
        assert!(with_ink(&bytes, order, pixels, |ink| ink.forward(&w, 1.0, y)));
    }
    with_ink(&bytes, &order, pixels, |ink| {
        for (place, c) in parts.1.chunks_mut(48 * pixels).enumerate() {
            ink.backward(&dy, outputs, 48 * place, 1.0, c);
        }
    });
    assert_eq!(whole, parts);
}

/// A weight that is not finite is found, even where every image is blank.
#[test]
fn what_is_not_finite_is_found() {
    for odd in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        let mut w = vec![1.0; 4 * 128];
        w[300] = odd;
        let mut y = [0.0; 4];
        assert!(!with_ink(&[0; 128], &[0], 128, |ink| ink.forward(&w, 1.0, &mut y)));
    }
}
