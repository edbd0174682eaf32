//! The page's pictures for each method: where answers go, how networks learn again, and what other
//! settings would have given.

use maud::{Markup, html};

use super::label;
use crate::compare::{Figures, Interval, Judged, MethodRow, Moments, Portrait, Tried};
use crate::methods::named;
use crate::metrics::Scope;
use crate::record::{Arm, Classes};
use crate::report::html::mark::{key, point_key, square, stroke_key};
use crate::report::palette::{BLUE, GREEN, GREY, OCHRE, PURPLE, Rgb};
use crate::report::plot::chart::{Axis, Bar, Bars, Chart, Line, MARKS};
use crate::report::plot::picture::Stroke;
use crate::report::plot::{colour, stroke};

/// All pictures of a case but the ranking.
pub(super) fn pictures(c: &Judged, classes: &Classes) -> Markup {
    let tuned = c.methods.iter().any(|row| row.sensitivity.is_some());
    let budgets = c.methods.iter().any(|row| !row.budgets.is_empty());
    html! {
        (answers(c, classes)) (relearning(c)) @if budgets { (self::budgets(c)) }
        @if tuned { (settings(c)) }
    }
}

/// Pictures beside each other, one for each method that has one.
fn panels(c: &Judged, picture: impl Fn(&MethodRow) -> Option<Markup>) -> Markup {
    html! {
        div.panels { @for row in &c.methods { @if let Some(picture) = picture(row) {
            figure.card { figcaption { b { (label(&row.method, row.role)) } } (picture) }
        } } }
    }
}

/// What the arms' marks, made by `key`, stand for.
fn keys(key: impl Fn(Arm) -> Markup, arms: &[(Arm, &str)]) -> Markup {
    html! { ul.legend { @for (arm, text) in arms { li { (key(*arm)) (text) } } } }
}

/// Where images of what is forgotten go, beside where the retrained networks send them.
fn answers(c: &Judged, classes: &Classes) -> Markup {
    let bar = |m: &Moments, arm| Bar {
        value: m.mean,
        std: m.std,
        colour: colour(arm),
    };
    let picture = |row: &MethodRow| {
        let pairs = row.portrait.answers.iter().zip(&c.retrained.answers);
        let group = |(digit, (own, theirs)): (usize, (&Moments, &Moments))| {
            let bars = vec![bar(own, Arm::Unlearned), bar(theirs, Arm::Retrained)];
            (classes.label(digit), bars)
        };
        let bars = Bars {
            label: format!("Answers after {}, beside retrained networks'", row.method),
            y: Axis::percents(),
            title: "answer",
            groups: pairs.enumerate().take(classes.count()).map(group).collect(),
        };
        Some(bars.svg())
    };
    html! {
        section {
            h2 { "Where the answers go" }
            p {
                @match c.case.scope {
                    Scope::Digits(_) => {
                        "How networks classify images of what they forgot. Networks that never saw a " (classes.noun()) " do "
                        "not answer at random; a method should come close to their answers. "
                    }
                    Scope::Samples(_) => { "How networks classify the training images that they forgot. " }
                }
                "Whiskers: standard deviation over networks."
                @if let Some(legend) = classes.legend() { " " (legend) "." }
            }
            (keys(|arm| key(arm, false), &[
                (Arm::Unlearned, "the method (left)"),
                (Arm::Retrained, "retrained networks (right)"),
            ]))
            (panels(c, picture))
        }
    }
}

/// How networks learn again, beside originals and retrained networks.
fn relearning(c: &Judged) -> Markup {
    // The first steps are those that count.
    let place = |step: u32| f64::from(step + 1).log2();
    let line = |portrait: &Portrait, arm: Arm| Line {
        points: portrait
            .relearning
            .iter()
            .map(|(step, m)| (place(*step), m.mean))
            .collect(),
        band: portrait.relearning.iter().map(|(_, m)| m.std).collect(),
        stroke: stroke(arm),
        mark: None,
    };
    let longest = c.retrained.relearning.last().map_or(1, |(step, _)| *step);
    let steps = [0, 1, 4, 16, 64, 256, 1024, 4096].into_iter();
    let marks = steps.filter(|step| *step <= longest);
    let marks: Vec<_> = marks.map(|step| (place(step), step.to_string())).collect();
    let known = c.originals.relearning.first().map(|(_, m)| 0.95 * m.mean);
    let picture = |row: &MethodRow| {
        let chart = Chart {
            label: format!("Relearning after {}", row.method),
            x: Axis {
                from: 0.0,
                to: place(longest),
                marks: marks.clone(),
                title: "steps on all images",
            },
            y: Axis::percents(),
            lines: vec![
                line(&c.originals, Arm::Original),
                line(&c.retrained, Arm::Retrained),
                line(&row.portrait, Arm::Unlearned),
            ],
            level: known,
            chosen: None,
        };
        Some(chart.svg())
    };
    html! {
        section {
            h2 { "How soon it comes back" }
            p {
                "Accuracy on what was forgotten, while networks train on everything. Knowledge that is still inside "
                "comes back sooner than retrained networks learn it. Thin dashes: 95 % of the originals' accuracy, "
                "which counts as relearned. Bands: standard deviation over networks."
            }
            (keys(stroke_key, &[
                (Arm::Unlearned, "the method"),
                (Arm::Retrained, "retrained networks"),
                (Arm::Original, "originals"),
            ]))
            (panels(c, picture))
        }
    }
}

