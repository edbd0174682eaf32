//! What is said of all cases together.

use super::plane::Plotted;
use super::{RANKING, case, label};
use crate::compare::{Across, Comparison, Forget, Interval, Judged, Stability, Summary};
use crate::report::sheet::{Cell, NONE, Part, Row, Section};
use crate::verdict::fixed;

/// The sections.
pub(super) fn sections(c: &Comparison) -> Vec<Section> {
    let mut sections = Vec::new();
    if c.never_learned.is_empty() {
        sections.push(ranking(c));
    }
    if c.cases.iter().any(|case| case.never_learned.is_none()) {
        sections.push(scores(c));
    }
    sections.push(values(c));
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
    let head = ["method", "residual\nknowledge", "damage", "differs in"].into_iter();
    let rows = c.methods.iter().map(|row| {
        let cells = [
            spread(&row.residual),
            spread(&row.damage),
            format!("{} of {}", row.distinguishable, c.cases.len()).into(),
            spread(&row.average_gap),
        ];
        Row::new(label(&row.method, row.role), cells)
    });
    let over = over(c);
    let mut parts = vec![
        Part::text(super::figures()),
        Part::table(head.chain(["gap"]), rows),
        Part::text(format!(
            "Mean ± standard deviation over {over}. differs in: cases in which the method is distinguishable \
             from retraining. gap: mean difference from the retrained networks over UA, RA, TA kept and MIA, in \
             percentage points."
        )),
    ];
    for sentence in [case::known_at_once, case::nothing_to_forget] {
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
    let rows = c.methods.iter().map(|row| {
        let figures = row.residual.cases.iter().zip(&row.damage.cases);
        let figures = figures.map(|(r, d)| format!("{}, {}", fixed(*r, 2), fixed(*d, 2)));
        Row::new(label(&row.method, row.role), figures.map(Cell::from))
    });
    let text = "Residual knowledge and damage.";
    Section::brief("By case", vec![Part::text(text), Part::table(head, rows)])
}

fn values(c: &Comparison) -> Section {
    let values = c.methods.first().map_or(&[][..], |row| &row.values);
    let names = values.iter().map(|(name, _)| name.as_str());
    let rows = c.methods.iter().map(|row| {
        let values = row.values.iter().map(|(_, value)| spread(value));
        Row::new(label(&row.method, row.role), values)
    });
    let text = format!(
        "Mean ± standard deviation over {} of the mean over networks.",
        over(c)
    );
    let table = Part::table(["method"].into_iter().chain(names), rows);
    Section::new("Values", vec![Part::Text(text), table])
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
