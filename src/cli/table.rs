//! Tables that fit the text width.

use comfy_table::{CellAlignment, Table, presets};
use textwrap::core::display_width;
use unlearn::report::sheet::blocks;

use super::text::WIDTH;

/// Spaces between columns.
const GAP: usize = 2;

/// A table; columns that do not fit continue below, after the first column again. All but the first
/// are numeric.
pub(crate) fn columns(head: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.chain(head.get(column)).flat_map(|cell| cell.lines());
        cells.map(display_width).max().unwrap_or(0)
    };
    let more = |column: usize| if column == 0 { 0 } else { GAP };
    let widths = (0..head.len()).map(|column| width(column) + more(column));
    let blocks = blocks(&widths.collect::<Vec<_>>(), WIDTH);
    let blocks = blocks.iter().map(|block| beside(head, rows, block));
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// The first column, and some of the others.
fn beside(head: &[String], rows: &[Vec<String>], block: &[usize]) -> String {
    let cells = |row: &[String]| -> Vec<String> {
        let others = block.iter().map(|&column| row.get(column));
        let all = std::iter::once(row.first()).chain(others);
        all.map(|cell| cell.cloned().unwrap_or_default()).collect()
    };
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(cells(head));
    table.add_rows(rows.iter().map(|row| cells(row)));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_room_follow_below_beside_the_first() {
        let head: Vec<String> = (0..30).map(|n| format!("head {n}")).collect();
        let rows = vec![(0..30).map(|n| format!("{n} ± 0")).collect::<Vec<_>>(); 2];
        let text = columns(&head, &rows);
        assert!(
            text.lines().all(|line| display_width(line) <= WIDTH),
            "{text}"
        );
        for part in head.iter().chain(&rows[0]) {
            assert!(text.contains(part.as_str()), "{part}: {text}");
        }
        let blocks: Vec<&str> = text.split("\n\n").collect();
        assert!(blocks.len() > 2);
        for block in blocks {
            assert!(block.starts_with("head 0"), "{block}");
            assert_eq!(block.lines().count(), 3, "{block}");
        }
    }
}
