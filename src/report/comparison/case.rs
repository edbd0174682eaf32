//! What is said of one case.

use super::plots::Ranked;
use super::{RANKING, label, noise_floor};
use crate::compare::{Direction, Judged, MethodRow, Value};
use crate::metrics::Kind;
use crate::report::sheet::{Cell, NONE, Part, Row, Section, plus_minus, units};
use crate::verdict::fixed;

/// The sections.
pub(super) fn sections(c: &Judged) -> Vec<Section> {
    let mut sections = Vec::new();
    if c.never_learned.is_none() {
        sections.extend([ranking(c), figures(c), verdicts(c)]);
    }
    sections.push(distances(c));
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
pub(super) fn ranked(c: &Judged) -> Vec<Ranked> {
    let ranked = |row: &MethodRow| Ranked {
        method: row.method.clone(),
        score: row.score,
        kinds: row.kinds.clone(),
    };
    c.methods.iter().map(ranked).collect()
}

fn ranking(c: &Judged) -> Section {
    let head = ["method", "score"].into_iter();
    let head = head.chain(Kind::ALL.map(Kind::name));
    let rows = c.methods.iter().map(|row| {
        let kinds = row.kinds.iter().map(|(_, mean)| Cell::distance(*mean));
        let beyond = format!("{} of {}", row.beyond_noise, row.measured);
        let cells = [Cell::distance(row.score)].into_iter().chain(kinds);
        Row::new(label(&row.method), cells.chain([beyond.into()]))
    });
    let text = super::figures(c.methods.iter().map(|row| row.method.as_str()));
    let table = Part::table(head.chain(["beyond\nnoise"]), rows);
    Section::brief(RANKING, vec![Part::Text(text), table])
}

/// What methods were set to, and the figures that papers give.
fn figures(c: &Judged) -> Section {
    let rows = c.methods.iter().map(|row| {
        let cells = [
            setting(row),
            fixed(row.average_gap, 1),
            ain(row),
            fixed(row.quality, 2),
            fixed(row.run_time, 2),
        ];
        Row::new(label(&row.method), cells.map(Cell::from))
    });
    let head = ["method", "setting", "gap", "AIN", "quality", "time"];
    let legend = "setting: learning rate, strength. gap: mean difference from the retrained networks over \
                  UA, RA, TA kept and MIA, in percentage points. AIN: relearning time relative to the \
                  retrained networks. quality: final score of the ε challenge; that of retrain is the best \
                  to expect. time: samples passed through networks, relative to retraining.";
    let mut parts = vec![Part::table(head, rows), Part::text(legend)];
    parts.extend(known_at_once(c).map(Part::text));
    Section::brief("Gap, relearning and cost", parts)
}

fn verdicts(c: &Judged) -> Section {
    let mut parts: Vec<Part> = nothing_to_forget(c).map(Part::text).into_iter().collect();
    parts.push(Part::List(c.methods.iter().map(verdict).collect()));
    Section::brief("Verdicts", parts)
}

/// Methods by metrics, in units of noise.
fn distances(c: &Judged) -> Section {
    let distances = |values: &[Value]| -> Vec<Cell> {
        values.iter().map(|v| Cell::distance(v.units)).collect()
    };
    let methods = c.methods.iter();
    let methods = methods.map(|r| Row::new(label(&r.method), distances(&r.portrait.values)));
    let floors = c.floors.iter().map(|(_, floor)| short(floor.limit).into());
    let rows = methods.chain([
        Row::reference("originals", distances(&c.originals.values)),
        Row::reference("noise floor", floors),
    ]);
    let mut text = "On each metric, in units of its noise floor. The last row holds the floors \
                    themselves."
        .to_owned();
    if c.never_learned.is_some() {
        text += &format!(" {}", noise_floor());
    }
    let table = Part::table(names(c), rows);
    Section::new("Distance from retraining", vec![Part::Text(text), table])
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
            label(&r.method),
            cells.into_iter().map(Cell::from),
        ))
    };
    let rows: Vec<Row> = c.methods.iter().filter_map(row).collect();
    let head = ["method", "setting", "chosen"].into_iter();
    let head = head.chain(Direction::ALL.map(Direction::name));
    let text = "The average gap, in percentage points, with the chosen setting and with its neighbours in \
                the grid, on networks that have no part in the scoring. not tried: directions in which the \
                grid ends; a better setting may lie beyond.";
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
    let methods = methods.map(|r| Row::new(label(&r.method), values(&r.portrait.values)));
    let rows = methods.chain([
        Row::reference("retrained", values(&c.retrained.values)),
        Row::reference("originals", values(&c.originals.values)),
    ]);
    let text = "Mean ± standard deviation over networks. answers, U-LiRA, ε and KLoM have one value per \
                group; that of the retrained networks is the mean over random splits in two groups. > marks \
                a lower bound: some networks did not relearn within the steps tried.";
    let table = Part::table(names(c), rows);
    Section::new("Values", vec![Part::text(text), table])
}

/// The head of a table of all metrics.
fn names(c: &Judged) -> impl Iterator<Item = &str> {
    let metrics = c.floors.iter().map(|(name, _)| name.as_str());
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
    let units: Vec<f64> = c.originals.values.iter().map(|v| v.units).collect();
    (!c.chance.exceeded(&units)).then_some(
        "The originals themselves are not distinguishable from retrained networks here: these metrics see \
         nothing to forget, and a method that does nothing looks perfect.",
    )
}

/// Whether a method is distinguishable from retraining, and on which metrics most.
fn verdict(row: &MethodRow) -> String {
    let (name, count, all) = (&row.method, row.beyond_noise, row.measured);
    let chance = row.chance.beyond_noise;
    if row.diverged > 0 {
        let plural = if row.diverged == 1 { "" } else { "s" };
        return format!(
            "{name}: {} network{plural} diverged, even with the best setting tried.",
            row.diverged
        );
    }
    if !row.distinguishable {
        return format!(
            "{name}: not distinguishable from retraining; beyond the noise floor on {count} of {all} metrics \
             (up to {chance} expected by chance)."
        );
    }
    let values = row.portrait.values.iter();
    let mut beyond: Vec<&Value> = values.filter(|v| v.units > 1.0).collect();
    beyond.sort_by(|a, b| b.units.total_cmp(&a.units));
    let first = |(number, v): (usize, &&Value)| match number {
        0 => format!("{} ({} × the noise floor)", v.metric, units(v.units)),
        _ => format!("{} ({} ×)", v.metric, units(v.units)),
    };
    let largest: Vec<String> = beyond.iter().take(3).enumerate().map(first).collect();
    let mut text = format!(
        "{name}: distinguishable from retraining on {count} of {all} metrics (up to {chance} expected by \
         chance); largest: {}.",
        largest.join(", ")
    );
    if count <= chance {
        let most = units(row.chance.units);
        text += &format!(" By chance, the largest distance is at most {most} × the noise floor.");
    }
    text
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
    row.ain
        .map_or(NONE.to_owned(), |ain| format!("{more}{ain:.2}"))
}

/// A noise floor.
fn short(value: f64) -> String {
    match value {
        v if v >= 10.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v => format!("{v:.3}"),
    }
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
            distance: 0.0,
            units: f64::NAN,
            censored,
        };
        assert_eq!(plain(&value(&[192.0, 192.0], 2)), "> 192.0 ± 0.0");
        assert_eq!(plain(&value(&[1.0, 2.0], 0)), "1.50 ± 0.71");
        assert_eq!(plain(&value(&[f64::NAN], 0)), NONE);
    }
}
