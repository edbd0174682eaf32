//! A run: what it found, and as one self-contained page: no network, readable on a phone and on paper. Only
//! the section to draw in has a script.
//!
//! Some servers and mail clients drop style sheets. So order, words and marks hold all that matters,
//! `cellpadding` keeps the cells of tables apart, and a `meta` element lets the page be dark.

mod digits;
pub mod draw;
mod format;
pub(crate) mod mark;
mod matrix;
mod misread;
mod notes;

use maud::{Markup, html};

use super::inside::{self, About};
use super::plot;
use super::sheet::page::{document, figure, section, warnings};
use super::sheet::{Cell, NONE, Part, Row, Section, Sheet, percent, plus_minus};
use crate::record::{Arm, Outcome, Phase, Point, Spread};
use crate::run_record::RunRecord;
use draw::Drawing;
use format::count;
use mark::stroke_key;

const ARMS: [Arm; 4] = [
    Arm::Original,
    Arm::Retrained,
    Arm::Unlearned,
    Arm::Relearned,
];

/// An arm at the end of a phase, as the summaries show it.
#[derive(Debug)]
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

/// What a run found.
pub fn sheet(record: &RunRecord) -> Sheet {
    let mut warnings = Vec::new();
    if let Some(why) = &record.incomplete {
        warnings.push(format!("This is not the whole run. {why}."));
    }
    if let Some(warning) = &record.data.warning {
        warnings.push(format!("Note: {warning}"));
    }
    let mut sections = match record.outcomes.is_empty() {
        true => Vec::new(),
        false => vec![results(record), losses(record)],
    };
    if let Some(about) = about(record) {
        let said = inside::words::words(&about);
        sections.push(Section::brief(inside::TITLE, vec![Part::List(said)]));
    }
    Sheet {
        title: format!(
            "Forgetting {}",
            record.data.classes.words(&record.config.forget)
        ),
        warnings,
        lead: record.verdict.clone(),
        sections,
        cases: Vec::new(),
    }
}

/// What the part about the networks' inside is about.
fn about(record: &RunRecord) -> Option<About<'_>> {
    Some(About {
        inside: record.inside.as_ref()?,
        classes: &record.data.classes,
        forget: &record.config.forget,
    })
}

/// The page of a run, with a section to draw in if there are networks for it.
pub fn page(record: &RunRecord, drawing: Option<&Drawing<'_>>) -> String {
    let sheet = sheet(record);
    let sections = |brief| {
        let plain = sheet.sections.iter().filter(|s| s.title != inside::TITLE);
        plain.filter(move |s| s.brief == brief)
    };
    let body = html! {
        (head(record, &sheet))
        (curves(record))
        @for part in sections(true) { (section(part, None)) }
        (notes::how_to_read(record))
        @if let Some(drawing) = drawing { (draw::section(drawing)) }
        (digits::section(record))
        (matrix::section(record))
        (misread::section(record))
        @if let Some(about) = about(record) { (inside::section(&about)) }
        (notes::limits(&record.data.classes))
        @for part in sections(false) { (section(part, None)) }
        (notes::facts(record))
    };
    let mut style = matrix::css() + inside::STYLE;
    if drawing.is_some() {
        style += draw::STYLE;
    }
    document(&sheet.title, &style, drawing.map(|_| draw::SCRIPT), &body)
}

/// The class of a card in the arm's colour.
fn css_class(arm: Arm) -> &'static str {
    match arm {
        Arm::Original => "c-original",
        Arm::Retrained => "c-retrained",
        Arm::Unlearned | Arm::Relearned => "c-main",
    }
}

fn head(record: &RunRecord, sheet: &Sheet) -> Markup {
    let learners = record.config.learners;
    let plural = if learners == 1 { "network" } else { "networks" };
    html! {
        header {
            p.eyebrow { "unlearn" span.dim { " · " (record.config.name) } }
            h1 { (sheet.title) }
            p.sub {
                span.whole { (learners) " " (plural) " per arm" } " · " (record.data.name) " · "
                span.whole { (record.started) " UTC" }
            }
        }
        (warnings(sheet))
        @if !sheet.lead.is_empty() {
            div.verdict { @for sentence in &sheet.lead { p { (sentence) } } }
        }
        (story(record))
    }
}

