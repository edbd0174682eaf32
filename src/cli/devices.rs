//! `unlearn devices`.

use clap::Args;
use indicatif::{HumanBytes, HumanCount};
use unlearn::device::gpu::{Abilities, AdapterLimits};
use unlearn::device::{self, Choice};
use unlearn::error::{Error, Result};

use super::text::beside;

/// The flags.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print JSON, with sizes in bytes
    #[arg(long)]
    json: bool,
}

/// Width of the labels.
const LABEL: usize = 14;

/// Prints every device: its limits and features, and why `auto` picks it or not.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let choices = device::list();
    if arguments.json {
        return super::print(&json(&choices)?);
    }
    let texts: Vec<String> = choices.iter().map(text).collect();
    super::print(&texts.join("\n\n"))
}

fn json(choices: &[Choice]) -> Result<String> {
    serde_json::to_string_pretty(choices).map_err(|e| Error::File {
        action: "encode",
        path: "stdout".into(),
        source: e.into(),
    })
}

/// A device in a few labelled lines.
fn text(choice: &Choice) -> String {
    let record = &choice.record;
    let mark = if choice.auto { "   <- auto" } else { "" };
    let mut rows = vec![
        ("kind", record.kind.to_string()),
        ("backend", record.backend.clone()),
        ("driver", record.driver.clone()),
        ("reason", record.reason.clone()),
    ];
    if let Some(abilities) = &choice.abilities {
        rows.extend(limits(&abilities.limits));
        rows.push(("has", features(abilities, true)));
        rows.push(("lacks", features(abilities, false)));
    }
    let rows = rows.iter().filter(|(_, text)| !text.is_empty());
    let head = beside(
        &format!("--device {}", choice.spec),
        LABEL,
        &format!("{}{mark}", record.name),
    );
    let lines = rows.map(|(label, text)| beside(&format!("  {label}"), LABEL, text));
    std::iter::once(head)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

fn limits(limits: &AdapterLimits) -> [(&'static str, String); 5] {
    let count = |n: u32| HumanCount(n.into());
    let [x, y, z] = limits.max_compute_workgroup_size.map(count);
    let buffers = format!(
        "{} each, {} per binding, {} bindings per shader",
        HumanBytes(limits.max_buffer_size),
        HumanBytes(limits.max_storage_buffer_binding_size),
        count(limits.max_storage_buffers_per_shader_stage)
    );
    let workgroups = format!(
        "{} threads, at most {x} × {y} × {z}; {} shared",
        count(limits.max_compute_invocations_per_workgroup),
        HumanBytes(limits.max_compute_workgroup_storage_size.into())
    );
    let groups = count(limits.max_compute_workgroups_per_dimension);
    let texels = count(limits.max_texture_dimension_2d);
    let subgroups = match limits.subgroup_size {
        [least, most] if least == most => format!("{most} threads"),
        [least, most] => format!("{least} to {most} threads"),
    };
    [
        ("buffers", buffers),
        ("workgroups", workgroups),
        ("dispatches", format!("{groups} workgroups along an axis")),
        ("textures", format!("{texels} × {texels} texels")),
        ("subgroups", subgroups),
    ]
}

/// The features that are present, or those that are missing.
fn features(abilities: &Abilities, present: bool) -> String {
    let features = abilities.features.iter();
    let names = features.filter(|(_, has)| **has == present);
    let names: Vec<String> = names.map(|(name, _)| name.replace('_', " ")).collect();
    names.join(", ")
}
