//! `unlearn work`: a part of a plan.

use std::cell::OnceCell;
use std::path::PathBuf;

use clap::Args;
use unlearn::compare::{CACHE, Plan, work};
use unlearn::engine::{Part, Store};
use unlearn::error::{Error, Result};
use unlearn::{data, device, tune};

use super::compare::Live;
use super::signals::Signals;
use super::text::note;

/// A part of a plan.
#[derive(Args, Debug)]
#[command(after_help = PARTS)]
pub(crate) struct Arguments {
    /// Folder of a plan, made by `unlearn compare … --plan DIR` or `unlearn sweep … --plan DIR`; all parts
    /// must see the same
    #[arg(value_name = "DIR", value_parser = super::path())]
    plan: PathBuf,
    /// Part I, counted from 0, of N; I or N alone (I/, /N) leave the other to the environment [default: the
    /// environment's, else 0/1]
    #[arg(long, value_name = "I/N")]
    part: Option<String>,
}

const PARTS: &str = "The environment's part: of a Slurm array, SLURM_ARRAY_TASK_ID counted from \
SLURM_ARRAY_TASK_MIN, of SLURM_ARRAY_TASK_COUNT; of a Kubernetes Indexed Job, JOB_COMPLETION_INDEX of the N in \
--part /N. A part does its own share first, then whatever is left, also of parts that died. docs/cluster.md has \
scripts.";

/// Does a part of the work.
pub(crate) fn run(arguments: &Arguments, signals: &OnceCell<Signals>) -> Result<()> {
    let folder = &arguments.plan;
    let part = part(arguments.part.as_deref(), &|name| std::env::var(name).ok())?;
    let plan = Plan::read(folder)?;
    let device = device::open(&plan.device)?;
    let data = data::load(&plan.data, &note)?;
    plan.check(&data, &*device)?;
    let comparisons = plan.comparisons();
    if let Some(first) = comparisons.first() {
        tune::apply(&*device, &first.variants)?;
    }
    note(&format!("part     {}/{}", part.number(), part.of()));
    note(&super::headline("", device.record()));
    let store = Store::new(&folder.join(CACHE))?.shared(part);
    let mut live = Live::new(signals)?;
    let done = work(&comparisons, &data, &*device, &store, &mut live);
    live.end();
    // A segment of the list may be several results: a method's settings, each.
    let made = match store.made() {
        0 => "This part made nothing".to_owned(),
        1 => "This part made 1 result".to_owned(),
        made => format!("This part made {made} results"),
    };
    let folder = folder.display();
    match done {
        Err(Error::Interrupted) => note(&format!(
            "Interrupted. {made}; any part goes on from what is kept in {folder}"
        )),
        Ok(()) => note(&format!(
            "{made}. All segments are there: the command that made the plan, with --out {folder} in place \
             of --plan, writes the reports"
        )),
        Err(_) => {}
    }
    done
}

/// The part that `--part` and the environment name.
fn part(given: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Part> {
    let number = |text: &str, what: &str| {
        text.trim().parse::<usize>().map_err(|_| {
            Error::Usage(format!(
                "{what}: {text:?} is no number; --part I/N names part I, counted from 0, of N"
            ))
        })
    };
    let known = |name: &str| variable(name).map(|text| number(&text, name)).transpose();
    let mut of = known("SLURM_ARRAY_TASK_COUNT")?;
    let mut own = match known("SLURM_ARRAY_TASK_ID")? {
        Some(id) => {
            let first = known("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let step = known("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            Some(id.saturating_sub(first) / step)
        }
        None => known("JOB_COMPLETION_INDEX")?,
    };
    let (text, what) = (given.unwrap_or_default(), "--part");
    let (before, after) = text.split_once('/').unwrap_or((text, ""));
    if !before.is_empty() {
        own = Some(number(before, what)?);
    }
    if !after.is_empty() {
        of = Some(number(after, what)?);
    }
    match (own, of) {
        (None, None) => Ok(Part::WHOLE),
        (Some(own), Some(of)) => Part::new(own, of),
        (Some(own), None) => Err(Error::Usage(format!(
            "part {own} of how many? Say --part {own}/N, or --part /N where the environment has the number"
        ))),
        (None, Some(of)) => Err(Error::Usage(format!(
            "which of {of} parts? Say --part I/{of}, counted from 0; no SLURM_ARRAY_TASK_ID or \
             JOB_COMPLETION_INDEX is set"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(
        given: Option<&str>,
        variables: &[(&str, &str)],
    ) -> std::result::Result<String, String> {
        let value = |name: &str| {
            let mut known = variables.iter().filter(|(n, _)| *n == name);
            known.next().map(|(_, value)| (*value).to_owned())
        };
        match part(given, &value) {
            Ok(part) => Ok(format!("{}/{}", part.number(), part.of())),
            Err(e) => Err(e.to_string()),
        }
    }

    #[test]
    fn parts_are_given_or_taken_from_the_environment() {
        let slurm = |id, first, step| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", first),
                ("SLURM_ARRAY_TASK_STEP", step),
                ("SLURM_ARRAY_TASK_COUNT", "8"),
            ]
        };
        let is = |found: std::result::Result<String, String>, part: &str| {
            assert_eq!(found.as_deref(), Ok(part));
        };
        is(named(None, &[]), "0/1");
        is(named(Some("2/3"), &[]), "2/3");
        is(named(None, &slurm("0", "0", "1")), "0/8");
        is(named(None, &slurm("8", "1", "1")), "7/8");
        is(named(None, &slurm("12", "10", "2")), "1/8");
        is(named(Some("2/3"), &slurm("0", "0", "1")), "2/3");
        let kubernetes = [("JOB_COMPLETION_INDEX", "4")];
        is(named(Some("/6"), &kubernetes), "4/6");
    }

    #[test]
    fn parts_that_do_not_exist_are_refused() {
        let kubernetes = [("JOB_COMPLETION_INDEX", "4")];
        for (given, variables, said) in [
            (Some("3/3"), &[][..], "the last of 3 is 2/3"),
            (Some("0/0"), &[], "counted from 0"),
            (Some("/4"), &kubernetes, "--part 4/4"),
            (None, &kubernetes, "of how many?"),
            (Some("/3"), &[], "which of 3 parts?"),
            (Some("a/3"), &[], "\"a\" is no number"),
            (Some("-1/3"), &[], "\"-1\" is no number"),
        ] {
            let error = named(given, variables).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
