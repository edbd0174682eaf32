//! The page of adapters that were checked, made from the reports that people sent.

use std::fmt::Write;

use super::report::{DeviceReport, Report};

/// A table in Markdown: a line for each device of each report, in the order of the reports.
pub fn adapters_page(reports: &[Report]) -> String {
    let mut page = String::from(
        "# Adapters that were checked\n\n\
         Each line is a device in a report of `unlearn check --json FILE`; the reports lie in \
         [adapters/](adapters).\nThe worst error is the largest share of its derived bound that any \
         f32 result reached.\n\n\
         | adapter | driver | backend | OS | version | verdict | worst error | cases | no room for |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for report in reports {
        for device in &report.devices {
            // Writing to a String cannot fail.
            let _ = writeln!(page, "{}", line(report, device));
        }
    }
    page + "\nTo add yours: `cargo run --release -- check --json docs/adapters/NAME.json`, or the report of the \
            check in a browser ([page.md](page.md)), then `UPDATE_DOCS=1 cargo test --release --test adapters`.\n"
}

fn line(report: &Report, checked: &DeviceReport) -> String {
    let d = &checked.device;
    let wrong: Vec<String> = checked
        .rows
        .iter()
        .filter(|row| row.failure.is_some())
        .map(|row| format!("{}/{}", row.kernel, row.variant))
        .collect();
    let verdict = match (wrong.is_empty(), &checked.stopped) {
        (false, _) => format!("wrong: {}", wrong.join(", ")),
        (true, Some(why)) => format!("stopped: {why}"),
        (true, None) if checked.passed() => "all right".to_owned(),
        (true, None) => "not all of it ran".to_owned(),
    };
    let skipped: u32 = checked.rows.iter().map(|row| row.skipped).sum();
    let worst = checked.worst().map_or(String::new(), |w| format!("{w:.2}"));
    let cells = [
        d.name.clone(),
        d.driver.clone(),
        d.backend.clone(),
        format!("{} {}", report.os, report.arch),
        report.version.clone(),
        verdict,
        worst,
        checked.cases().to_string(),
        skipped.to_string(),
    ];
    // Drivers name themselves; a bar or a line break would end the cell.
    let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
    format!("| {} |", cells.join(" | "))
}
