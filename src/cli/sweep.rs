//! `unlearn sweep`.

use std::cell::OnceCell;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use unlearn::compare::{Forget, Interval, Point, Settings, points_table, sweep};
use unlearn::error::{Error, Result};
use unlearn::files;

use super::compare::{self, Arguments as Comparison, Live, Ready};
use super::signals::Signals;
use super::table::columns;
use super::text::{fold, note};

/// The flags of `unlearn compare`, of which some take lists.
#[derive(Debug)]
pub(crate) struct Arguments {
    comparison: Comparison,
    lr: Vec<f64>,
    epochs: Vec<f64>,
    forget: Vec<String>,
}

/// The files of a sweep.
const FILES: [&str; 3] = ["sweep.json", "sweep.csv", "sweep.txt"];

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let numbers = |name: &str| {
            let mut all: Vec<f64> = Vec::new();
            for value in matches.get_many::<f64>(name).into_iter().flatten() {
                if !all.contains(value) {
                    all.push(*value);
                }
            }
            all
        };
        let forget = matches.get_many::<String>("forget");
        Ok(Self {
            comparison: Comparison::from_arg_matches(matches)?,
            lr: numbers("lr"),
            epochs: numbers("epochs"),
            forget: forget.into_iter().flatten().cloned().collect(),
        })
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Arguments {
    fn augment_args(command: Command) -> Command {
        let list = |arg: clap::Arg| {
            let arg = arg.value_delimiter(',').action(clap::ArgAction::Append);
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            arg.value_name("LIST")
                .help(format!("{help}; several make a sweep"))
        };
        Comparison::augment_args(command)
            .mut_arg("lr", list)
            .mut_arg("epochs", list)
            .mut_arg("methods", |arg| arg.alias("method"))
            .mut_arg("forget", |arg| {
                arg.action(clap::ArgAction::Append)
                    .help("Classes to forget at once, by number or name, or `each`; several of these flags make a sweep")
            })
            .mut_arg("seeds", |arg| arg.help("Seeds; several make a sweep"))
            .mut_arg("models", |arg| arg.hide(true))
            .mut_arg("export", |arg| arg.hide(true))
            .mut_arg("budgets", |arg| arg.hide(true))
            .mut_arg("out", |arg| arg.help("Folder of sweep.txt, sweep.csv and sweep.json; an interrupted sweep with the same settings resumes [default: runs/sweep-HASH]"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Makes a comparison for every combination.
pub(crate) fn run(arguments: &Arguments, signals: &OnceCell<Signals>) -> Result<()> {
    if let Some(flag) = arguments.comparison.beyond_a_sweep() {
        return Err(Error::Usage(format!(
            "a sweep takes no {flag}: leave it out, or run unlearn compare with it for each combination"
        )));
    }
    let all = |settings: &Settings| arguments.combined(settings);
    let Some(Ready {
        folder,
        all,
        dataset,
        device,
        store,
    }) = compare::ready(&arguments.comparison, &all)?
    else {
        return Ok(());
    };
    for name in FILES {
        files::probe(&folder.path().join(name))?;
    }
    let mut live = Live::new(signals)?;
    let swept = sweep(&all, &dataset, &*device, &store, &mut live);
    live.end();
    if let Err(Error::Interrupted) = swept {
        note(&compare::interrupted(&folder));
    }
    let points = swept?;
    let failed = |e: serde_json::Error| Error::Data(format!("the sweep cannot be written: {e}"));
    let json = serde_json::to_string_pretty(&points).map_err(failed)? + "\n";
    let text = text(&points);
    let texts = [json, points_table(&points), text.clone() + "\n"];
    let paths = FILES.map(|name| folder.path().join(name));
    let pairs = paths.iter().zip(&texts);
    let pairs: Vec<_> = pairs
        .map(|(path, text)| (&**path, text.as_bytes()))
        .collect();
    let written = files::write_all(&pairs);
    let printed = super::print(&text);
    if written.is_ok() {
        let place = format!("Every metric is in {}/sweep.csv", folder.path().display());
        super::say!("{}", fold(&place, 0));
    }
    written.and(printed)
}

impl Arguments {
    /// All combinations of the lists.
    fn combined(&self, settings: &Settings) -> Result<Vec<Settings>> {
        let sets: Vec<Forget> = match settings.forget {
            Forget::Samples(_) => vec![settings.forget.clone()],
            _ => {
                let parse = |text: &String| Forget::parse(text, &settings.classes);
                distinct(self.forget.iter().map(parse).collect::<Result<_>>()?)
            }
        };
        let mut all = Vec::new();
        for &epochs in &self.epochs {
            for &lr in &self.lr {
                for forget in &sets {
                    let settings = Settings {
                        epochs,
                        lr,
                        forget: forget.clone(),
                        ..settings.clone()
                    };
                    if !all.contains(&settings) {
                        all.push(settings);
                    }
                }
            }
        }
        Ok(all)
    }
}

/// The sets to forget, without single classes where each class is forgotten in turn.
fn distinct(sets: Vec<Forget>) -> Vec<Forget> {
    let each = sets.contains(&Forget::Each);
    let again = |set: &Forget| each && matches!(set, Forget::Digits(all) if all.len() == 1);
    sets.into_iter().filter(|set| !again(set)).collect()
}

/// One table of all points, as far as a terminal shows them.
fn text(points: &[Point]) -> String {
    let head = ["", "residual", "damage", "distance", "UA", "RA", "TA all"];
    let several = |of: &dyn Fn(&Point) -> String| points.iter().any(|p| of(p) != of(&points[0]));
    let lr = |p: &Point| format!("lr {}", p.lr);
    let epochs = |p: &Point| format!("epochs {}", p.epochs);
    let seed = |p: &Point| format!("seed {}", p.case.seed);
    let forgotten = |p: &Point| p.forgotten.clone();
    let columns_of: [&dyn Fn(&Point) -> String; 4] = [&lr, &epochs, &seed, &forgotten];
    let told = columns_of.into_iter().filter(|of| several(of));
    let told: Vec<_> = told.collect();
    let row = |p: &Point| {
        let mut name: Vec<String> = told.iter().map(|of| of(p)).collect();
        name.push(p.method.clone());
        let cells = head[1..].iter().map(|value| shown(p.value(value)));
        std::iter::once(name.join(", ")).chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = points.iter().map(row).collect();
    let table = columns(&head.map(str::to_owned), &rows);
    let mut notes: Vec<String> = points
        .iter()
        .filter_map(|p| p.never_learned.clone())
        .collect();
    notes.dedup();
    notes.push(
        "mean ± half of the 95 % interval; residual and damage: 0 as after retraining".to_owned(),
    );
    let notes: Vec<String> = notes.iter().map(|note| fold(note, 0)).collect();
    format!("{table}\n\n{}", notes.join("\n"))
}

fn shown(at: Option<Interval>) -> String {
    match at {
        Some(at) if at.value.is_finite() => {
            let half = (at.high - at.low) / 2.0;
            let half = if half.is_finite() {
                format!(" ± {half:.2}")
            } else {
                String::new()
            };
            format!("{:.2}{half}", at.value)
        }
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_forgotten_in_its_turn_is_not_forgotten_twice() {
        let [three, pair] = [vec![3], vec![3, 5]].map(Forget::Digits);
        let sets = vec![three.clone(), Forget::Each, pair.clone()];
        assert_eq!(distinct(sets), [Forget::Each, pair]);
        assert_eq!(distinct(vec![three.clone()]), [three]);
    }
}
