//! The picture of the settings tried: what others would have given.

use maud::{Markup, html};

use super::panels::panels;
use crate::compare::{Judged, MethodRow, Tried};
use crate::methods::named;
use crate::report::html::mark::point_key;
use crate::report::palette::{BLUE, GREEN, GREY, OCHRE, PURPLE, Rgb};
use crate::report::plot::chart::{Axis, Chart, Line, MARKS};
use crate::report::plot::picture::{Picture, Stroke};

/// Colours of strengths.
const STRENGTHS: [Rgb; 5] = [BLUE, OCHRE, PURPLE, GREEN, GREY];

/// The gap after every setting that was tried: how fast results decay away from the chosen one.
pub(super) fn section(c: &Judged) -> Markup {
    let shown = |row: &MethodRow| Some(html! { (picture(row)?.element()) (strengths(row)) });
    html! {
        section {
            h2 { "Settings tried" }
            p {
                "The average gap, in percentage points, with every setting tried, on networks that have no part in "
                "the results, without the test images; both axes are logarithmic. The setting with the smallest gap (ringed) was chosen. "
                "Settings with which networks diverged have no point."
            }
            (panels(c, shown))
        }
    }
}

/// The picture of a method; none where there is only one setting.
pub(super) fn picture(row: &MethodRow) -> Option<Picture> {
    row.sensitivity.as_ref()?;
    Some(sweep(row).picture())
}

/// Strengths with a line of their own.
fn lines(row: &MethodRow) -> Vec<f64> {
    match has_rate(row) {
        true => tried_strengths(row),
        false => vec![0.0],
    }
}

/// Strengths that were tried, ascending.
fn tried_strengths(row: &MethodRow) -> Vec<f64> {
    let mut all: Vec<f64> = row.tried.iter().map(|t| t.setting.strength).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// Whether a method has a rate; else its strength is what is drawn along the axis.
fn has_rate(row: &MethodRow) -> bool {
    row.tried.iter().any(|t| t.setting.rate > 0.0)
}

/// What a setting is drawn by along the axis.
fn abscissa(row: &MethodRow, t: &Tried) -> f64 {
    match has_rate(row) {
        true => t.setting.rate,
        false => t.setting.strength,
    }
}

/// Gap against rate, a line for each strength; both axes logarithmic.
fn sweep(row: &MethodRow) -> Chart {
    let place = |t: &Tried| (abscissa(row, t).log10(), t.gap.max(LEAST_GAP).log10());
    let finite = || row.tried.iter().filter(|t| t.gap.is_finite());
    let line = |(number, strength): (usize, f64)| {
        let own = finite().filter(|t| !has_rate(row) || t.setting.strength == strength);
        let mut points: Vec<(f64, f64)> = own.map(place).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Line {
            points,
            band: Vec::new(),
            stroke: Stroke::plain(STRENGTHS[number % STRENGTHS.len()], 2.0),
            mark: Some(MARKS[number % MARKS.len()]),
        }
    };
    let chosen = row.tried.iter().find(|t| t.setting == row.setting);
    Chart {
        label: format!("Gaps after the settings of {}", row.method),
        x: rates(row),
        y: gaps(),
        lines: lines(row).into_iter().enumerate().map(line).collect(),
        level: None,
        chosen: chosen.filter(|t| t.gap.is_finite()).map(place),
    }
}

/// The smallest gap on the axis, in points.
const LEAST_GAP: f64 = 0.1;

fn gaps() -> Axis {
    let marks = [0.1, 1.0, 10.0, 100.0];
    Axis {
        from: LEAST_GAP.log10(),
        to: 2.0,
        marks: marks
            .map(|gap: f64| (gap.log10(), gap.to_string()))
            .to_vec(),
        title: "",
    }
}

/// How far apart labels are, at least, as a share of the axis: of five figures.
const LABELS_APART: f64 = 0.18;

/// The rates that were tried, with some room at either side.
fn rates(row: &MethodRow) -> Axis {
    let finite = row.tried.iter().filter(|t| t.gap.is_finite());
    let mut rates: Vec<f64> = finite.map(|t| abscissa(row, t)).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let end = |rate: Option<&f64>| rate.map_or(0.0, |r| r.log10());
    let (first, last) = (end(rates.first()), end(rates.last()));
    let (from, to) = (first - 0.2, last + 0.2);
    // Labels that would stand on each other are left out.
    let mut free = from;
    let mut marks = Vec::new();
    for rate in &rates {
        let place = rate.log10();
        if place >= free {
            marks.push((place, rate.to_string()));
            free = place + LABELS_APART * (to - from);
        }
    }
    Axis {
        from,
        to,
        marks,
        title: match has_rate(row) {
            true => "rate (logarithmic)",
            false => strength(row),
        },
    }
}

/// What a method calls its strength.
fn strength(row: &MethodRow) -> &'static str {
    let own = named(&row.method).and_then(|m| m.strength());
    own.unwrap_or("strength")
}

/// Which line is which.
fn strengths(row: &MethodRow) -> Markup {
    let all = lines(row);
    let name = strength(row);
    html! {
        @if all.len() > 1 { ul.legend {
            @for (number, strength) in all.iter().enumerate() { li {
                (point_key(MARKS[number % MARKS.len()], STRENGTHS[number % STRENGTHS.len()]))
                (name) " " (strength)
            } }
        } }
    }
}
