//! Accuracy per digit, before, after and again.

use maud::{Markup, html};

use super::format::{bare_percent, has_std};
use super::{STAGES, Stage, key};
use crate::record::{CLASSES, Outcome, Record, Spread};

/// A card per digit, with a bar per stage.
pub(crate) fn section(record: &Record) -> Markup {
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
                "How many percent of each digit's test images are read correctly."
                @if record.config.learners > 1 {
                    " Thin black lines: ± one standard deviation over the learners."
                }
            }
            (legend(&outcomes))
            div.digits {
                @for digit in 0..CLASSES { (card(digit, gone(digit), &outcomes)) }
            }
        }
    }
}

fn legend(outcomes: &[(&Stage, &Outcome)]) -> Markup {
    html! {
        p.legend {
            @for (stage, _) in outcomes {
                span { (key(stage.arm, stage.faded)) (stage.title) " " span.dim { (stage.when) } }
            }
        }
    }
}

fn card(digit: usize, gone: bool, outcomes: &[(&Stage, &Outcome)]) -> Markup {
    html! {
        div.digit.gone[gone] {
            h3 { (digit) @if gone { span.tag { "forgotten" } } }
            @for (stage, outcome) in outcomes { (bar(stage, &outcome.digit_accuracy(digit))) }
        }
    }
}

fn bar(stage: &Stage, accuracy: &Spread) -> Markup {
    let colour = super::css_class(stage.arm);
    html! {
        div.bar title=(stage.title) {
            div.track {
                @if accuracy.mean.is_finite() {
                    div.fill.(colour).faded[stage.faded]
                        style=(format!("width:{:.2}%", 100.0 * accuracy.mean)) {}
                    @if has_std(accuracy) && accuracy.std > 0.0 { (whisker(accuracy)) }
                }
            }
            div.value { (bare_percent(accuracy)) }
        }
    }
}

fn whisker(accuracy: &Spread) -> Markup {
    let from = (100.0 * (accuracy.mean - accuracy.std)).max(0.0);
    let to = (100.0 * (accuracy.mean + accuracy.std)).min(100.0);
    html! { div.whisker style=(format!("left:{from:.2}%;width:{:.2}%", (to - from).max(0.0))) {} }
}
