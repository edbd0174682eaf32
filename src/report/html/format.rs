//! Figures and lists as text.

use maud::{Markup, html};

use crate::record::Spread;
use crate::verdict::fixed;

/// What stands in for a figure that is not a number.
pub(crate) const NONE: &str = "–";

/// A fraction as "97.3 ± 0.2 %"; without the ± where it means nothing.
pub(crate) fn percent(spread: &Spread) -> Markup {
    if !spread.mean.is_finite() {
        return html! { (NONE) };
    }
    let mean = fixed(100.0 * spread.mean, 1);
    html! {
        @if has_std(spread) {
            (mean) " " span.pm { "± " (format!("{:.1}", 100.0 * spread.std)) " %" }
        } @else {
            (mean) span.unit { " %" }
        }
    }
}

/// A fraction as "97.3 ± 0.2", where the unit is told elsewhere.
pub(crate) fn bare_percent(spread: &Spread) -> Markup {
    if !spread.mean.is_finite() {
        return html! { (NONE) };
    }
    html! {
        (fixed(100.0 * spread.mean, 1))
        @if has_std(spread) { " " span.pm { "± " (format!("{:.1}", 100.0 * spread.std)) } }
    }
}

/// A number as "0.083 ± 0.004".
pub(crate) fn number(spread: &Spread) -> Markup {
    if !spread.mean.is_finite() {
        return html! { (NONE) };
    }
    html! {
        (fixed(spread.mean, 3))
        @if has_std(spread) { " " span.pm { "± " (format!("{:.3}", spread.std)) } }
    }
}

/// Whether the standard deviation says anything.
pub(crate) fn has_std(spread: &Spread) -> bool {
    spread.learners.len() > 1 && spread.std.is_finite()
}

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
    use crate::verdict::digits;

    #[test]
    fn spreads_read_well() {
        let plain = |s: &Spread| {
            let text = percent(s).into_string();
            text.replace("<span class=\"pm\">", "")
                .replace("<span class=\"unit\">", "")
                .replace("</span>", "")
        };
        assert_eq!(plain(&Spread::of(vec![0.971, 0.975])), "97.3 ± 0.3 %");
        assert_eq!(plain(&Spread::of(vec![0.971])), "97.1 %");
        assert_eq!(plain(&Spread::of(vec![f64::NAN, 0.5])), NONE);
        assert_eq!(plain(&Spread::of(vec![])), NONE);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(digits(&[5]), "digit 5");
        assert_eq!(digits(&[3, 5, 8]), "digits 3, 5 and 8");
    }

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
