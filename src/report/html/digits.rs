//! Errors per class, before, after and again: accuracies are near 100 %, where bars look alike.

use maud::{Markup, html};

use super::mark::bar;
use super::{STAGES, Stage};
use crate::record::{Outcome, Spread};
use crate::report::sheet::{has_std, page::figure, plus_minus};
use crate::run_record::RunRecord;
use crate::verdict::fixed;

/// A card per class, with a bar per stage.
pub(crate) fn section(record: &RunRecord) -> Markup {
    let outcomes = STAGES.iter().filter_map(|stage| {
        let outcome = record.outcome(stage.phase, stage.arm)?;
        Some((stage, outcome))
    });
    let outcomes: Vec<(&Stage, &Outcome)> = outcomes.collect();
    let classes = &record.data.classes;
    let title = match classes.noun() {
        "digit" => "Digit by digit",
        _ => "Class by class",
    };
    let gone = |digit: usize| {
        record
            .config
            .forget
            .iter()
            .any(|&f| usize::from(f) == digit)
    };
    let kept = (0..classes.count()).filter(|&class| !gone(class));
    let errors = kept.flat_map(|class| outcomes.iter().map(move |(_, o)| error(o, class)));
    let end = full(errors);
    html! {
        section {
            h2 { (title) }
            p.lead {
                "Error: the percentage of each " (classes.noun()) "'s test images that are misread, after the phases named above. "
                "A full bar is " (figure_of(end)) " %"
                @if end < 1.0 { ", but 100 % on what was forgotten" }
                "."
                @if record.config.learners > 1 {
                    " Thin lines in the bars: ± one standard deviation over the learners."
                }
            }
            div.digits {
                @for class in 0..classes.count() {
                    @let own = if gone(class) { 1.0 } else { end };
                    (card((class, &classes.name(class)), gone(class), own, &outcomes))
                }
            }
        }
    }
}

/// How often networks misread images of a class.
fn error(outcome: &Outcome, class: usize) -> Spread {
    let right = outcome.digit_accuracy(class).learners;
    Spread::of(right.into_iter().map(|share| 1.0 - share).collect())
}

/// The error that a full bar stands for: round, and no less than the largest with its standard deviation.
fn full(errors: impl Iterator<Item = Spread>) -> f64 {
    let tops = errors.map(|e| e.mean + if has_std(&e) { e.std } else { 0.0 });
    let most = tops.filter(|top| top.is_finite()).fold(0.0, f64::max);
    let round = [0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5];
    round.into_iter().find(|&end| end >= most).unwrap_or(1.0)
}

fn figure_of(share: f64) -> String {
    fixed(100.0 * share, 0)
}

fn card(
    (class, name): (usize, &str),
    gone: bool,
    full: f64,
    outcomes: &[(&Stage, &Outcome)],
) -> Markup {
    html! {
        table.digit.gone[gone] cellpadding="4" {
            caption {
                b { (name) }
                @if gone { " " mark { "forgotten" } }
            }
            tbody { @for (stage, outcome) in outcomes {
                @let error = error(outcome, class);
                tr {
                    th scope="row" { (stage.title) }
                    td { (figure(&plus_minus(&error, 100.0, 1, ""))) }
                    td { (bar(stage.arm, stage.faded, &error, full)) }
                }
            } }
            // Below both ends of the bars.
            tfoot { tr.dim { td { "0" } td { (figure_of(full)) " %" } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bar_is_round_and_no_less_than_any_error() {
        let of = |values: &[&[f64]]| full(values.iter().map(|v| Spread::of(v.to_vec())));
        assert_eq!(of(&[&[0.021], &[0.058]]), 0.06);
        assert_eq!(of(&[&[0.05, 0.07]]), 0.08);
        assert_eq!(of(&[&[0.9], &[f64::NAN]]), 1.0);
        assert_eq!(of(&[]), 0.01);
    }
}
