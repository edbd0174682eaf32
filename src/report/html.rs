//! A run as one self-contained page: no scripts, no network, readable on a phone and on paper.
//!
//! Some servers and mail clients drop style sheets. So order, words and marks hold all that matters,
//! `cellpadding` keeps the cells of tables apart, and a `meta` element lets the page be dark.

mod digits;
mod format;
pub(crate) mod mark;
mod matrix;
mod notes;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::palette;
use super::plot;
use crate::record::{Arm, Outcome, Phase, Point};
use crate::run_record::RunRecord;
use crate::verdict::{digits, list};
use format::{NONE, number, percent};
use mark::{key, stroke_key};

const STYLE: &str = include_str!("html/style.css");
const ARMS: [Arm; 4] = [
    Arm::Original,
    Arm::Retrained,
    Arm::Unlearned,
    Arm::Relearned,
];
const PHASES: [Phase; 3] = [Phase::Learn, Phase::Unlearn, Phase::Relearn];

/// An arm at the end of a phase, as the summaries show it.
pub(crate) struct Stage {
    pub(crate) phase: Phase,
    pub(crate) arm: Arm,
    pub(crate) title: &'static str,
    pub(crate) when: &'static str,
    /// Whether it has a light shade of its arm's colour: unlearned and relearned share one.
    pub(crate) faded: bool,
}

/// Before, after, again; and never.
pub(crate) const STAGES: [Stage; 4] = [
    Stage {
        phase: Phase::Learn,
        arm: Arm::Original,
        title: "original",
        when: "after learn",
        faded: false,
    },
    Stage {
        phase: Phase::Unlearn,
        arm: Arm::Unlearned,
        title: "unlearned",
        when: "after unlearn",
        faded: true,
    },
    Stage {
        phase: Phase::Relearn,
        arm: Arm::Relearned,
        title: "relearned",
        when: "after relearn",
        faded: false,
    },
    Stage {
        phase: Phase::Learn,
        arm: Arm::Retrained,
        title: "retrained",
        when: "after learn without it",
        faded: false,
    },
];

/// The page of a run.
pub fn page(record: &RunRecord) -> String {
    let title = title(record);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · unlearn" }
                style { (PreEscaped(palette::css())) (PreEscaped(matrix::css())) (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (head(record, &title))
                    (curves(record))
                    (results(record))
                    (notes::how_to_read(record))
                    (digits::section(record))
                    (matrix::section(record))
                    (notes::limits())
                    (losses(record))
                    (notes::facts(record))
                }
            }
        }
    };
    page.into_string()
}

fn title(record: &RunRecord) -> String {
    match record.config.forget.as_slice() {
        [digit] => format!("Forgetting the digit {digit}"),
        digits => format!("Forgetting the digits {}", list(digits)),
    }
}

/// The class of a card in the arm's colour.
fn css_class(arm: Arm) -> &'static str {
    match arm {
        Arm::Original => "c-original",
        Arm::Retrained => "c-retrained",
        Arm::Unlearned | Arm::Relearned => "c-main",
    }
}

fn head(record: &RunRecord, title: &str) -> Markup {
    let learners = record.config.learners;
    let plural = if learners == 1 { "network" } else { "networks" };
    html! {
        header {
            p.eyebrow { "unlearn" span.dim { " · " (record.config.name) } }
            h1 { (title) }
            p.sub {
                span.whole { (learners) " " (plural) " per arm" } " · " (record.data.name) " · "
                span.whole { (record.started) " UTC" }
            }
        }
        @if let Some(place) = &record.interrupted {
            div.warning role="alert" { b { "Not the whole run. " } "It was interrupted " (place) "." }
        }
        @if let Some(warning) = &record.data.warning {
            div.warning role="alert" { b { "Mind the data. " } (warning) }
        }
        @if !record.verdict.is_empty() {
            div.verdict { @for sentence in &record.verdict { p { (sentence) } } }
        }
        (story(record))
    }
}

