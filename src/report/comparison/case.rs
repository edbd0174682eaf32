//! What is said of one case.

use super::plane::Plotted;
use super::{RANKING, apart, verdicts};
use crate::compare::{Direction, Figures, Interval, Judged, MethodRow, Value};
use crate::metrics::Kind;
use crate::report::sheet::{Cell, NONE, Part, Row, Section, Table, plus_minus, signed};
use crate::verdict::fixed;

/// The sections, given what metrics mean, by their names.
pub(super) fn sections(c: &Judged, meanings: &[(String, String)]) -> Vec<Section> {
    let mut sections = Vec::new();
    if c.never_learned.is_none() {
        sections.extend([ranking(c), figures(c), verdicts::section(c), kinds(c)]);
    }
    sections.push(effects(c, meanings));
    sections.extend(budgets(c));
    sections.extend(settings(c));
    sections.push(values(c, meanings));
    if c.never_learned.is_some() {
        let brief = false;
        sections.push(Section {
            brief,
            ..figures(c)
        });
    }
    sections
}

/// The methods as the picture shows them.
pub(super) fn points(c: &Judged) -> Vec<Plotted> {
    let plotted = |row: &MethodRow| {
        let figures = row.figures.as_ref()?;
        Some(Plotted {
            method: row.method.clone(),
            role: row.role,
            residual: figures.residual,
            damage: figures.damage,
        })
    };
    c.methods.iter().filter_map(plotted).collect()
}

fn ranking(c: &Judged) -> Section {
    let [methods, controls] = apart(&c.methods, |row| row.role);
    let methods = methods.into_iter().map(|row| {
        let cells = [place(row)].into_iter().chain(ranked(row));
        named(row, cells)
    });
    let columns = ["residual\nknowledge", "damage", "distance", "differs on"];
    let head = ["method", "place"].into_iter().chain(columns);
    let mut parts = vec![
        Part::table(head, methods),
        Part::text(format!("{} {}", super::FIGURES, super::PLACES)),
    ];
    if !controls.is_empty() {
        let table = Part::table(
            ["control"].into_iter().chain(columns),
            controls.iter().map(|row| named(row, ranked(row))),
        );
        let names = controls.iter().map(|row| row.method.as_str());
        parts.extend([table, super::controls(names)]);
    }
    Section::brief(RANKING, parts)
}

/// The figures that rows are ordered by, and on how many metrics they differ from retraining.
fn ranked(row: &MethodRow) -> impl Iterator<Item = String> {
    let tested = row
        .positions()
        .filter(|(_, p)| !p.adjusted.is_nan())
        .count();
    let figure = |of: fn(&Figures) -> Interval| {
        let known = row.figures.as_ref();
        known.map_or(NONE.to_owned(), |f| interval(of(f)))
    };
    let differs = match row.diverged {
        0 => format!("{} of {tested}", row.distinguishing().count()),
        _ => "diverged".to_owned(),
    };
    let figures = [
        figure(|f| f.residual),
        figure(|f| f.damage),
        figure(|f| f.distance),
    ];
    figures.into_iter().chain([differs])
}

/// A row with the method's name.
fn named(row: &MethodRow, cells: impl IntoIterator<Item = String>) -> Row {
    let cells = cells.into_iter().map(Cell::from);
    Row::new(super::named(&row.method, row.role), cells)
}

/// A row for each method, and below a heading for each control.
fn rows(c: &Judged, row: impl Fn(&MethodRow) -> Option<Row>) -> Vec<Row> {
    super::grouped(&c.methods, |one| one.role, row)
}

/// A place, or a range of places that the errors allow.
fn place(row: &MethodRow) -> String {
    match row.place {
        None => NONE.to_owned(),
        Some([first, last]) if first == last => first.to_string(),
        Some([first, last]) => format!("{first}–{last}"),
    }
}

/// A figure with half of its interval.
fn interval(i: Interval) -> String {
    match (i.value.is_finite(), i.low.is_finite()) {
        (false, _) => NONE.to_owned(),
        (true, false) => fixed(i.value, 2),
        (true, true) => format!(
            "{} ± {}",
            fixed(i.value, 2),
            fixed((i.high - i.low) / 2.0, 2)
        ),
    }
}

