//! Pictures and pages from a record: one exporter per file.

pub mod comparison;
pub mod html;
pub mod plot;
#[cfg(test)]
pub(crate) mod sample;

use std::path::Path;

use crate::error::{Error, Result};
use crate::files;
use crate::record::Record;

/// Writes `report.html`, `curves.svg` and `curves.png` into a run's folder.
///
/// # Errors
/// `File` where the folder cannot be written.
pub fn write(record: &Record, folder: &Path) -> Result<()> {
    files::write(&folder.join("report.html"), html::page(record)?.as_bytes())?;
    files::write(
        &folder.join("curves.svg"),
        plot::curves_svg(record)?.as_bytes(),
    )?;
    let (draft, png) = (folder.join("curves.draft.png"), folder.join("curves.png"));
    plot::curves_png(record, &draft)?;
    std::fs::rename(&draft, &png).map_err(Error::file("write", &png))
}
