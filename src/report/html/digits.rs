//! Accuracy per class, before, after and again.

use maud::{Markup, html};

use super::mark::bar;
use super::{STAGES, Stage};
use crate::record::Outcome;
use crate::report::sheet::{page::figure, plus_minus};
use crate::run_record::RunRecord;

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
    html! {
        section {
            h2 { (title) }
            p.lead {
                "Percentage of each " (classes.noun()) "'s test images that are read correctly, after the phases named above."
                @if record.config.learners > 1 {
                    " Thin lines in the bars: ± one standard deviation over the learners."
                }
            }
            div.digits {
                @for class in 0..classes.count() { (card(class, &classes.name(class), gone(class), &outcomes)) }
            }
        }
    }
}

fn card(class: usize, name: &str, gone: bool, outcomes: &[(&Stage, &Outcome)]) -> Markup {
    html! {
        table.digit.gone[gone] cellpadding="4" {
            caption { b { (name) } @if gone { " " mark { "forgotten" } } }
            tbody { @for (stage, outcome) in outcomes {
                @let accuracy = outcome.digit_accuracy(class);
                tr {
                    th scope="row" { (stage.title) }
                    td { (figure(&plus_minus(&accuracy, 100.0, 1, ""))) }
                    td { (bar(stage.arm, stage.faded, &accuracy)) }
                }
            } }
        }
    }
}
