//! `unlearn methods`.

use clap::Args;
use unlearn::error::{Error, Result};
use unlearn::lists::near;
use unlearn::methods::METHODS;
use unlearn::metrics;

use super::text::beside;

/// Hidden layers of the default network.
const DEFAULT_LAYERS: usize = 2;

/// A parameter's values, ascending; empty if it is always 0.
fn tried(what: &str, values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.filter(|v| *v > 0.0).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let values: Vec<String> = values.iter().map(f64::to_string).collect();
    match values.is_empty() {
        true => String::new(),
        false => format!("{what} {}", values.join(", ")),
    }
}

/// Width of the labels next to descriptions of methods and metrics.
const LABEL: usize = 17;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Print the declaration of this method, to start one of your own from (see docs/methods.md)
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Lists the methods and the metrics, or prints a method's declaration.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.name {
        Some(name) => super::print(declaration(name)?.trim_end()),
        None => list(),
    }
}

/// A built-in method's TOML.
fn declaration(name: &str) -> Result<&'static str> {
    let method = METHODS.iter().find(|m| m.name() == name);
    method.and_then(|m| m.declaration()).ok_or_else(|| {
        let what = match (method, near(name, METHODS.iter().map(|m| m.name()))) {
            (Some(_), _) => "is written in Rust".to_owned(),
            (None, Some(other)) => format!("is no method (did you mean {other}?)"),
            (None, None) => "is no method".to_owned(),
        };
        let declared = METHODS.iter().filter(|m| m.declaration().is_some());
        let declared: Vec<&str> = declared.map(|m| m.name()).collect();
        Error::Usage(format!(
            "{name} {what}; those that have a declaration are {}",
            declared.join(", ")
        ))
    })
}

fn list() -> Result<()> {
    for m in METHODS.iter() {
        let settings = m.settings();
        let rates = tried("rate", settings.iter().map(|s| s.rate));
        let strengths = m.strength().map_or_else(String::new, |what| {
            tried(what, settings.iter().map(|s| s.strength))
        });
        let known = [rates, strengths]
            .into_iter()
            .filter(|part| !part.is_empty());
        let known: Vec<String> = known.collect();
        let note = match m.is_control() {
            true => " (a control)",
            false => "",
        };
        let mut text = format!("{}{note}", m.name());
        for (label, what) in [
            ("  rule", m.rule()),
            ("  tried", &known.join("; ")),
            ("  source", m.source()),
        ] {
            if !what.is_empty() {
                text += "\n";
                text += &beside(label, LABEL, what);
            }
        }
        super::print(&text)?;
    }
    super::print("\nmetrics of `unlearn compare`")?;
    for metric in metrics::all(DEFAULT_LAYERS) {
        super::print(&beside(
            &format!("  {}", metric.name()),
            LABEL,
            &metric.meaning(),
        ))?;
    }
    Ok(())
}
