//! `unlearn devices`.

use comfy_table::{Table, presets};
use unlearn::device;
use unlearn::error::Result;

/// Prints every device, and marks the one that `auto` picks.
pub(crate) fn run() -> Result<()> {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(["--device", "name", "kind", "backend", "driver", ""]);
    for choice in device::list() {
        let auto = if choice.auto { "<- auto" } else { "" };
        let r = choice.record;
        table.add_row([
            choice.spec,
            r.name,
            r.kind,
            r.backend,
            r.driver,
            auto.to_owned(),
        ]);
    }
    super::print(&table.trim_fmt())
}
