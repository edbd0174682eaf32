//! What changed inside, method by method: a table, and a page with pictures for each method.

use maud::{Markup, html};

use super::{grouped, named};
use crate::compare::{Comparison, Forget, Summary};
use crate::inside::{Figure, Inside, NUMBERS};
use crate::record::{Arm, Spread};
use crate::report::inside::{About, STYLE, TITLE, section as pictures, words};
use crate::report::sheet::page::document;
use crate::report::sheet::{Cell, NONE, Part as Said, Row, Section, percent, plus_minus};

/// The folder of the pages, beside the report.
pub(super) const FOLDER: &str = "inside";

/// A row for each method; none where nothing was looked at.
pub(super) fn section(c: &Comparison) -> Option<Section> {
    let (_, first) = c.inside.first()?;
    let row = |row: &Summary| {
        let own = c.inside.iter().find(|(name, _)| *name == row.method);
        own.map(|(name, inside)| Row::new(named(name, row.role), cells(inside, Arm::Unlearned)))
    };
    let rows = grouped(&c.methods, |row| row.role, row);
    let references =
        [Arm::Original, Arm::Retrained].map(|arm| Row::reference(arm.name(), cells(first, arm)));
    let head = [
        "method",
        "new\nhead",
        "readout",
        "output",
        "one layer\nback",
        "map",
        "same\nneurons",
    ];
    let labels = NUMBERS.last().copied().unwrap_or_default();
    let text = format!(
        "new head: accuracy on what was forgotten of a new last layer, fitted to {labels} labelled images of each \
                class. readout: of one that was fitted to the original's last hidden layer and stays as it is. output: \
                of the network itself. one layer back: with the original's best layer in its place. map: correlation of \
                integrated gradients with the original's. same neurons: correlation of each neuron of the last hidden \
                layer with the original's, on what was forgotten, after learning everything again; in the retrained row, \
                networks that learned it for the first time. ± is the standard deviation over networks."
    );
    let table = Said::table(head, references.into_iter().chain(rows));
    Some(Section::new(TITLE, vec![Said::text(text), table]))
}

/// What the table says of an arm.
fn cells(i: &Inside, arm: Arm) -> Vec<Cell> {
    let head = i.heads.last().and_then(|head| head.accuracy.last());
    let readout = i.lens.len().checked_sub(2).map(|layer| &i.lens[layer]);
    let best = words::best_layer(i, arm);
    let again = match arm {
        Arm::Unlearned => Arm::Relearned,
        other => other,
    };
    let shares = [
        head.map(|(_, figure)| figure),
        readout,
        i.lens.last(),
        best.map(|t| &t.restored.forget),
    ];
    let numbers = [
        (Some(&i.attributions.likeness), arm),
        (i.likeness.last().map(|l| &l.neurons), again),
    ];
    let show = |f: Option<&Figure>, arm, show: &dyn Fn(&Spread) -> String| {
        let spread = f.and_then(|f| f.arm(arm));
        Cell::from(spread.map_or(NONE.to_owned(), show))
    };
    let shares = shares.map(|f| show(f, arm, &percent));
    let numbers = numbers.map(|(f, arm)| show(f, arm, &|s| plus_minus(s, 1.0, 2, "")));
    shares.into_iter().chain(numbers).collect()
}

/// The files of a method in the folder.
pub struct Page {
    /// The path of the page in the comparison's folder, and that of its numbers.
    pub names: [String; 2],
    /// The page with pictures.
    pub html: String,
    /// What it shows.
    pub inside: Inside,
}

/// Each method's page with pictures.
pub fn pages(c: &Comparison) -> Vec<Page> {
    let Forget::Digits(forget) = &c.settings.forget else {
        return Vec::new();
    };
    let page = |(name, inside): &'_ (String, Inside)| {
        let about = About {
            inside,
            classes: &c.settings.classes,
            forget,
        };
        let title = format!("{name}: forgetting {}", c.settings.classes.words(forget));
        let body = html! {
            header {
                p.eyebrow { "unlearn" span.dim { " · " a href="../report.html" { "the comparison" } } }
                h1 { (title) }
                p.sub {
                    "Relearned: " (c.settings.budget) " steps on everything after the method. " (c.settings.data)
                }
            }
            (pictures(&about))
        };
        Page {
            names: ["html", "json"].map(|kind| format!("{FOLDER}/{}", file(name, kind))),
            html: document(&title, STYLE, None, &body),
            inside: inside.clone(),
        }
    };
    c.inside.iter().map(page).collect()
}

/// A method's file: names may hold what file systems do not take.
fn file(method: &str, kind: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = method.chars().map(safe).collect();
    format!("{name}.{kind}")
}

/// Links to the pages.
pub(super) fn links(c: &Comparison) -> Markup {
    html! {
        @if !c.inside.is_empty() { p {
            "With pictures: "
            @for (number, (method, _)) in c.inside.iter().enumerate() {
                @if number > 0 { ", " }
                a href={ (FOLDER) "/" (file(method, "html")) } { (method) }
            }
            "."
        } }
    }
}
