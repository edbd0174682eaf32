//! What is said of one case.

use super::plane::Plotted;
use super::{RANKING, label};
use crate::compare::{Direction, Figures, Interval, Judged, MARGIN, MethodRow, Position, Value};
use crate::metrics::{About, Kind};
use crate::report::sheet::{Cell, NONE, Part, Row, Section, plus_minus, signed};
use crate::verdict::fixed;

/// The sections.
pub(super) fn sections(c: &Judged) -> Vec<Section> {
    let mut sections = Vec::new();
    if c.never_learned.is_none() {
        sections.extend([ranking(c), figures(c), verdicts(c), kinds(c)]);
    }
    sections.push(effects(c));
    sections.extend(budgets(c));
    sections.extend(settings(c));
    sections.push(values(c));
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
    let rows = c.methods.iter().map(|row| {
        let tested = row
            .positions()
            .filter(|(_, p)| !p.adjusted.is_nan())
            .count();
        let differs = format!("{} of {tested}", row.distinguishing().count());
        let figure = |of: fn(&Figures) -> Interval| {
            row.figures
                .as_ref()
                .map_or(NONE.to_owned(), |f| interval(of(f)))
        };
        let cells = [
            place(row),
            figure(|f| f.residual),
            figure(|f| f.damage),
            if row.diverged > 0 {
                "diverged".to_owned()
            } else {
                differs
            },
        ];
        Row::new(label(&row.method, row.role), cells.map(Cell::from))
    });
    let head = [
        "method",
        "place",
        "residual\nknowledge",
        "damage",
        "differs on",
    ];
    let table = Part::table(head, rows);
    let text = format!("{} {}", super::figures(), super::PLACES);
    Section::brief(RANKING, vec![Part::Text(text), table])
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
    let rows = c.methods.iter().map(|row| {
        let of = |kind: Kind| {
            let figures = row.figures.as_ref()?;
            let own = figures.kinds.iter().find(|(k, _)| *k == kind);
            own.map(|(_, at)| *at)
        };
        let parts = row.figures.as_ref();
        let parts = [parts.map(|f| f.kept), parts.map(|f| f.overshoot)];
        let all = Kind::ALL.map(of).into_iter().chain(parts);
        let cells = all.map(|i| Cell::from(i.map_or(NONE.to_owned(), interval)));
        Row::new(label(&row.method, row.role), cells)
    });
    let head = ["method"].into_iter().chain(Kind::ALL.map(Kind::name));
    let table = Part::table(head.chain(["kept", "overshoot"]), rows);
    let text = "Residual knowledge by kind of metric, signed: negative is beyond retraining. kept and \
                overshoot add up to damage.";
    Section::new("Parts of the figures", vec![Part::text(text), table])
}

/// What methods were set to, and the figures that papers give.
fn figures(c: &Judged) -> Section {
    let rows = c.methods.iter().map(|row| {
        let cells = [
            setting(row),
            fixed(row.average_gap, 1),
            fixed(row.tow, 2),
            ain(row),
            fixed(row.quality, 2),
            fixed(row.run_time, 2),
        ];
        Row::new(label(&row.method, row.role), cells.map(Cell::from))
    });
    let head = ["method", "setting", "gap", "ToW", "AIN", "quality", "time"];
    let legend = "setting: learning rate, strength. gap: mean difference from the retrained networks over \
                  UA, RA, TA kept and MIA, in percentage points. ToW: tug of war, 1 is like retraining. AIN: \
                  relearning time relative to the retrained networks, with its 95 % interval. quality: final \
                  score of the ε challenge; that of retrain is the best to expect. time: samples passed \
                  through networks, relative to retraining.";
    let mut parts = vec![Part::table(head, rows), Part::text(legend)];
    parts.extend(known_at_once(c).map(Part::text));
    Section::brief("Gap, relearning and cost", parts)
}

fn verdicts(c: &Judged) -> Section {
    let mut parts: Vec<Part> = nothing_to_forget(c).map(Part::text).into_iter().collect();
    parts.push(Part::List(c.methods.iter().map(verdict).collect()));
    Section::brief("Verdicts", parts)
}

/// Methods by metrics.
fn effects(c: &Judged) -> Section {
    let effects = |values: &[Value]| -> Vec<Cell> {
        let cell = |v: &Value| match &v.effect {
            Some(p) => Cell::effect(p.at.value, p.adjusted < 0.05, p.equivalent),
            None => Cell::from(NONE.to_owned()),
        };
        values.iter().map(cell).collect()
    };
    let methods = c.methods.iter();
    let methods = methods.map(|r| Row::new(label(&r.method, r.role), effects(&r.portrait.values)));
    let retrained = c.methods.iter().find(|row| row.method == "retrain");
    let seen = retrained.map(|row| {
        let values = row.portrait.values.iter();
        let seen = values.map(|v| v.effect.map_or(f64::NAN, |p| p.detectable));
        Row::reference("would be seen", seen.map(|x| signed(x).into()))
    });
    let rows = methods.chain([Row::reference("originals", effects(&c.originals.values))]);
    let text = format!(
        "{} would be seen: the smallest effect that networks scattering like those of retrain would have shown \
         in four of five cases.",
        super::effects()
    );
    let table = Part::table(names(c), rows.chain(seen));
    Section::new("Effects", vec![Part::Text(text), table])
}

