use super::*;

#[test]
fn figures_have_units_that_suit_them() {
    let times = [0.0312, 5.2, 72.86, 1234.0, 2.5e6, f64::NAN].map(time);
    assert_eq!(
        times,
        ["0.031 µs", "5.20 µs", "72.9 µs", "1.23 ms", "2.50 s", "–"]
    );
    let sizes = [0, 100, 1 << 14, 1 << 20, 3 << 19, 12_582_912, 1 << 28].map(size);
    assert_eq!(
        sizes,
        [
            "–", "100 B", "16 KiB", "1 MiB", "1536 KiB", "12 MiB", "256 MiB"
        ]
    );
}
