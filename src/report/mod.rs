//! Pictures and pages from a record: one exporter per file.

pub mod benchmark;
pub mod comparison;
pub mod html;
mod inside;
pub(crate) mod palette;
pub mod plot;
#[cfg(test)]
pub(crate) mod sample;
pub mod sheet;

use std::path::Path;

use crate::error::Result;
use crate::files;
use crate::run_folder::REPORTS;
use crate::run_record::RunRecord;
use html::draw::Drawing;

/// Writes `report.html`, `curves.svg` and `curves.png` into a run's folder, whose checkpoints the report
/// carries. One that fails does not keep the others from being written.
///
/// # Errors
/// `File` where the folder cannot be written: the first failure.
pub fn write(record: &RunRecord, folder: &Path) -> Result<()> {
    let examples = record.inside.as_ref().map(|inside| &inside.examples[..]);
    let drawing = Drawing::open(record, folder, examples.unwrap_or_default());
    let page = html::page(record, drawing.as_ref());
    let made = [
        Ok(page.into_bytes()),
        Ok(plot::curves_svg(record).into_bytes()),
        plot::curves_png(record),
    ];
    let write = |(name, made): (&str, Result<Vec<u8>>)| files::write(&folder.join(name), &made?);
    let written: Vec<Result<()>> = REPORTS.into_iter().zip(made).map(write).collect();
    written.into_iter().collect()
}
