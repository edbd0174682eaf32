//! A sheet as text.

use textwrap::core::display_width;
use unlearn::report::sheet::{Part, Row, Section, Sheet};

use super::table::columns;
use super::text::{beside, fold};

/// Columns by which an item's lines after the first are set in.
const INDENT: usize = 4;
/// Columns of the names beside their meanings, at least.
const TERM: usize = 15;
/// Columns of a command's line, without its margin and the backslash.
const BREAK: usize = 74;

/// What a terminal shows.
pub(crate) fn brief(sheet: &Sheet) -> String {
    text(sheet, false)
}

/// Everything.
pub(crate) fn full(sheet: &Sheet) -> String {
    text(sheet, true) + "\n"
}

fn text(sheet: &Sheet, all: bool) -> String {
    let lead = sheet.warnings.iter().chain(&sheet.lead);
    let mut blocks: Vec<String> = lead.map(|text| fold(text, 0)).collect();
    let sections = sheet.sections.iter().filter(|s| all || s.brief);
    blocks.extend(sections.map(section));
    for case in sheet.cases.iter().filter(|_| all) {
        blocks.push(heading(&case.title, "="));
        blocks.push(text(case, all));
    }
    blocks.join("\n\n")
}

fn heading(title: &str, line: &str) -> String {
    format!("{title}\n{}", line.repeat(title.chars().count()))
}

fn section(section: &Section) -> String {
    let parts: Vec<String> = section.parts.iter().map(part).collect();
    format!("{}\n{}", heading(section.title, "-"), parts.join("\n\n"))
}

fn part(part: &Part) -> String {
    let lines = |lines: Vec<String>| lines.join("\n");
    match part {
        Part::Text(text) => fold(text, 0),
        Part::List(all) => lines(all.iter().map(|text| fold(text, INDENT)).collect()),
        Part::Terms(all) => {
            let longest = all.iter().map(|(name, _)| display_width(name) + 1).max();
            let columns = longest.unwrap_or(0).max(TERM);
            let terms = all.iter().map(|(name, of)| beside(name, columns, of));
            lines(terms.collect())
        }
        Part::Command(command) => continued(command),
        Part::Table(table) => columns(&table.head, &table.rows.iter().map(row).collect::<Vec<_>>()),
    }
}

/// A shell's command on lines that go on after a backslash, broken before flags.
fn continued(command: &str) -> String {
    let mut lines = vec![String::new()];
    for (number, flag) in command.split(" --").enumerate() {
        let word = match number {
            0 => flag.to_owned(),
            _ => format!(" --{flag}"),
        };
        let whole: String = lines.concat();
        // Within quotes it is no flag.
        let quoted = whole.matches('\'').count() % 2 == 1;
        match lines.last_mut() {
            Some(line) if quoted || line.len() + word.len() <= BREAK => *line += &word,
            _ => lines.push(word),
        }
    }
    lines.join(" \\\n   ")
}

fn row(row: &Row) -> Vec<String> {
    let name = match row.reference {
        true => format!("({})", row.name),
        false => row.name.clone(),
    };
    let cells = row.cells.iter().map(|cell| cell.text.clone());
    std::iter::once(name).chain(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_go_on_after_a_backslash_but_not_within_quotes() {
        assert_eq!(
            continued("unlearn compare --seeds 1,2"),
            "unlearn compare --seeds 1,2"
        );
        let long = format!(
            "unlearn compare --forget '{} --x y' --seeds 1,2",
            "a".repeat(50)
        );
        let lines = continued(&long);
        assert_eq!(lines.lines().count(), 3);
        assert_eq!(lines.replace(" \\\n   ", ""), long);
        assert!(lines.contains("a --x y'"));
    }
}
