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
    /// The text, with a star beyond the noise floor.
    pub text: String,
    /// How a distance compares to the noise floor.
    pub noise: Option<Noise>,
}

/// A distance from retraining, compared to the noise floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// No larger than the noise floor.
    Inside,
    /// Up to 3 noise floors.
    Near,
    /// Up to 10.
    Far,
    /// More.
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
        Self::Table(Table {
            head: head.into_iter().map(Into::into).collect(),
            rows: rows.into_iter().collect(),
        })
    }
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
        Self { text, noise: None }
    }
}

impl Cell {
    /// A distance in units of the noise floor.
    pub fn distance(distance: f64) -> Self {
        Self {
            text: units(distance) + if distance > 1.0 { "*" } else { "" },
            noise: Noise::of(distance),
        }
    }
}

impl Noise {
    fn of(units: f64) -> Option<Self> {
        match units {
            u if u.is_nan() => None,
            u if u <= 1.0 => Some(Self::Inside),
            u if u <= 3.0 => Some(Self::Near),
            u if u <= 10.0 => Some(Self::Far),
            _ => Some(Self::Farther),
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

/// A distance in units of the noise floor.
pub(crate) fn units(units: f64) -> String {
    match units {
        u if u.is_nan() => NONE.to_owned(),
        u if u >= 100.0 => "100+".to_owned(),
        u if u >= 9.95 => format!("{u:.0}"),
        u => format!("{u:.1}"),
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
    fn distances_beyond_the_noise_floor_are_marked() {
        let cell = |distance| {
            let cell = Cell::distance(distance);
            (cell.text, cell.noise)
        };
        assert_eq!(cell(1.0), ("1.0".to_owned(), Some(Noise::Inside)));
        assert_eq!(cell(1.04), ("1.0*".to_owned(), Some(Noise::Near)));
        assert_eq!(cell(9.96), ("10*".to_owned(), Some(Noise::Far)));
        assert_eq!(cell(300.0), ("100+*".to_owned(), Some(Noise::Farther)));
        assert_eq!(cell(f64::NAN), (NONE.to_owned(), None));
    }
}
