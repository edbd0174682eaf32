//! What changed inside a run's networks, as a part of its page.

mod curves;
mod neurons;
pub(crate) mod pixels;
mod planes;
mod tables;
pub(crate) mod words;

use maud::{Markup, html};

use super::sheet::page::figure;
use super::sheet::{NONE, percent, plus_minus};
use crate::inside::{ARMS, Figure, Inside};
use crate::record::{Arm, Classes};
use crate::verdict::fixed;

/// The section's style.
pub(crate) const STYLE: &str = include_str!("html/inside.css");

/// The section's title, in the page and in its sheet.
pub(crate) const TITLE: &str = "What changed inside";

/// What the pictures are about.
pub(crate) struct About<'a> {
    pub(crate) inside: &'a Inside,
    pub(crate) classes: &'a Classes,
    pub(crate) forget: &'a [u8],
}

impl About<'_> {
    /// Of the forgotten classes.
    fn it(&self) -> &'static str {
        match self.forget.len() {
            1 => "it",
            _ => "them",
        }
    }

    /// The forgotten classes: "digit 5".
    fn forgotten(&self) -> String {
        self.classes.words(self.forget)
    }
}

/// The section, with what it says in short.
pub(crate) fn section(about: &About<'_>) -> Markup {
    html! {
        section.inside {
            h2 { (TITLE) }
            div.verdict { @for sentence in words::words(about) { p { (sentence) } } }
            (how(about))
            (curves::heads(about))
            (tables::transplants(about))
            (neurons::cards(about))
            (neurons::maps(about))
            (planes::planes(about))
            (tables::likeness(about))
        }
    }
}

/// What all numbers have in common.
fn how(about: &About<'_>) -> Markup {
    let i = about.inside;
    html! {
        p.lead {
            @if i.matched {
                "Learner k of every arm started from the same weights, so neuron j of one network is compared with "
                "neuron j of another. "
            } @else {
                "The originals came from a file. Their neurons do not correspond to those of the retrained networks, "
                "which are left out where neurons are compared. "
            }
            @if i.learners > 1 {
                "Numbers are means over the first " (i.learners) " networks of each arm, on " (i.images[0])
                " test images of " (about.forgotten()) " and " (i.images[1]) " of the others. Noise floor: how much "
                "the number differs between two single retrained networks, on average."
            } @else {
                "With a single network of each arm there is no noise floor: run several learners to see which "
                "differences are more than luck."
            }
        }
    }
}

/// A fraction in percent.
fn percents(share: f64) -> String {
    format!("{} %", fixed(100.0 * share, 1))
}

/// How figures are shown.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// A fraction, in percent.
    Percent,
    /// A number as it is.
    Number,
}

impl Unit {
    /// An arm's figure.
    fn show(self, f: &Figure, arm: Arm) -> String {
        match (f.arm(arm), self) {
            (None, _) => NONE.to_owned(),
            (Some(spread), Self::Percent) => percent(spread),
            (Some(spread), Self::Number) => plus_minus(spread, 1.0, 2, ""),
        }
    }

    /// The noise floor.
    fn floor(self, f: &Figure) -> String {
        match (f.floor, self) {
            (None, _) => NONE.to_owned(),
            (Some(floor), Self::Percent) => percents(floor),
            (Some(floor), Self::Number) => fixed(floor, 2),
        }
    }
}

/// A table of figures, with a column for each of these arms and one for the noise floor.
fn table(first: &str, arms: &[(Arm, &str)], rows: &[(String, &Figure)], unit: Unit) -> Markup {
    html! {
        div.scroll { table.sheet cellpadding="4" {
            thead { tr {
                th scope="col" { (first) }
                @for (_, title) in arms { th scope="col" { (title) } }
                th scope="col" { "noise" br; "floor" }
            } }
            tbody { @for (name, f) in rows { tr {
                th scope="row" { (name) }
                @for (arm, _) in arms { td { (figure(&unit.show(f, *arm))) } }
                td { (figure(&unit.floor(f))) }
            } } }
        } }
    }
}
