//! The result table of `unlearn run`.

use comfy_table::{CellAlignment, Table, TableComponent, presets};
use unlearn::record::{Outcome, Spread};

/// Phase × arm: accuracies and confidence, mean ± standard deviation over learners.
pub(crate) fn results(outcomes: &[Outcome]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    for line in [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ] {
        table.remove_style(line);
    }
    table.set_header([
        "phase",
        "arm",
        "test accuracy",
        "forget accuracy",
        "retain accuracy",
        "forget confidence",
    ]);
    let mut phase = None;
    for outcome in outcomes {
        let first = phase.replace(outcome.phase) != Some(outcome.phase);
        let f = &outcome.figures;
        table.add_row([
            if first { outcome.phase.name() } else { "" }.to_owned(),
            outcome.arm.name().to_owned(),
            percent(&f.test_accuracy),
            percent(&f.forget_accuracy),
            percent(&f.retain_accuracy),
            share(&f.forget_confidence),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn percent(spread: &Spread) -> String {
    plus_minus(spread, 100.0, 1, " %")
}

fn share(spread: &Spread) -> String {
    plus_minus(spread, 1.0, 2, "")
}

fn plus_minus(spread: &Spread, unit: f64, digits: usize, suffix: &str) -> String {
    let mean = format!("{:.digits$}", unit * spread.mean);
    if spread.learners.len() < 2 {
        return mean + suffix;
    }
    format!("{mean} ± {:.digits$}{suffix}", unit * spread.std)
}
