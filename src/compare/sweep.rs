//! Many comparisons at once: every combination of some settings, in one table.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::export::csv;
use super::results::{Judged, MethodRow, Role, Value};
use super::whole::{self, Whole};
use super::{Interval, Lab, Named, Settings, labs, make_ready, tune};
use crate::data::Dataset;
use crate::device::Device;
use crate::engine::{Case, Store};
use crate::error::Result;
use crate::methods::Setting;
use crate::progress::Progress;
use crate::record::Spread;

/// A method in one combination of settings.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Learning rate of training.
    pub lr: f64,
    /// Passes of training.
    pub epochs: f64,
    /// What was forgotten, under which seed.
    #[serde(flatten)]
    pub case: Case,
    /// What was forgotten, in words.
    pub forgotten: String,
    /// The method.
    pub method: String,
    /// What it is.
    pub role: Role,
    /// Its setting, tuned for this combination.
    pub setting: Setting,
    /// Why there are no figures: networks never learned what they should.
    pub never_learned: Option<String>,
    /// Networks that diverged.
    pub diverged: usize,
    /// Figures, and the mean of every metric over networks, by name, with 95 % intervals.
    pub values: Vec<(String, Interval)>,
}

/// Makes all comparisons, with as many networks side by side as the device has room for: a point for
/// each method in each case.
///
/// # Errors
/// As `compare`.
pub fn sweep(
    all: &[Settings],
    data: &Dataset,
    device: &dyn Device,
    store: &Store,
    progress: &mut dyn Progress,
) -> Result<Vec<Point>> {
    let split = tune::split(data);
    let mut labs = labs(all, [data, &split], device, store)?;
    let name = |(number, lab): (usize, &Lab<'_>)| {
        format!("{} ({number} of {}): ", lab.name(all), labs.len())
    };
    let names: Vec<String> = (1..).zip(&labs).map(name).collect();
    let progress = &mut Whole::new(whole::tasks(&labs, &names), progress);
    make_ready(&mut labs, progress)?;
    let mut points = Vec::new();
    for (lab, name) in labs.iter().zip(names) {
        let (judged, _) = lab.run(None, &mut Named { name, progress })?;
        let point = |row: &MethodRow| Point::of(lab.settings, &judged, row);
        points.extend(judged.methods.iter().map(point));
    }
    Ok(points)
}

impl Point {
    fn of(settings: &Settings, judged: &Judged, row: &MethodRow) -> Self {
        let figures = row.figures.as_ref().map_or(Vec::new(), |f| {
            let figures = [
                ("residual", f.residual),
                ("damage", f.damage),
                ("distance", f.distance),
            ];
            figures.map(|(name, at)| (name.to_owned(), at)).to_vec()
        });
        let mean = |v: &Value| (v.metric.clone(), mean(&v.value));
        Self {
            lr: settings.lr,
            epochs: settings.epochs,
            case: judged.case.clone(),
            forgotten: settings.forgotten(&judged.case),
            method: row.method.clone(),
            role: row.role,
            setting: row.setting,
            never_learned: judged.never_learned.clone(),
            diverged: row.diverged,
            values: figures
                .into_iter()
                .chain(row.portrait.values.iter().map(mean))
                .collect(),
        }
    }

    /// A value by its name.
    pub fn value(&self, name: &str) -> Option<Interval> {
        let mut known = self.values.iter().filter(|(own, _)| own == name);
        known.next().map(|(_, at)| *at)
    }
}

/// The mean over networks, with Student's interval; its ends are NaN for a single network.
fn mean(spread: &Spread) -> Interval {
    let Spread {
        mean,
        std,
        learners,
    } = spread;
    let networks = learners.len() as f64;
    let half = match networks > 1.0 {
        true => StudentsT::new(0.0, 1.0, networks - 1.0)
            .map_or(f64::NAN, |t| t.inverse_cdf(0.975) * std / networks.sqrt()),
        false => f64::NAN,
    };
    Interval {
        value: *mean,
        low: mean - half,
        high: mean + half,
    }
}

/// All points as CSV, a line for each value.
pub fn points_table(points: &[Point]) -> String {
    let number = |x: f64| match x.is_finite() {
        true => x.to_string(),
        false => String::new(),
    };
    let lines = points.iter().flat_map(|p| {
        p.values.iter().map(move |(name, at)| {
            vec![
                p.lr.to_string(),
                p.epochs.to_string(),
                p.case.seed.to_string(),
                p.forgotten.clone(),
                p.method.clone(),
                p.role.name().to_owned(),
                number(p.setting.rate),
                number(p.setting.strength),
                p.diverged.to_string(),
                name.clone(),
                number(at.value),
                number(at.low),
                number(at.high),
            ]
        })
    });
    csv(&COLUMNS, &lines.collect::<Vec<_>>())
}

const COLUMNS: [&str; 13] = [
    "lr",
    "epochs",
    "seed",
    "forgotten",
    "method",
    "role",
    "rate",
    "strength",
    "diverged",
    "value",
    "mean",
    "low",
    "high",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 2, 3: mean 2, standard error 1/√3, t = 4.3027 with two degrees of freedom.
    #[test]
    fn a_mean_has_students_interval() {
        let at = mean(&Spread::of(vec![1.0, 2.0, 3.0]));
        assert!((at.value - 2.0).abs() < 1e-12);
        assert!(
            (at.high - 2.0 - 4.302_653 / 3f64.sqrt()).abs() < 1e-4,
            "{at:?}"
        );
        assert!(mean(&Spread::of(vec![1.0])).low.is_nan());
    }
}