/// The accuracy on the forgotten classes, stage by stage, in large letters.
fn story(record: &RunRecord) -> Markup {
    let forgotten = record.data.classes.words(&record.config.forget);
    html! {
        @if record.outcomes.is_empty() { p.caption { "No phase was finished." } }
        @else { p.caption { "Accuracy on " (forgotten) } }
        div.story {
            @for stage in &STAGES {
                @if let Some(outcome) = record.outcome(stage.phase, stage.arm) {
                    div.step.(css_class(stage.arm)).faded[stage.faded] {
                        p.name { b { (stage.title) } " " span.dim { (stage.when) } }
                        p.figure { (figure(&percent(&outcome.figures.forget_accuracy))) }
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
            p.under {
                (plot::foot(record))
                @if let Some(part) = record.part() { " " (sampled(record, part)) }
            }
        }
    }
}

/// What points within a phase are worth, if they are of a part of the test images.
fn sampled(record: &RunRecord, part: usize) -> String {
    let all = record.data.test;
    let share = part as f64 / all as f64;
    let score = record.outcomes.first().and_then(|o| o.scores.first());
    let forgotten = score.map_or(0, |score| {
        let digits = record.config.forget.iter();
        let rows = digits.map(|&digit| &score.confusion[usize::from(digit)]);
        rows.flatten().sum()
    });
    let mut text = format!(
        "Only the ends of phases are of all {} test images; between them a point is of {}, the same \
         share of every class, and the same for all networks.",
        count(all),
        count(part)
    );
    if forgotten > 0 {
        // A sample without replacement, where it is the least certain.
        let error = (0.25 * (1.0 - share) / (share * f64::from(forgotten))).sqrt();
        text += &format!(
            " Choosing these images adds a standard error of up to {:.1} points on what is forgotten, which \
             the bands do not show.",
            100.0 * error
        );
    }
    text
}

/// The four figures of every arm at the end of every phase.
fn results(record: &RunRecord) -> Section {
    let row = |outcome: &Outcome| {
        let f = &outcome.figures;
        let cells = [
            percent(&f.test_accuracy),
            percent(&f.forget_accuracy),
            percent(&f.retain_accuracy),
            plus_minus(&f.forget_confidence, 1.0, 2, ""),
        ];
        of_arm(outcome.arm, cells.map(Cell::from))
    };
    let rows = by_phase(|phase, arm| record.outcome(phase, arm).map(row));
    let head = [
        "arm",
        "test\naccuracy",
        "forget\naccuracy",
        "retain\naccuracy",
        "forget\nconfidence",
    ];
    Section::brief("Results after each phase", vec![Part::table(head, rows)])
}

/// The losses at the last evaluation of each phase.
fn losses(record: &RunRecord) -> Section {
    let row = |point: &Point| {
        let loss = |loss: &Spread| plus_minus(loss, 1.0, 3, "");
        let train = point.train_loss.as_ref().map_or(NONE.to_owned(), loss);
        of_arm(point.arm, [train, loss(&point.test_loss)].map(Cell::from))
    };
    let rows = by_phase(|phase, arm| {
        let mut points = record.points.iter().rev();
        points.find(|p| p.phase == phase && p.arm == arm).map(row)
    });
    let text = format!(
        "Mean cross-entropy in nats (a uniform guess costs {:.3}): on the training batches since the \
         previous evaluation, and on the test images. While unlearning, an arm's training loss is \
         that of its own task.",
        (record.data.classes.count() as f64).ln()
    );
    let table = Part::table(["arm", "training", "test"], rows);
    Section::new("Loss", vec![Part::text(text), table])
}

fn of_arm<const N: usize>(arm: Arm, cells: [Cell; N]) -> Row {
    Row {
        arm: Some(arm),
        ..Row::new(arm.name(), cells)
    }
}

/// The rows of all phases, each below its phase's name.
fn by_phase(row: impl Fn(Phase, Arm) -> Option<Row>) -> Vec<Row> {
    let mut rows = Vec::new();
    for phase in Phase::ALL {
        let of_phase = ARMS.into_iter().filter_map(|arm| row(phase, arm));
        let first = rows.len();
        rows.extend(of_phase);
        if rows.len() > first {
            rows.insert(first, Row::new(format!("after {}", phase.name()), []));
        }
    }
    rows
}

#[cfg(test)]
mod tests;
