//! Two programs that take turns, each in a process of its own: this one and another build of it.

use serde_json::Value;

use super::compare::{apart, judge, unknown};
use super::interval::{median, of_pairs};
use super::report::{Compared, Samples};

/// A time that a program measured in one of its turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// What was timed.
    pub what: String,
    /// In microseconds.
    pub us: f64,
    /// Whether the clock held, as far as the program says.
    pub steady: bool,
}

/// All times in a report, of whatever version: more than names and times is not asked of it.
pub fn taken(report: &Value) -> Vec<Taken> {
    let rows = |of: &str| report[of].as_array().cloned().unwrap_or_default();
    let kernels = rows("kernels").into_iter().filter_map(|row| {
        let part = |name: &str| Some(row[name].as_str()?.to_owned());
        Some(Taken {
            what: format!(
                "{} {} {}",
                part("kernel")?,
                part("variant")?,
                part("shape")?
            ),
            us: row["measured"]["us"].as_f64()?,
            steady: steady(&row["measured"]),
        })
    });
    let steps = rows("steps").into_iter().filter_map(|row| {
        let part = |name: &str| row[name].as_u64();
        Some(Taken {
            what: super::compare::step(part("learners")?, part("batch")?),
            us: row["us_per_step"].as_f64()?,
            steady: steady(&row),
        })
    });
    kernels.chain(steps).collect()
}

fn steady(row: &Value) -> bool {
    let clock = row["clock"].as_array().into_iter().flatten();
    let samples = Samples {
        clock: clock.filter_map(Value::as_f64).collect(),
        ..Samples::default()
    };
    samples.unsteady().is_none()
}

/// What the turns say of each time that the first one of both has: a turn of the other program, and the
/// turn of this one beside it.
pub fn judged(turns: &[[Vec<Taken>; 2]], margin: f64) -> Vec<Compared> {
    let Some([first, _]) = turns.first() else {
        return Vec::new();
    };
    let found = |all: &[Taken], what: &str| all.iter().find(|taken| taken.what == what).cloned();
    let rows = first.iter().filter_map(|Taken { what, .. }| {
        let pairs = turns
            .iter()
            .filter_map(|[old, new]| Some([found(old, what)?, found(new, what)?]));
        let pairs: Vec<[Taken; 2]> = pairs.collect();
        (!pairs.is_empty()).then(|| row(what, &pairs, margin))
    });
    rows.collect()
}

/// What only the other program has a time of in the first turns, and what only this one.
pub fn unpaired(turns: &[[Vec<Taken>; 2]]) -> [Vec<String>; 2] {
    let names = |all: &Vec<Taken>| all.iter().map(|taken| taken.what.clone()).collect();
    let first = turns.first();
    first.map_or_else(Default::default, |both| apart(both.each_ref().map(names)))
}

fn row(what: &str, pairs: &[[Taken; 2]], margin: f64) -> Compared {
    let steady = pairs.iter().filter(|pair| pair.iter().all(|t| t.steady));
    let ratios: Vec<f64> = steady.map(|[old, new]| old.us / new.us).collect();
    let times = [0, 1].map(|side| {
        let mut all: Vec<f64> = pairs.iter().map(|pair| pair[side].us).collect();
        all.sort_by(f64::total_cmp);
        median(&all)
    });
    match of_pairs(&ratios) {
        Some(interval) => judge(what, times, interval, margin),
        None => {
            let why = match ratios.len() < pairs.len() {
                true => "the clock changed in too many rounds",
                false => "too few rounds: 6 are the least",
            };
            unknown(what, times, why)
        }
    }
}

#[cfg(test)]
mod tests;
