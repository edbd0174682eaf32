//! Each picture and each table as a file of its own.

use std::collections::BTreeSet;

use super::{Made, case, inside, overview, plane, plots, sheet};
use crate::compare::{Comparison, Judged, csv};
use crate::record::Classes;
use crate::report::plot::picture::Picture;
use crate::report::sheet::{Part, Section, Table};

const PICTURES: &str = "pictures";
const TABLES: &str = "tables";

/// The folders beside the report, of pages, pictures and tables.
pub const FOLDERS: [&str; 3] = [inside::FOLDER, PICTURES, TABLES];

/// The pictures as SVG and the tables as CSV, by their paths in the comparison's folder.
pub fn files(c: &Comparison, made: &Made) -> Vec<(String, String)> {
    let sheet = sheet(c, made);
    let mut files = tables("", &sheet.sections);
    match c.cases.as_slice() {
        [only] => files.extend(pictures("", only, &c.settings.classes)),
        cases => {
            files.extend(plane::picture(&overview::points(c)).map(|all| drawn("ranking", &all)));
            for (case, sheet) in cases.iter().zip(&sheet.cases) {
                let before = format!("{}-", slug(&sheet.title));
                files.extend(tables(&before, &sheet.sections));
                files.extend(pictures(&before, case, &c.settings.classes));
            }
        }
    }
    distinct(files)
}

/// Names that differ in nothing but what a file's name leaves out get numbers.
fn distinct(mut files: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut known = BTreeSet::new();
    for (name, _) in &mut files {
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let numbers = (2..).map(|number| format!("{stem}-{number}.{kind}"));
        let mut names = std::iter::once(name.clone()).chain(numbers);
        if let Some(free) = names.find(|name| known.insert(name.clone())) {
            *name = free;
        }
    }
    files
}

fn pictures(before: &str, c: &Judged, classes: &Classes) -> Vec<(String, String)> {
    let ranking = plane::picture(&case::points(c)).map(|p| ("ranking".to_owned(), p));
    let all = ranking.into_iter().chain(plots::files(c, classes));
    all.map(|(name, picture)| drawn(&format!("{before}{}", slug(&name)), &picture))
        .collect()
}

fn drawn(name: &str, picture: &Picture) -> (String, String) {
    let path = format!("{PICTURES}/{name}.svg");
    (path, picture.document() + "\n")
}

/// Tables have their section's name; one that is not its first, that of its first column, too.
fn tables(before: &str, sections: &[Section]) -> Vec<(String, String)> {
    let of = |section: &Section| {
        let tables = section.parts.iter().filter_map(|part| match part {
            Part::Table(table) => Some(table),
            _ => None,
        });
        let file = |(number, table): (usize, &Table)| {
            let first = table.head.first().filter(|_| number > 0);
            let more = first.map_or(String::new(), |head| format!("-{}", slug(head)));
            let path = format!("{TABLES}/{before}{}{more}.csv", slug(section.title));
            (path, text(table))
        };
        tables.enumerate().map(file).collect::<Vec<_>>()
    };
    sections.iter().flat_map(of).collect()
}

/// A table as CSV. What rows stand below headings has these in a column of its own.
fn text(table: &Table) -> String {
    let headings = table.rows.iter().any(|row| row.cells.is_empty());
    let mut head: Vec<String> = table.head.iter().map(|h| h.replace('\n', " ")).collect();
    if headings {
        head.insert(1.min(head.len()), "group".to_owned());
    }
    let mut group = String::new();
    let mut rows = Vec::new();
    for row in &table.rows {
        if row.cells.is_empty() {
            group.clone_from(&row.name);
            continue;
        }
        let mut cells = vec![row.name.clone()];
        cells.extend(headings.then(|| match row.reference {
            true => String::new(),
            false => group.clone(),
        }));
        cells.extend(row.cells.iter().map(|cell| cell.text.clone()));
        cells.resize(head.len(), String::new());
        rows.push(cells);
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    csv(&head, &rows)
}

/// A name as files have it: words in small letters, with hyphens between them.
fn slug(text: &str) -> String {
    let small = text.to_lowercase();
    let words = small.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sheet::{Cell, Row};

    #[test]
    fn no_file_takes_the_place_of_another() {
        let named = |name: &str| (name.to_owned(), String::new());
        let files = distinct(["a.svg", "a.svg", "a-2.svg", "a.csv"].map(named).to_vec());
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.svg", "a-2.svg", "a-2-2.svg", "a.csv"]);
    }

    #[test]
    fn a_table_becomes_csv_with_its_headings_as_a_column() {
        let cells = |all: [&str; 2]| all.map(|text| Cell::from(text.to_owned()));
        let rows = [
            Row::new("scrub", cells(["0.1, 0.2", "–"])),
            Row::new("Controls", []),
            Row::new("retrain", cells(["0", "1"])),
            Row::reference("originals", cells(["1", "1"])),
        ];
        let section = Section::new(
            "By case",
            vec![
                Part::table(["method", "digit 0,\nseed 1", "gap"], rows),
                Part::table(["control", "gap"], []),
            ],
        );
        let files = tables("digit-3-", &[section]);
        let expected = "method,group,\"digit 0, seed 1\",gap\nscrub,,\"0.1, 0.2\",–\n\
                        retrain,Controls,0,1\noriginals,,1,1\n";
        assert_eq!(files[0].0, "tables/digit-3-by-case.csv");
        assert_eq!(files[0].1, expected);
        assert_eq!(files[1].0, "tables/digit-3-by-case-control.csv");
    }
}