/// The figures' parts: residual knowledge by kind, and both kinds of damage.
fn kinds(c: &Judged) -> Section {
    let rows = rows(c, |row| {
        let of = |kind: Kind| {
            let figures = row.figures.as_ref()?;
            let own = figures.kinds.iter().find(|(k, _)| *k == kind);
            own.map(|(_, at)| *at)
        };
        let parts = row.figures.as_ref();
        let parts = [parts.map(|f| f.kept), parts.map(|f| f.overshoot)];
        let all = Kind::ALL.map(of).into_iter().chain(parts);
        let cells = all.map(|i| i.map_or(NONE.to_owned(), interval));
        Some(named(row, cells))
    });
    let head = ["method"].into_iter().chain(Kind::ALL.map(Kind::name));
    let table = Part::table(head.chain(["kept", "overshoot"]), rows);
    let text = "Residual knowledge by kind of metric, signed: negative is beyond retraining. kept and \
                overshoot add up to damage.";
    Section::new("Parts of the figures", vec![Part::text(text), table])
}

/// What methods were set to, and the figures that papers give.
fn figures(c: &Judged) -> Section {
    let rows = rows(c, |row| {
        let cells = [
            setting(row),
            fixed(row.average_gap, 1),
            fixed(row.tow, 2),
            ain(row),
            fixed(row.quality, 2),
            fixed(row.run_time, 2),
        ];
        Some(named(row, cells))
    });
    let head = ["method", "setting", "gap", "ToW", "AIN", "quality", "time"];
    let legend = "setting: learning rate, strength. gap: mean difference from the retrained networks over \
                  UA, RA, TA kept and MIA, in percentage points. ToW: tug of war, 1 is like retraining. AIN: \
                  relearning time relative to the retrained networks, with its 95 % interval. quality: final \
                  score of the ε challenge; that of retrain is the best to expect. time: samples passed \
                  through networks, relative to retraining.";
    let mut parts = vec![Part::table(head, rows), Part::text(legend)];
    parts.extend(verdicts::known_at_once(c).map(Part::text));
    Section::brief("Gap, relearning and cost", parts)
}

/// Methods by metrics, with what those mean.
fn effects(c: &Judged, meanings: &[(String, String)]) -> Section {
    let effects = |values: &[Value]| -> Vec<Cell> {
        let cell = |v: &Value| match &v.effect {
            Some(p) => Cell::effect(p.at.value, p.adjusted < 0.05, p.equivalent),
            None => Cell::from(NONE.to_owned()),
        };
        values.iter().map(cell).collect()
    };
    let mut rows = rows(c, |row| {
        let name = super::named(&row.method, row.role);
        Some(Row::new(name, effects(&row.portrait.values)))
    });
    let retrained = c.methods.iter().find(|row| row.method == "retrain");
    let seen = retrained.map(|row| {
        let values = row.portrait.values.iter();
        let seen = values.map(|v| v.effect.map_or(f64::NAN, |p| p.detectable));
        Row::reference("would be seen", seen.map(|x| signed(x).into()))
    });
    rows.push(Row::reference("originals", effects(&c.originals.values)));
    rows.extend(seen);
    let text = format!(
        "{} would be seen: the smallest effect that networks scattering like those of retrain would have shown \
         in four of five cases.",
        super::effects()
    );
    let table = Table::new(names(c), rows).explained(meanings);
    let parts = vec![
        Part::Text(text),
        Part::Table(table),
        Part::Terms(meanings.to_vec()),
    ];
    Section::new("Effects", parts)
}

/// Figures by budget.
fn budgets(c: &Judged) -> Option<Section> {
    let all = c.methods.iter().find(|row| !row.budgets.is_empty())?;
    let head = all.budgets.iter().map(|(b, _)| format!("{b} ×\nbudget"));
    let rows = rows(c, |row| {
        let figures = row.budgets.iter().map(|(_, f)| match f {
            Some(f) => format!(
                "{}, {}",
                fixed(f.residual.value, 2),
                fixed(f.damage.value, 2)
            ),
            None => NONE.to_owned(),
        });
        (!row.budgets.is_empty()).then(|| named(row, figures))
    });
    let text = "Residual knowledge and damage after multiples of the steps, with the settings chosen for one.";
    let table = Part::table(["method".to_owned()].into_iter().chain(head), rows);
    Some(Section::new(
        "Budget against quality",
        vec![Part::text(text), table],
    ))
}

