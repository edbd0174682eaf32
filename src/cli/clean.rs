//! `unlearn clean`: what the program keeps on disk, and its removal.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::HumanBytes;
use unlearn::disk::Kept;
use unlearn::error::Result;

use super::text::{beside, fold};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// What to remove: data (downloads), tuning (measured variants), folders of runs, or caches of
    /// comparisons [default: nothing; what there is is listed]
    #[arg(value_name = "WHAT", value_parser = super::path())]
    names: Vec<PathBuf>,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
}

/// Columns of sizes.
const SIZE: usize = 12;

/// Lists what is kept, or removes what is named.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.names.is_empty() {
        return list();
    }
    // Nothing is removed unless all of it can be.
    let named = arguments.names.iter().map(|name| Kept::named(name));
    let mut named: Vec<Kept> = named.collect::<Result<_>>()?;
    named.sort_by_key(Kept::place);
    named.dedup_by_key(|kept| kept.place());
    let mut freed = 0;
    for kept in &named {
        let bytes = kept.bytes();
        freed += bytes;
        let left = match arguments.dry_run {
            true => None,
            false => kept.remove()?,
        };
        let stays = left.map_or(
            "",
            |_| " (the folder stays: it has files that no run writes)",
        );
        super::print(&line(bytes, &format!("{}{stays}", kept.name)))?;
    }
    let what = match arguments.dry_run {
        true => "would be removed",
        false => "removed",
    };
    super::print(&line(freed, what))
}

fn list() -> Result<()> {
    let all = Kept::all(Path::new("runs"))?;
    for kept in &all {
        super::print(&line(
            kept.bytes(),
            &format!("{}: {}", kept.name, kept.what),
        ))?;
    }
    let total = all.iter().map(Kept::bytes).sum();
    super::print(&line(total, "in all"))?;
    let hint = "Nothing was removed. `unlearn clean NAME …` removes what has these names, and nothing else";
    super::print(&format!("\n{}", fold(hint, 0)))
}

/// A size, and what has it.
fn line(bytes: u64, text: &str) -> String {
    let size = HumanBytes(bytes).to_string();
    beside(&format!("{size:>10}"), SIZE, text)
}