/// The accuracy on the forgotten digits, stage by stage, in large letters.
fn story(record: &RunRecord) -> Markup {
    let forgotten = digits(&record.config.forget);
    html! {
        @if record.outcomes.is_empty() { p.caption { "No phase was finished." } }
        @else { p.caption { "Accuracy on the " (forgotten) } }
        div.story {
            @for stage in &STAGES {
                @if let Some(outcome) = record.outcome(stage.phase, stage.arm) {
                    div.step.(css_class(stage.arm)).faded[stage.faded] {
                        p.name { b { (stage.title) } " " span.dim { (stage.when) } }
                        p.figure { (percent(&outcome.figures.forget_accuracy)) }
                    }
                }
            }
        }
    }
}

fn curves(record: &RunRecord) -> Markup {
    html! {
        section {
            h2 { "Accuracy through the phases" }
            ul.legend {
                @for (arm, text) in plot::legend(record) { li { (stroke_key(arm)) (text) } }
            }
            div.panels {
                @for part in plot::parts(record) {
                    figure.card {
                        figcaption { b { (part.title) } @if let Some(zoom) = part.zoom { " " span.dim { (zoom) } } }
                        (part.picture.element())
                    }
                }
            }
            p.under { (plot::foot(record)) }
        }
    }
}

/// The four figures of every arm at the end of every phase.
fn results(record: &RunRecord) -> Markup {
    html! {
        section {
            h2 { "Results after each phase" }
            div.scroll {
                table.results cellpadding="4" {
                    (results_head())
                    @for phase in PHASES {
                        @let rows = outcomes(record, phase);
                        @if !rows.is_empty() {
                            tbody {
                                tr.phase { th colspan="5" scope="rowgroup" { "after " (phase.name()) } }
                                @for outcome in rows { (result_row(outcome)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn results_head() -> Markup {
    html! {
        thead {
            tr {
                th.arm rowspan="2" scope="col" { "arm" }
                th.over colspan="3" scope="colgroup" { span { "accuracy" } }
                th.over scope="colgroup" { span { "confidence" } }
            }
            tr {
                th scope="col" { "all digits" }
                th scope="col" { "forgotten" }
                th scope="col" { "others" }
                th scope="col" { "forgotten" }
            }
        }
    }
}

fn outcomes(record: &RunRecord, phase: Phase) -> Vec<&Outcome> {
    let arms = ARMS.into_iter();
    arms.filter_map(|arm| record.outcome(phase, arm)).collect()
}

fn result_row(outcome: &Outcome) -> Markup {
    let figures = &outcome.figures;
    let main = matches!(outcome.arm, Arm::Unlearned | Arm::Relearned);
    html! {
        tr.main[main] {
            th scope="row" { (key(outcome.arm, outcome.arm == Arm::Unlearned)) (outcome.arm.name()) }
            td { (percent(&figures.test_accuracy)) }
            td.key-figure { (percent(&figures.forget_accuracy)) }
            td { (percent(&figures.retain_accuracy)) }
            td { (percent(&figures.forget_confidence)) }
        }
    }
}

/// The losses at the last evaluation of each phase.
fn losses(record: &RunRecord) -> Markup {
    let last = |phase: Phase, arm: Arm| {
        let mut points = record.points.iter().rev();
        points.find(|p| p.phase == phase && p.arm == arm)
    };
    html! {
        section {
            h2 { "Loss" }
            p.lead {
                "Mean cross-entropy in nats (guessing evenly costs 2.303): on the training batches "
                "since the evaluation before, and on all test images. While unlearning, an arm's \
                 training loss is that of its own task."
            }
            div.losses {
                @for phase in PHASES {
                    @let points: Vec<&Point> = ARMS.iter().filter_map(|&arm| last(phase, arm)).collect();
                    @if !points.is_empty() { (loss_table(phase, &points)) }
                }
            }
        }
    }
}

fn loss_table(phase: Phase, points: &[&Point]) -> Markup {
    html! {
        table.results.loss cellpadding="4" {
            thead {
                tr {
                    th.arm scope="col" { (phase.name()) }
                    th scope="col" { "training" }
                    th scope="col" { "test" }
                }
            }
            tbody {
                @for point in points {
                    tr {
                        th scope="row" {
                            (key(point.arm, point.arm == Arm::Unlearned)) (point.arm.name())
                        }
                        td { @if let Some(l) = &point.train_loss { (number(l)) } @else { (NONE) } }
                        td { (number(&point.test_loss)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