/// Residual knowledge and damage after more and fewer steps.
fn budgets(c: &Judged) -> Markup {
    let figure = |row: &MethodRow, of: fn(&Figures) -> Interval, colour| {
        let known = row.budgets.iter();
        let known = known.filter_map(|(b, f)| Some((b.log2(), of(f.as_ref()?))));
        let (points, band) = known
            .map(|(at, i)| ((at, i.value), (i.high - i.low) / 2.0))
            .unzip();
        Line {
            points,
            band,
            stroke: Stroke::plain(colour, 2.0),
            mark: Some(MARKS[0]),
        }
    };
    let all = c.methods.iter().flat_map(|row| &row.budgets);
    let mut multiples: Vec<f64> = all.map(|(b, _)| *b).collect();
    multiples.sort_by(f64::total_cmp);
    multiples.dedup();
    let figures = c.methods.iter().flat_map(|row| &row.budgets);
    let figures = figures.filter_map(|(_, f)| f.as_ref());
    let highest = figures.map(|f| f.damage.value).fold(1.0, f64::max);
    let ends = [multiples.first(), multiples.last()].map(|b| b.map_or(0.0, |b| b.log2()));
    let picture = |row: &MethodRow| {
        let chart = Chart {
            label: format!("Figures of {} by budget", row.method),
            x: Axis {
                from: ends[0] - 0.2,
                to: ends[1] + 0.2,
                marks: multiples
                    .iter()
                    .map(|b| (b.log2(), b.to_string()))
                    .collect(),
                title: "budget",
            },
            y: Axis {
                from: 0.0,
                to: highest,
                marks: [0.0, 0.5, 1.0, 2.0, 3.0]
                    .into_iter()
                    .filter(|x| *x <= highest)
                    .map(|x| (x, x.to_string()))
                    .collect(),
                title: "",
            },
            lines: vec![
                figure(row, |f| f.damage, OCHRE),
                figure(row, |f| f.residual, BLUE),
            ],
            level: None,
            chosen: None,
        };
        (!row.budgets.is_empty()).then(|| chart.svg())
    };
    html! {
        section {
            h2 { "Budget against quality" }
            p {
                "Residual knowledge and damage after multiples of the steps, with the settings chosen for one. "
                "Bands: 95 % confidence intervals."
            }
            ul.legend {
                li { (square(BLUE, BLUE)) "residual knowledge" } li { (square(OCHRE, OCHRE)) "damage" }
            }
            (panels(c, picture))
        }
    }
}

/// Colours of strengths.
const STRENGTHS: [Rgb; 5] = [BLUE, OCHRE, PURPLE, GREEN, GREY];

/// The gap after every setting that was tried: how fast results decay away from the chosen one.
fn settings(c: &Judged) -> Markup {
    let picture = |row: &MethodRow| {
        row.sensitivity.as_ref()?;
        Some(html! { (sweep(row).svg()) (strengths(row)) })
    };
    html! {
        section {
            h2 { "Settings tried" }
            p {
                "The average gap, in percentage points, with every setting tried, on networks that have no part in "
                "the results, without the test images. The setting with the smallest gap (ringed) was chosen."
            }
            (panels(c, picture))
        }
    }
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

/// The rates that were tried, with some room at either side.
fn rates(row: &MethodRow) -> Axis {
    let mut rates: Vec<f64> = row.tried.iter().map(|t| abscissa(row, t)).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let end = |rate: Option<&f64>| rate.map_or(0.0, |r| r.log10());
    let (first, last) = (end(rates.first()), end(rates.last()));
    // Labels that would stand on each other are left out.
    let every = rates.len().div_ceil(5).max(1);
    let marks = rates.iter().step_by(every);
    Axis {
        from: first - 0.2,
        to: last + 0.2,
        marks: marks.map(|rate| (rate.log10(), rate.to_string())).collect(),
        title: match has_rate(row) {
            true => "rate",
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