/// The average gap next to the chosen setting.
fn settings(c: &Judged) -> Option<Section> {
    let gap = |gap: f64| match gap.is_finite() {
        true => format!("{gap:.1}"),
        false => "diverged".to_owned(),
    };
    let row = |r: &MethodRow| {
        let s = r.sensitivity.as_ref()?;
        let mut cells = vec![setting(r), gap(s.gap)];
        cells.extend(Direction::ALL.map(|direction| {
            let mut next = s.neighbours.iter().filter(|n| n.direction == direction);
            next.next().map_or(String::new(), |n| gap(n.tried.gap))
        }));
        let ends: Vec<&str> = s.ends.iter().map(|end| end.name()).collect();
        cells.push(ends.join(", "));
        Some(named(r, cells))
    };
    let rows = rows(c, row);
    let head = ["method", "setting", "chosen"].into_iter();
    let head = head.chain(Direction::ALL.map(Direction::name));
    let text = "The average gap, in percentage points, with the chosen setting and with its neighbours, on \
                networks that have no part in the results, without the test images. not tried: directions in which \
                nothing was tried beyond; a better setting may lie there.";
    (!rows.is_empty()).then(|| {
        let table = Part::table(head.chain(["not tried"]), rows);
        Section::new("Sensitivity to settings", vec![Part::text(text), table])
    })
}

/// The values of all metrics.
fn values(c: &Judged, meanings: &[(String, String)]) -> Section {
    let values =
        |values: &[Value]| -> Vec<Cell> { values.iter().map(|v| plain(v).into()).collect() };
    let mut rows = rows(c, |row| {
        let name = super::named(&row.method, row.role);
        Some(Row::new(name, values(&row.portrait.values)))
    });
    rows.extend([
        Row::reference("retrained", values(&c.retrained.values)),
        Row::reference("originals", values(&c.originals.values)),
    ]);
    let text = "Mean ± standard deviation over networks. U-LiRA, ε and KLoM have one value per group, and Δ one \
                per pair with the same initial weights; the retrained row then holds their twins, retrained from \
                the same weights in another order. > marks a lower bound: some networks did not relearn within \
                the steps tried. Columns are explained below the effects.";
    let table = Table::new(names(c), rows).explained(meanings);
    Section::new("Values", vec![Part::text(text), Part::Table(table)])
}

/// The head of a table of all metrics.
fn names(c: &Judged) -> impl Iterator<Item = &str> {
    let metrics = c.metrics.iter().map(|m| m.name.as_str());
    ["method"].into_iter().chain(metrics)
}

fn setting(r: &MethodRow) -> String {
    match (r.setting.rate > 0.0, r.setting.strength > 0.0) {
        (false, false) => String::new(),
        (false, true) => format!("–, {}", r.setting.strength),
        (true, false) => format!("{}", r.setting.rate),
        (true, true) => format!("{}, {}", r.setting.rate, r.setting.strength),
    }
}

/// A method's AIN; > where networks did not relearn within the steps tried.
fn ain(row: &MethodRow) -> String {
    let censored = row.portrait.values.iter().any(|value| value.censored > 0);
    let more = if censored { "> " } else { "" };
    let known = |i: Interval| match i.low.is_finite() {
        true => format!("{more}{:.2} [{:.2}, {:.2}]", i.value, i.low, i.high),
        false => format!("{more}{:.2}", i.value),
    };
    row.ain.map_or(NONE.to_owned(), known)
}

/// The mean ± standard deviation in few digits; > where it is a lower bound.
fn plain(value: &Value) -> String {
    let mean = value.value.mean;
    let digits = if mean.abs() >= 10.0 { 1 } else { 2 };
    let more = if value.censored > 0 && mean.is_finite() {
        "> "
    } else {
        ""
    };
    more.to_owned() + &plus_minus(&value.value, 1.0, digits, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Spread;

    #[test]
    fn values_mark_lower_bounds_and_what_is_missing() {
        let value = |values: &[f64], censored| Value {
            metric: "relearn".to_owned(),
            value: Spread::of(values.to_vec()),
            censored,
            effect: None,
        };
        assert_eq!(plain(&value(&[192.0, 192.0], 2)), "> 192.0 ± 0.0");
        assert_eq!(plain(&value(&[1.0, 2.0], 0)), "1.50 ± 0.71");
        assert_eq!(plain(&value(&[f64::NAN], 0)), NONE);
    }
}