/// Figures by budget.
fn budgets(c: &Judged) -> Option<Section> {
    let all = c.methods.iter().find(|row| !row.budgets.is_empty())?;
    let head = all.budgets.iter().map(|(b, _)| format!("{b} ×\nbudget"));
    let rows = c.methods.iter().filter(|row| !row.budgets.is_empty());
    let rows = rows.map(|row| {
        let figures = row.budgets.iter().map(|(_, f)| match f {
            Some(f) => format!(
                "{}, {}",
                fixed(f.residual.value, 2),
                fixed(f.damage.value, 2)
            ),
            None => NONE.to_owned(),
        });
        Row::new(label(&row.method, row.role), figures.map(Cell::from))
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
        Some(Row::new(
            label(&r.method, r.role),
            cells.into_iter().map(Cell::from),
        ))
    };
    let rows: Vec<Row> = c.methods.iter().filter_map(row).collect();
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
fn values(c: &Judged) -> Section {
    let values =
        |values: &[Value]| -> Vec<Cell> { values.iter().map(|v| plain(v).into()).collect() };
    let methods = c.methods.iter();
    let methods = methods.map(|r| Row::new(label(&r.method, r.role), values(&r.portrait.values)));
    let rows = methods.chain([
        Row::reference("retrained", values(&c.retrained.values)),
        Row::reference("originals", values(&c.originals.values)),
    ]);
    let text = "Mean ± standard deviation over networks. U-LiRA, ε and KLoM have one value per group, and Δ one \
                per pair with the same initial weights; the retrained row then holds their twins, retrained from \
                the same weights in another order. > marks a lower bound: some networks did not relearn within \
                the steps tried.";
    let table = Part::table(names(c), rows);
    Section::new("Values", vec![Part::text(text), table])
}

/// The head of a table of all metrics.
fn names(c: &Judged) -> impl Iterator<Item = &str> {
    let metrics = c.metrics.iter().map(|m| m.name.as_str());
    ["method"].into_iter().chain(metrics)
}

/// Where retrained networks need no relearning, it says nothing.
pub(super) fn known_at_once(c: &Judged) -> Option<&'static str> {
    let none = c.methods.iter().all(|row| row.ain.is_none());
    none.then_some(
        "The retrained networks know the forgotten images from the start: they relearn in 0 steps. AIN is \
         therefore undefined, and relearning shows only whether networks are damaged.",
    )
}

/// Where the originals pass for retrained networks, so does a method that does nothing.
pub(super) fn nothing_to_forget(c: &Judged) -> Option<&'static str> {
    let sees = |m: &crate::compare::Shown| m.known && m.about == Some(About::Forgotten);
    (!c.metrics.iter().any(sees)).then_some(
        "The originals themselves are not distinguishable from retrained networks here: these metrics see \
         nothing to forget, so methods have no figures and no order.",
    )
}

/// Metrics named in a verdict.
const NAMED: usize = 3;

/// Whether a method is distinguishable from retraining, and on which metrics most.
fn verdict(row: &MethodRow) -> String {
    let name = &row.method;
    if row.diverged > 0 {
        let plural = if row.diverged == 1 { "" } else { "s" };
        return format!(
            "{name}: {} network{plural} diverged, even with the best setting tried.",
            row.diverged
        );
    }
    let tested: Vec<(&str, &Position)> = row.positions().filter(|(_, p)| !p.p.is_nan()).collect();
    if tested.is_empty() {
        return format!(
            "{name}: nothing can be tested here: too few networks, or nothing to forget."
        );
    }
    match row.is_distinguishable() {
        true => differs(row, tested.len()),
        false => undecided(name, &tested),
    }
}

fn differs(row: &MethodRow, tested: usize) -> String {
    let mut largest: Vec<(&str, &Position)> = row.distinguishing().collect();
    largest.sort_by(|a, b| b.1.at.value.abs().total_cmp(&a.1.at.value.abs()));
    let count = largest.len();
    let largest = largest.iter().take(NAMED);
    let largest: Vec<String> = largest
        .map(|(name, p)| format!("{name} {}", signed(p.at.value)))
        .collect();
    let figures = row.figures.as_ref().map_or(String::new(), |f| {
        format!(
            "; residual knowledge {}, damage {}",
            range(f.residual),
            range(f.damage)
        )
    });
    format!(
        "{}: distinguishable from retraining on {count} of {tested} metrics{figures}. Largest effects: {}.",
        row.method,
        largest.join(", ")
    )
}

/// "0.45 (0.40 to 0.50)".
fn range(i: Interval) -> String {
    match i.low.is_finite() {
        true => format!(
            "{} ({} to {})",
            fixed(i.value, 2),
            fixed(i.low, 2),
            fixed(i.high, 2)
        ),
        false => fixed(i.value, 2),
    }
}

/// Not distinguishable: what would have been seen, and where it is shown to be like retraining.
fn undecided(name: &str, tested: &[(&str, &Position)]) -> String {
    let mut seen: Vec<(&str, f64)> = tested.iter().map(|(m, p)| (*m, p.detectable)).collect();
    seen.sort_by(|a, b| a.1.total_cmp(&b.1));
    let median = seen[seen.len() / 2].1;
    let (worst, most) = seen[seen.len() - 1];
    let equal = tested.iter().filter(|(_, p)| p.equivalent).count();
    format!(
        "{name}: not distinguishable from retraining on any of {} metrics. Effects of {} (median; {} on {worst}) \
         would have been seen in four of five cases; on {equal} metrics it is equivalent to retraining (within \
         {MARGIN}).",
        tested.len(),
        signed(median),
        signed(most),
    )
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
