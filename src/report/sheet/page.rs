//! A sheet as HTML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{Part, Row, Section, Sheet, Table};
use crate::record::Arm;
use crate::report::html::mark::key;
use crate::report::palette;

const STYLE: &str = include_str!("../html/style.css");

/// Columns of a table whose rows take two lines on a phone: the name, and below it the figures.
const WIDE: usize = 5;

/// A self-contained page, with a style sheet and perhaps a script of its own.
pub(crate) fn document(title: &str, style: &str, script: Option<&str>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(script));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · unlearn" }
                style { (PreEscaped(palette::css())) (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body {
                main { (body) }
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    };
    page.into_string()
}

/// What browsers let the page do: request nothing, and run this script alone.
fn policy(script: Option<&str>) -> String {
    let mut policy = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; \
                      style-src 'unsafe-inline'"
        .to_owned();
    if let Some(script) = script {
        let hash = STANDARD.encode(Sha256::digest(script));
        policy += &format!("; script-src 'sha256-{hash}'");
    }
    policy
}

/// What a reader must know first.
pub(crate) fn warnings(sheet: &Sheet) -> Markup {
    html! { @for text in &sheet.warnings { div.warning role="alert" { (text) } } }
}

/// A section, with a picture at its end.
pub(crate) fn section(section: &Section, picture: Option<Markup>) -> Markup {
    html! {
        section {
            h2 { (section.title) }
            @for part in &section.parts { (self::part(part)) }
            @if let Some(picture) = picture { (picture) }
        }
    }
}

fn part(part: &Part) -> Markup {
    html! { @match part {
        Part::Text(text) => { p.lead { (text) } }
        Part::List(all) => { ul { @for text in all { li { (text) } } } }
        Part::Terms(all) => { dl.notes { @for (name, meaning) in all { dt { (name) } dd { (meaning) } } } }
        Part::Command(command) => { pre.command { code { (command) } } }
        Part::Table(table) => { (self::table(table)) }
    } }
}

fn table(table: &Table) -> Markup {
    html! {
        div.scroll { table.sheet.two-lines[table.head.len() == WIDE] cellpadding="4" {
            thead { tr { @for name in &table.head { th scope="col" title=[meaning(table, name)] { (lines(name)) } } } }
            tbody { @for row in &table.rows { (self::row(row, &table.head)) } }
        } }
    }
}

/// What a column means, if the table knows it.
fn meaning<'a>(table: &'a Table, column: &str) -> Option<&'a str> {
    let mut known = table.meanings.iter().filter(|(name, _)| name == column);
    known.next().map(|(_, meaning)| meaning.as_str())
}

/// A text with its line breaks.
fn lines(text: &str) -> Markup {
    html! { @for (number, line) in text.lines().enumerate() { @if number > 0 { br; } (line) } }
}

/// A row, whose cells name their columns, for screens on which each row is a card.
fn row(row: &Row, head: &[String]) -> Markup {
    let main = matches!(row.arm, Some(Arm::Unlearned | Arm::Relearned));
    html! {
        @if row.cells.is_empty() { tr.phase { th colspan=(head.len()) scope="rowgroup" { (row.name) } } }
        @else { tr.main[main].reference[row.reference] {
            th scope="row" {
                @if let Some(arm) = row.arm { (key(arm, arm == Arm::Unlearned)) }
                (row.name)
            }
            @for (cell, name) in row.cells.iter().zip(head.iter().skip(1)) {
                td class=[cell.shade.map(super::Shade::name)] data-label=(name.replace('\n', " ")) { (figure(&cell.text)) }
            }
            @for _ in row.cells.len() + 1..head.len() { td {} }
        } }
    }
}

/// A figure, its standard deviation or its unit less prominent.
pub(crate) fn figure(text: &str) -> Markup {
    html! {
        @if let Some((mean, std)) = text.split_once(" ± ") { (mean) " " span.pm { "± " (std) } }
        @else if let Some(number) = text.strip_suffix(" %") { (number) span.unit { " %" } }
        @else { (text) }
    }
}
