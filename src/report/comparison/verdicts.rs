//! Verdicts: in words, whether a method is distinguishable from retraining.

use super::apart;
use crate::compare::{Interval, Judged, MARGIN, MethodRow, Position, Shown};
use crate::metrics::About;
use crate::report::sheet::{Part, Section, signed};
use crate::verdict::fixed;

/// All verdicts, those of controls apart.
pub(super) fn section(c: &Judged) -> Section {
    let all = |rows: Vec<&MethodRow>| rows.into_iter().map(verdict).collect::<Vec<_>>();
    let [methods, controls] = apart(&c.methods, |row| row.role).map(all);
    let mut parts: Vec<Part> = nothing_to_forget(c).map(Part::text).into_iter().collect();
    parts.push(Part::List(methods));
    if !controls.is_empty() {
        parts.extend([Part::text(super::CONTROLS), Part::List(controls)]);
    }
    Section::brief("Verdicts", parts)
}

/// Where retrained networks need no relearning, it says nothing.
pub(super) fn known_at_once(c: &Judged) -> Option<&'static str> {
    let none = c.methods.iter().all(|row| row.ain.is_none());
    none.then_some(
        "The retrained networks know the forgotten images from the start: they relearn in 0 steps. AIN is \
         therefore undefined, and relearning shows only whether networks are damaged.",
    )
}

/// Where the originals pass for retrained networks, so does a method that does nothing.
pub(super) fn nothing_to_forget(c: &Judged) -> Option<&'static str> {
    let sees = |m: &Shown| m.known && m.about == Some(About::Forgotten);
    (!c.metrics.iter().any(sees)).then_some(
        "The originals themselves are not distinguishable from retrained networks here: these metrics see \
         nothing to forget, so methods have no figures and no order.",
    )
}

/// Metrics named in a verdict.
const NAMED: usize = 3;

/// Whether a method is distinguishable from retraining, and on which metrics most.
fn verdict(row: &MethodRow) -> String {
    let name = &row.method;
    if row.diverged > 0 {
        let plural = if row.diverged == 1 { "" } else { "s" };
        return format!(
            "{name}: {} network{plural} diverged, even with the best setting tried.",
            row.diverged
        );
    }
    let tested: Vec<(&str, &Position)> = row.positions().filter(|(_, p)| !p.p.is_nan()).collect();
    if tested.is_empty() {
        return format!(
            "{name}: nothing can be tested here: too few networks, or nothing to forget."
        );
    }
    match row.is_distinguishable() {
        true => differs(row, tested.len()),
        false => undecided(name, &tested),
    }
}

fn differs(row: &MethodRow, tested: usize) -> String {
    let mut largest: Vec<(&str, &Position)> = row.distinguishing().collect();
    largest.sort_by(|a, b| b.1.at.value.abs().total_cmp(&a.1.at.value.abs()));
    let count = largest.len();
    let largest = largest.iter().take(NAMED);
    let largest: Vec<String> = largest
        .map(|(name, p)| format!("{name}: {}", signed(p.at.value)))
        .collect();
    let figures = row.figures.as_ref().map_or(String::new(), |f| {
        format!(
            "; residual knowledge {}, damage {}",
            range(f.residual),
            range(f.damage)
        )
    });
    format!(
        "{}: distinguishable from retraining on {count} of {tested} metrics{figures}. Largest effects: {}.",
        row.method,
        largest.join("; ")
    )
}

/// "0.45 (0.40 to 0.50)".
fn range(i: Interval) -> String {
    match i.low.is_finite() {
        true => format!(
            "{} ({} to {})",
            fixed(i.value, 2),
            fixed(i.low, 2),
            fixed(i.high, 2)
        ),
        false => fixed(i.value, 2),
    }
}

/// Not distinguishable: what would have been seen, and where it is shown to be like retraining.
fn undecided(name: &str, tested: &[(&str, &Position)]) -> String {
    let mut seen: Vec<(&str, f64)> = tested.iter().map(|(m, p)| (*m, p.detectable)).collect();
    seen.sort_by(|a, b| a.1.total_cmp(&b.1));
    let median = seen[seen.len() / 2].1;
    let (worst, most) = seen[seen.len() - 1];
    let equal = tested.iter().filter(|(_, p)| p.equivalent).count();
    format!(
        "{name}: not distinguishable from retraining on any of {} metrics. Effects of {} (median; {} on {worst}) \
         would have been seen in four of five cases; on {equal} metrics it is equivalent to retraining (within \
         {MARGIN}).",
        tested.len(),
        signed(median),
        signed(most),
    )
}
