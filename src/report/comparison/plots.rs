//! The pictures for each method: where answers go, how networks learn again, and what other budgets would
//! have given.

use maud::{Markup, html};

use super::panels::panels;
use super::tried;
use crate::compare::{Figures, Interval, Judged, MethodRow, Moments, Portrait};
use crate::metrics::Scope;
use crate::record::{Arm, Classes};
use crate::report::html::mark::{key, square, stroke_key};
use crate::report::palette::{BLUE, OCHRE};
use crate::report::plot::chart::{Axis, Bar, Bars, Chart, Line, MARKS};
use crate::report::plot::picture::{Picture, Stroke};
use crate::report::plot::{colour, stroke};

/// All pictures of a case but the ranking.
pub(super) fn pictures(c: &Judged, classes: &Classes) -> Markup {
    let tuned = c.methods.iter().any(|row| row.sensitivity.is_some());
    let budgets = c.methods.iter().any(|row| !row.budgets.is_empty());
    html! {
        (answers(c, classes)) (relearning(c)) @if budgets { (self::budgets(c)) }
        @if tuned { (tried::section(c)) }
    }
}

/// The same pictures with names for files.
pub(super) fn files(c: &Judged, classes: &Classes) -> Vec<(String, Picture)> {
    let of = |row: &MethodRow| {
        let all = [
            ("answers", Some(answers_of(c, row, classes))),
            ("relearning", Some(relearning_of(c, row))),
            ("budgets", budgets_of(c, row)),
            ("settings", tried::picture(row)),
        ];
        let name = row.method.clone();
        let known = all.into_iter();
        known.filter_map(move |(kind, picture)| Some((format!("{kind}-{name}"), picture?)))
    };
    c.methods.iter().flat_map(of).collect()
}

/// What the arms' marks, made by `key`, stand for.
fn keys(key: impl Fn(Arm) -> Markup, arms: &[(Arm, &str)]) -> Markup {
    html! { ul.legend { @for (arm, text) in arms { li { (key(*arm)) (text) } } } }
}

/// Where images of what is forgotten go after a method, beside where the retrained networks send them.
fn answers_of(c: &Judged, row: &MethodRow, classes: &Classes) -> Picture {
    let bar = |m: &Moments, arm| Bar {
        value: m.mean,
        std: m.std,
        colour: colour(arm),
    };
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
    bars.picture()
}

fn answers(c: &Judged, classes: &Classes) -> Markup {
    let picture = |row: &MethodRow| Some(answers_of(c, row, classes).element());
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

/// How networks learn again after a method, beside originals and retrained networks.
fn relearning_of(c: &Judged, row: &MethodRow) -> Picture {
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
    let known = c.originals.relearning.first().map(|(_, m)| 0.95 * m.mean);
    let chart = Chart {
        label: format!("Relearning after {}", row.method),
        x: Axis {
            from: 0.0,
            to: place(longest),
            marks: marks.map(|step| (place(step), step.to_string())).collect(),
            title: "steps on all images (logarithmic)",
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
    chart.picture()
}

fn relearning(c: &Judged) -> Markup {
    let picture = |row: &MethodRow| Some(relearning_of(c, row).element());
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

/// Residual knowledge and damage after more and fewer steps of a method; none where there is one budget.
fn budgets_of(c: &Judged, row: &MethodRow) -> Option<Picture> {
    let figure = |of: fn(&Figures) -> Interval, colour| {
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
    let all = || c.methods.iter().flat_map(|row| &row.budgets);
    let mut multiples: Vec<f64> = all().map(|(b, _)| *b).collect();
    multiples.sort_by(f64::total_cmp);
    multiples.dedup();
    let figures = all().filter_map(|(_, f)| f.as_ref());
    let highest = figures.map(|f| f.damage.value).fold(1.0, f64::max);
    let ends = [multiples.first(), multiples.last()].map(|b| b.map_or(0.0, |b| b.log2()));
    let marks = multiples.iter().map(|b| (b.log2(), b.to_string()));
    let levels = [0.0, 0.5, 1.0, 2.0, 3.0].into_iter();
    let chart = Chart {
        label: format!("Figures of {} by budget", row.method),
        x: Axis {
            from: ends[0] - 0.2,
            to: ends[1] + 0.2,
            marks: marks.collect(),
            title: "budget (logarithmic)",
        },
        y: Axis {
            from: 0.0,
            to: highest,
            marks: levels
                .filter(|x| *x <= highest)
                .map(|x| (x, x.to_string()))
                .collect(),
            title: "",
        },
        lines: vec![figure(|f| f.damage, OCHRE), figure(|f| f.residual, BLUE)],
        level: None,
        chosen: None,
    };
    (!row.budgets.is_empty()).then(|| chart.picture())
}

fn budgets(c: &Judged) -> Markup {
    let picture = |row: &MethodRow| Some(budgets_of(c, row)?.element());
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
