//! What a watch saw, in one figure.

/// A change of the clock that is no noise.
pub const CHANGE: f64 = 0.05;

/// The largest change from a look to a later one, as a share of the faster: negative where the clock
/// fell, NaN where there are no two looks.
pub fn change(looks: &[f64]) -> f64 {
    let pairs = looks.iter().enumerate().flat_map(|(number, first)| {
        let later = looks[number + 1..].iter();
        later.map(move |last| (last - first) / last.max(*first))
    });
    let larger = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
    pairs.reduce(larger).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_falls_is_told_from_one_that_rises() {
        let near = |looks: &[f64], expected: f64| {
            let found = change(looks);
            assert!((found - expected).abs() < 1e-9, "{looks:?}: {found}");
        };
        near(&[1.0, 1.0, 1.0], 0.0);
        near(&[1.0, 0.99, 0.88], -0.12);
        near(&[0.88, 1.0, 1.0], 0.12);
        // It fell and came back: the measurement lies between.
        near(&[1.0, 0.5, 0.8], -0.5);
        assert!(change(&[]).is_nan() && change(&[1.0]).is_nan());
    }
}
