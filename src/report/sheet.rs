//! What a run or a comparison found, in tables and sentences: built once, as plain data, and shown by
//! the terminal, `report.txt` and `report.html` alike.

pub(crate) mod page;

use crate::record::{Arm, Spread};
use crate::verdict::fixed;

/// All that is said, in order.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The title of the page, or of a case.
    pub title: String,
    /// What a reader must know first.
    pub warnings: Vec<String>,
    /// Sentences that come before all sections.
    pub lead: Vec<String>,
    /// The sections.
    pub sections: Vec<Section>,
    /// The cases of a comparison, where there are several.
    pub cases: Vec<Sheet>,
}

/// A part with a title.
#[derive(Clone, Debug)]
pub struct Section {
    /// The title.
    pub title: &'static str,
    /// Whether a terminal shows it too.
    pub brief: bool,
    /// What it says.
    pub parts: Vec<Part>,
}

/// What sections are made of.
#[derive(Clone, Debug)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// Paragraphs about one thing each.
    List(Vec<String>),
    /// Names and what they mean.
    Terms(Vec<(String, String)>),
    /// A command, on a line of its own.
    Command(String),
    /// A table.
    Table(Table),
}

/// A table. All but the first column hold figures.
#[derive(Clone, Debug)]
pub struct Table {
    /// The head, of one or more lines.
    pub head: Vec<String>,
    /// The rows. One without cells is a heading for those below it.
    pub rows: Vec<Row>,
    /// What columns mean, by their names, where a page says it at their heads.
    pub meanings: Vec<(String, String)>,
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The first column.
    pub name: String,
    /// The other columns, from the left.
    pub cells: Vec<Cell>,
    /// Whether it is there for comparison only.
    pub reference: bool,
    /// The arm that it is about.
    pub arm: Option<Arm>,
}

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The text, with a star where it differs from retraining.
    pub text: String,
    /// How far from retraining it is.
    pub shade: Option<Shade>,
}

/// How far from retraining an effect is. One that neither differs nor is equivalent has no shade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    /// Equivalent to it.
    Inside,
    /// It differs, by up to a quarter of the way.
    Near,
    /// Up to three quarters.
    Far,
    /// Farther.
    Farther,
}

/// Stands in for NaN.
pub(crate) const NONE: &str = "–";

impl Section {
    /// A section of `report.txt` and `report.html`.
    pub fn new(title: &'static str, parts: Vec<Part>) -> Self {
        Self {
            title,
            brief: false,
            parts,
        }
    }

    /// A section that a terminal shows too.
    pub fn brief(title: &'static str, parts: Vec<Part>) -> Self {
        Self {
            brief: true,
            ..Self::new(title, parts)
        }
    }
}

impl Part {
    /// A paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A table.
    pub fn table<H: Into<String>>(
        head: impl IntoIterator<Item = H>,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        Self::Table(Table::new(head, rows))
    }
}

