//! Accuracy per digit, before, after and again.

use maud::{Markup, html};

use super::mark::bar;
use super::{STAGES, Stage};
use crate::record::{CLASSES, Outcome};
use crate::report::sheet::{page::figure, plus_minus};
use crate::run_record::RunRecord;

/// A card per digit, with a bar per stage.
pub(crate) fn section(record: &RunRecord) -> Markup {
    let outcomes = STAGES.iter().filter_map(|stage| {
        let outcome = record.outcome(stage.phase, stage.arm)?;
        Some((stage, outcome))
    });
    let outcomes: Vec<(&Stage, &Outcome)> = outcomes.collect();
    let gone = |digit: usize| {
        record
            .config
            .forget
            .iter()
            .any(|&f| usize::from(f) == digit)
    };
    html! {
        section {
            h2 { "Digit by digit" }
            p.lead {
                "Percentage of each digit's test images that are read correctly, after the phases named above."
                @if record.config.learners > 1 {
                    " Thin lines in the bars: ± one standard deviation over the learners."
                }
            }
            div.digits {
                @for digit in 0..CLASSES { (card(digit, gone(digit), &outcomes)) }
            }
        }
    }
}

fn card(digit: usize, gone: bool, outcomes: &[(&Stage, &Outcome)]) -> Markup {
    html! {
        table.digit.gone[gone] cellpadding="4" {
            caption { b { (digit) } @if gone { " " mark { "forgotten" } } }
            tbody { @for (stage, outcome) in outcomes {
                @let accuracy = outcome.digit_accuracy(digit);
                tr {
                    th scope="row" { (stage.title) }
                    td { (figure(&plus_minus(&accuracy, 100.0, 1, ""))) }
                    td { (bar(stage.arm, stage.faded, &accuracy)) }
                }
            } }
        }
    }
}
