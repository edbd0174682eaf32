//! Durations and counts as text.

use crate::report::sheet::NONE;

/// A duration: "0.84 s", "42 s", "3 min 5 s", "1 h 12 min".
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NONE.to_owned();
    }
    let whole = seconds.round();
    if whole >= 3600.0 {
        let minutes = (seconds / 60.0).round();
        return format!("{} h {} min", (minutes / 60.0).floor(), minutes % 60.0);
    }
    if whole >= 60.0 {
        return format!("{} min {} s", (whole / 60.0).floor(), whole % 60.0);
    }
    if seconds >= 9.95 {
        return format!("{seconds:.0} s");
    }
    format!("{seconds:.2} s")
}

/// A count with thousands set apart: "60 000".
pub(crate) fn count(count: usize) -> String {
    // A narrow space that does not break.
    let grouped = indicatif::HumanCount(count as u64).to_string();
    grouped.replace(',', "\u{202f}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_counts_read_well() {
        let texts = [0.5, 42.3, 59.7, 185.0, 4320.0].map(duration);
        assert_eq!(
            texts,
            ["0.50 s", "42 s", "1 min 0 s", "3 min 5 s", "1 h 12 min"]
        );
        assert_eq!(count(60_000), "60\u{202f}000");
        assert_eq!(count(150), "150");
    }
}