impl Table {
    /// A table.
    pub fn new<H: Into<String>>(
        head: impl IntoIterator<Item = H>,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            rows: rows.into_iter().collect(),
            meanings: Vec::new(),
        }
    }

    /// The same with what its columns mean.
    pub fn explained(self, meanings: &[(String, String)]) -> Self {
        Self {
            meanings: meanings.to_vec(),
            ..self
        }
    }

    /// The table in parts that are no wider than this, where `width` is that of a text in a column. Each
    /// begins with the first column.
    pub fn parts(&self, room: usize, width: impl Fn(&str) -> usize) -> Vec<Self> {
        let of = |column: usize| {
            let rows = self.rows.iter().filter(|row| !row.cells.is_empty());
            let cells = rows.filter_map(|row| match column.checked_sub(1) {
                Some(cell) => row.cells.get(cell).map(|cell| cell.text.as_str()),
                None => Some(row.name.as_str()),
            });
            let cells = cells.chain(self.head.get(column).map(String::as_str));
            let lines = cells.flat_map(str::lines);
            lines.map(&width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(of).collect();
        let some = |columns: &Vec<usize>| Self {
            head: std::iter::once(0)
                .chain(columns.iter().copied())
                .map(|column| self.head[column].clone())
                .collect(),
            rows: self.rows.iter().map(|row| row.some(columns)).collect(),
            meanings: self.meanings.clone(),
        };
        blocks(&widths, room).iter().map(some).collect()
    }
}

/// Columns but the first, in blocks that have room beside it.
pub fn blocks(widths: &[usize], room: usize) -> Vec<Vec<usize>> {
    let first = widths.first().copied().unwrap_or(0);
    let mut blocks = vec![Vec::new()];
    let mut used = first;
    for (column, width) in widths.iter().enumerate().skip(1) {
        if used + width > room && blocks.last().is_some_and(|block| !block.is_empty()) {
            blocks.push(Vec::new());
            used = first;
        }
        used += width;
        if let Some(block) = blocks.last_mut() {
            block.push(column);
        }
    }
    blocks
}

impl Row {
    /// A row.
    pub fn new(name: impl Into<String>, cells: impl IntoIterator<Item = Cell>) -> Self {
        Self {
            name: name.into(),
            cells: cells.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same with some of the columns only.
    fn some(&self, columns: &[usize]) -> Self {
        let cells = columns
            .iter()
            .filter_map(|column| self.cells.get(column - 1));
        Self {
            name: self.name.clone(),
            cells: cells.cloned().collect(),
            ..*self
        }
    }

    /// A row that is there for comparison.
    pub fn reference(name: &str, cells: impl IntoIterator<Item = Cell>) -> Self {
        Self {
            reference: true,
            ..Self::new(name, cells)
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, shade: None }
    }
}

impl Cell {
    /// An effect, and whether it differs from retraining or is equivalent to it.
    pub fn effect(effect: f64, differs: bool, equivalent: bool) -> Self {
        Self {
            text: signed(effect) + if differs { "*" } else { "" },
            shade: match differs {
                true => Some(Shade::of(effect)),
                false => equivalent.then_some(Shade::Inside),
            },
        }
    }
}

impl Shade {
    /// Of an effect that differs.
    fn of(effect: f64) -> Self {
        match effect.abs() {
            e if e <= 0.25 => Self::Near,
            e if e <= 0.75 => Self::Far,
            _ => Self::Farther,
        }
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Near => "near",
            Self::Far => "far",
            Self::Farther => "farther",
        }
    }
}

/// An effect in two digits.
pub(crate) fn signed(effect: f64) -> String {
    match effect {
        e if e.is_nan() => NONE.to_owned(),
        e if e >= 9.95 => "10+".to_owned(),
        e if e <= -9.95 => "−10+".to_owned(),
        e => fixed(e, 2),
    }
}

/// "97.3 ± 0.2 %": the mean and, of several networks, the standard deviation.
pub(crate) fn plus_minus(spread: &Spread, unit: f64, decimals: usize, suffix: &str) -> String {
    let mean = fixed(unit * spread.mean, decimals);
    match has_std(spread) {
        _ if !spread.mean.is_finite() => mean,
        true => format!("{mean} ± {}{suffix}", fixed(unit * spread.std, decimals)),
        false => mean + suffix,
    }
}

/// A fraction in percent.
pub(crate) fn percent(spread: &Spread) -> String {
    plus_minus(spread, 100.0, 1, " %")
}

/// Whether the standard deviation says anything.
pub(crate) fn has_std(spread: &Spread) -> bool {
    spread.learners.len() > 1 && spread.std.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_read_well() {
        let of = |values: &[f64]| percent(&Spread::of(values.to_vec()));
        assert_eq!(of(&[0.971, 0.975]), "97.3 ± 0.3 %");
        assert_eq!(of(&[0.971]), "97.1 %");
        assert_eq!(of(&[f64::NAN, 0.5]), NONE);
        assert_eq!(of(&[]), NONE);
    }

    #[test]
    fn effects_that_differ_from_retraining_are_marked() {
        let cell = |effect, differs| {
            let cell = Cell::effect(effect, differs, effect.abs() < 0.1);
            (cell.text, cell.shade)
        };
        assert_eq!(cell(0.05, false), ("0.05".to_owned(), Some(Shade::Inside)));
        assert_eq!(cell(0.05, true), ("0.05*".to_owned(), Some(Shade::Near)));
        // Neither different nor equivalent: undecided.
        assert_eq!(cell(0.9, false), ("0.90".to_owned(), None));
        assert_eq!(cell(0.2, true), ("0.20*".to_owned(), Some(Shade::Near)));
        assert_eq!(cell(0.5, true), ("0.50*".to_owned(), Some(Shade::Far)));
        assert_eq!(cell(30.0, true), ("10+*".to_owned(), Some(Shade::Farther)));
        assert_eq!(cell(f64::NAN, false), (NONE.to_owned(), None));
    }
}
