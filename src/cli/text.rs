//! Text output: wrapped at words, with commands kept whole.

use std::io::stderr;
use std::time::SystemTime;

use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

/// Width of stdout output, whatever the terminal, so that redirected output is the same everywhere.
pub(crate) const WIDTH: usize = 80;

/// Minimum width on narrow terminals.
const LEAST: usize = 20;

/// Wraps every line, with this indent on continuation lines.
pub(crate) fn fold(text: &str, indent: usize) -> String {
    fold_to(text, WIDTH, indent)
}

fn fold_to(text: &str, width: usize, indent: usize) -> String {
    let line = |line: &str| {
        let lead = line.len() - line.trim_start_matches(' ').len();
        wrap(line, width, "", &" ".repeat(lead + indent))
    };
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// Today's date, UTC: "2026-03-01".
pub(crate) fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.chars().take_while(|c| *c != 'T').collect()
}

/// A text wrapped next to its label.
pub(crate) fn beside(label: &str, columns: usize, text: &str) -> String {
    let label = format!("{label:<columns$}");
    wrap(text, WIDTH, &label, &" ".repeat(columns))
}

fn wrap(line: &str, width: usize, first: &str, others: &str) -> String {
    let options = Options::new(width)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false)
        .initial_indent(first)
        .subsequent_indent(others);
    textwrap::fill(&joined(line), options).replace(JOINT, " ")
}

/// A placeholder for non-breaking spaces.
const JOINT: char = '\u{e000}';

/// Keeps commands (in backticks), and numbers with their units, together.
fn joined(line: &str) -> String {
    let line = line
        .replace(" %", "\u{e000}%")
        .replace(" ×", "\u{e000}×")
        .replace(" ± ", "\u{e000}±\u{e000}");
    let part = |(number, part): (usize, &str)| match number % 2 {
        0 => part.to_owned(),
        _ => part.replace(' ', "\u{e000}"),
    };
    let parts: Vec<String> = line.split('`').enumerate().map(part).collect();
    parts.join("`")
}

/// Width of the labels that some notes begin with.
const LABEL: usize = 9;

/// Prints a note on stderr, indented past its label, if it has one.
pub(crate) fn note(text: &str) {
    let labelled = text.find("  ").is_some_and(|at| at < LABEL);
    let width = columns().unwrap_or(WIDTH);
    super::say!("{}", fold_to(text, width, if labelled { LABEL } else { 2 }));
}

/// Prints an error on stderr: wrapped on a terminal, otherwise in one line for programs.
pub(crate) fn error(text: &str) {
    match columns() {
        Some(width) => super::say!("{}", fold_to(text, width, 7)),
        None => super::say!("{text}"),
    }
}

/// What Rust's parsers of numbers say, and what people say.
const WORDS: [(&str, &str); 6] = [
    (
        "invalid digit found in string",
        "give a whole number, 0 or more",
    ),
    ("invalid float literal", "give a number, such as 0.1"),
    (
        "cannot parse integer from empty string",
        "a number is missing",
    ),
    (
        "cannot parse float from empty string",
        "a number is missing",
    ),
    (
        "number too large to fit in target type",
        "the number is too large",
    ),
    (
        "number too small to fit in target type",
        "the number is too small",
    ),
];

/// An error in plain words where a parser's are not.
pub(crate) fn plain(text: &str) -> String {
    let replaced = |text: String, (parsers, plain): &(&str, &str)| text.replace(parsers, plain);
    WORDS.iter().fold(text.to_owned(), replaced)
}

/// Whether every line fits the terminal.
pub(crate) fn fits(text: &str) -> bool {
    columns().is_none_or(|width| text.lines().all(|line| display_width(line) <= width))
}

/// Width of text on stderr, if it is a terminal.
fn columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(stderr())?;
    Some(usize::from(width.0).clamp(LEAST, WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_paths_and_units_stay_whole() {
        let text = "error: no such thing; try `unlearn bench --json FILE` of /a/very/long/path/to-it, \
                    97.3 ± 0.1 %\n  cpu  CPU";
        let folded = fold_to(text, 30, 7);
        let lines: Vec<&str> = folded.lines().collect();
        assert_eq!(
            lines,
            [
                "error: no such thing; try",
                "       `unlearn bench --json FILE`",
                "       of",
                "       /a/very/long/path/to-it,",
                "       97.3 ± 0.1 %",
                "  cpu  CPU",
            ]
        );
    }

    #[test]
    fn a_text_beside_a_label_is_set_in() {
        let text = beside("  kind", 12, &"word ".repeat(20));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("  kind      {}", ["word"; 13].join(" ")));
        assert_eq!(lines[1], format!("            {}", ["word"; 7].join(" ")));
    }
}
