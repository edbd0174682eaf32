//! What is said of all cases together.

use super::plane::Plotted;
use super::{RANKING, apart, verdicts};
use crate::compare::{Across, Comparison, Forget, Interval, Judged, Stability, Summary};
use crate::report::sheet::{Cell, NONE, Part, Row, Section, Table};
use crate::verdict::fixed;

/// The sections, given what metrics mean, by their names.
pub(super) fn sections(c: &Comparison, meanings: &[(String, String)]) -> Vec<Section> {
    let mut sections = Vec::new();
    if c.never_learned.is_empty() {
        sections.push(ranking(c));
    }
    if c.cases.iter().any(|case| case.never_learned.is_none()) {
        sections.push(scores(c));
    }
    sections.push(values(c, meanings));
    sections
}

/// The methods as the picture shows them, with their standard deviations over cases; none where they are
/// not ranked.
pub(super) fn points(c: &Comparison) -> Vec<Plotted> {
    let interval = |a: &Across| Interval {
        value: a.mean,
        low: a.mean - a.std,
        high: a.mean + a.std,
    };
    let plotted = |row: &Summary| Plotted {
        method: row.method.clone(),
        role: row.role,
        residual: interval(&row.residual),
        damage: interval(&row.damage),
    };
    let known = c.methods.iter().filter(|row| row.distance.mean.is_finite());
    known.map(plotted).collect()
}

fn ranking(c: &Comparison) -> Section {
    let columns = [
        "residual\nknowledge",
        "damage",
        "distance",
        "differs in",
        "gap",
    ];
    let [methods, controls] = apart(&c.methods, |row| row.role);
    let table = |first: &'static str, rows: &[&Summary]| {
        let rows = rows.iter().map(|row| {
            let cells = [
                spread(&row.residual),
                spread(&row.damage),
                spread(&row.distance),
                format!("{} of {}", row.distinguishable, c.cases.len()).into(),
                spread(&row.average_gap),
            ];
            Row::new(super::named(&row.method, row.role), cells)
        });
        Part::table([first].into_iter().chain(columns), rows)
    };
    let mut parts = vec![
        table("method", &methods),
        Part::text(format!(
            "{} differs in: cases in which the method is distinguishable from retraining. gap: mean difference \
             from the retrained networks over UA, RA, TA kept and MIA, in points. ±: standard deviation over {}.",
            super::FIGURES,
            over(c)
        )),
    ];
    if !controls.is_empty() {
        let names = controls.iter().map(|row| row.method.as_str());
        parts.extend([table("control", &controls), super::controls(names)]);
    }
    for sentence in [verdicts::known_at_once, verdicts::nothing_to_forget] {
        let all: Option<Vec<&str>> = c.cases.iter().map(sentence).collect();
        parts.extend(all.and_then(|all| all.first().copied()).map(Part::text));
    }
    if let Some(stability) = &c.stability {
        parts.push(Part::Text(stable(stability)));
        let rankings = stability.rankings.iter();
        let line = |(seed, all): &(u64, Vec<String>)| format!("seed {seed}: {}", all.join(", "));
        parts.push(Part::List(rankings.map(line).collect()));
    }
    Section::brief(RANKING, parts)
}

/// Residual knowledge and damage by case.
fn scores(c: &Comparison) -> Section {
    let name = |case: &Judged| c.settings.name(&case.case).replace(", ", ",\n");
    let head = ["method".to_owned()].into_iter();
    let head = head.chain(c.cases.iter().map(name));
    let rows = rows(c, |row| {
        let figures = row.residual.cases.iter().zip(&row.damage.cases);
        let figures = figures.map(|(r, d)| format!("{}, {}", fixed(*r, 2), fixed(*d, 2)));
        figures.map(Cell::from).collect()
    });
    let text = "Residual knowledge, damage.";
    Section::brief("By case", vec![Part::text(text), Part::table(head, rows)])
}

fn values(c: &Comparison, meanings: &[(String, String)]) -> Section {
    let values = c.methods.first().map_or(&[][..], |row| &row.values);
    let names = values.iter().map(|(name, _)| name.as_str());
    let rows = rows(c, |row| {
        let values = row.values.iter();
        values.map(|(_, value)| spread(value)).collect()
    });
    let text = format!(
        "Mean ± standard deviation over {} of the mean over networks.",
        over(c)
    );
    let table = Table::new(["method"].into_iter().chain(names), rows).explained(meanings);
    let parts = vec![
        Part::Text(text),
        Part::Table(table),
        Part::Terms(meanings.to_vec()),
    ];
    Section::new("Values", parts)
}

/// A row for each method, and below a heading for each control.
fn rows(c: &Comparison, cells: impl Fn(&Summary) -> Vec<Cell>) -> Vec<Row> {
    let row = |row: &Summary| Row::new(super::named(&row.method, row.role), cells(row));
    super::grouped(&c.methods, |one| one.role, |one| Some(row(one)))
}

/// What a standard deviation over cases is over: "10 digits".
fn over(c: &Comparison) -> String {
    let seeds = c.settings.seeds.len();
    match (&c.settings.forget, seeds) {
        (Forget::Each, 1) => format!("{} {}", c.cases.len(), c.settings.classes.nouns()),
        (Forget::Each, _) => format!(
            "{} pairs of a {} and a seed",
            c.cases.len(),
            c.settings.classes.noun()
        ),
        _ => format!("{seeds} seeds"),
    }
}

/// A number over cases.
fn spread(value: &Across) -> Cell {
    let digits = if value.mean.abs() >= 10.0 { 1 } else { 2 };
    let (mean, std) = (fixed(value.mean, digits), fixed(value.std, digits));
    Cell::from(match value.mean.is_finite() {
        true => format!("{mean} ± {std}"),
        false => NONE.to_owned(),
    })
}

/// Whether the ranking is the same under every seed.
fn stable(s: &Stability) -> String {
    let judgement = match s.stable {
        true => "The ranking is stable across seeds",
        false => {
            "The ranking is not stable across seeds: read it as groups of methods, not as an order"
        }
    };
    let end = s.end;
    let ties = match s.certain {
        0 => String::new(),
        certain => format!(
            " Of {certain} orders of two methods that are certain under both of two seeds, {} contradict each \
             other; all others are ties.",
            s.contradicted
        ),
    };
    format!(
        "{judgement}. Any two of the {} seeds share at least {} of the {end} best and {} of the {end} \
         worst methods; Kendall's τ of their rankings is at least {}.{ties}",
        s.rankings.len(),
        s.best_shared,
        s.worst_shared,
        fixed(s.tau, 2)
    )
}
