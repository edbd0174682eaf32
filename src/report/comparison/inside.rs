//! What changed inside, method by method: a table, and a page with pictures for each method.

use maud::html;

use super::label;
use crate::compare::{Comparison, Forget, Judged};
use crate::inside::{Figure, Inside, Part};
use crate::record::{Arm, Spread};
use crate::report::inside::{About, STYLE, TITLE, section as pictures, words};
use crate::report::sheet::page::document;
use crate::report::sheet::{Cell, NONE, Part as Said, Row, Section, percent, plus_minus};

/// The folder of the pages, beside the report.
pub const FOLDER: &str = "inside";

/// A row for each method; none where nothing was looked at.
pub(super) fn section(c: &Judged) -> Option<Section> {
    let (_, first) = c.inside.first()?;
    let rows = c.methods.iter().filter_map(|row| {
        let own = c.inside.iter().find(|(name, _)| *name == row.method);
        own.map(|(name, inside)| Row::new(label(name, row.role), cells(inside, Arm::Unlearned)))
    });
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
    let text = "new head: accuracy on what was forgotten of a new last layer, fitted to 20 labelled images of each \
                class. readout: of one that was fitted to the original's last hidden layer and stays as it is. output: \
                of the network itself. one layer back: with the original's best layer in its place. map: correlation of \
                integrated gradients with the original's. same neurons: correlation of each neuron of the last hidden \
                layer with the original's, on what was forgotten, after learning everything again; in the retrained row, \
                networks that learned it for the first time. ± is the standard deviation over networks.";
    let table = Said::table(head, references.into_iter().chain(rows));
    Some(Section::new(TITLE, vec![Said::text(text), table]))
}

/// What the table says of an arm.
fn cells(i: &Inside, arm: Arm) -> Vec<Cell> {
    let head = i.heads.last().and_then(|head| head.accuracy.last());
    let readout = i.lens.len().checked_sub(2).map(|layer| &i.lens[layer]);
    let layers = i
        .transplants
        .parts
        .iter()
        .filter(|t| matches!(t.part, Part::Layer(_)));
    let best = layers.max_by(|a, b| {
        let back = [a, b].map(|t| t.restored.forget.mean(arm));
        back[0].total_cmp(&back[1])
    });
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

/// Each method's page with pictures: its file in the folder, the method, and the page.
pub fn pages(c: &Comparison) -> Vec<(String, &str, String)> {
    let ([case], Forget::Digits(forget)) = (&c.cases[..], &c.settings.forget) else {
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
            (pictures(&about, &words::words(&about)))
        };
        document(&title, STYLE, None, &body)
    };
    case.inside
        .iter()
        .map(|own| (file(&own.0), &own.0[..], page(own)))
        .collect()
}

/// A method's file: names may hold what file systems do not take.
fn file(method: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    format!("{}.html", method.chars().map(safe).collect::<String>())
}

/// Links to the pages.
pub(super) fn links(c: &Comparison) -> maud::Markup {
    let pages = pages(c);
    html! {
        @if !pages.is_empty() { p {
            "With pictures: "
            @for (number, (file, method, _)) in pages.iter().enumerate() {
                @if number > 0 { ", " }
                a href={ (FOLDER) "/" (file) } { (method) }
            }
            "."
        } }
    }
}
