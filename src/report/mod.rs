//! Pictures and pages from a record.

use std::path::Path;

use crate::error::Result;
use crate::record::Record;

/// Writes every report of a run into its folder.
///
/// # Errors
/// `File` where the folder cannot be written.
pub fn write(_record: &Record, _folder: &Path) -> Result<()> {
    Ok(())
}
