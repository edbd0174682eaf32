//! Plans, as `compare --plan` and `sweep --plan` write them.

use std::path::Path;

use unlearn::compare::{CACHE, PLAN, Plan, Remaining, remaining, segments_table};
use unlearn::data;
use unlearn::device::Device;
use unlearn::engine::Store;
use unlearn::error::Result;
use unlearn::files;

use super::text::note;

/// The list of what is left to do.
const LIST: &str = "segments.csv";

/// Writes a plan and the list of what is left into its folder.
pub(crate) fn write(
    plan: &Plan,
    folder: &Path,
    data: &data::Dataset,
    device: &dyn Device,
) -> Result<()> {
    let same = Plan::read(folder).is_ok_and(|old| old == *plan);
    if !same && folder.join(PLAN).exists() {
        note("The folder's plan was another one. What it made is kept, and used where it fits");
    }
    plan.write(folder)?;
    let store = Store::new(&folder.join(CACHE))?;
    let left = remaining(&plan.comparisons(), data, device, store)?;
    let list = folder.join(LIST);
    files::write(&list, segments_table(&left.segments).as_bytes())?;
    let Remaining { all, segments } = left;
    note(&match segments.len() {
        0 => format!(
            "All {all} segments are there: the same command with --out {} in place of --plan writes the \
             reports",
            folder.display()
        ),
        left => format!(
            "{left} of {all} segments are still to be made: see {}. Now start unlearn work {} --part I/N \
             for every I from 0 to N − 1",
            list.display(),
            folder.display()
        ),
    });
    Ok(())
}
