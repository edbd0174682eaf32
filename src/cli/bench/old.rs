//! Old reports, to compare with.

use std::path::Path;

use unlearn::bench::report::Report;
use unlearn::error::{Error, Result};

/// Reads the reports in a file: an object for one device, a list for several.
pub(super) fn read(path: &Path) -> Result<Vec<Report>> {
    let text = std::fs::read(path).map_err(|source| Error::File {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    let reports = match text.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(&text),
        _ => serde_json::from_slice(&text).map(|report| vec![report]),
    };
    let why = match reports {
        Ok(reports) if !reports.is_empty() => return Ok(reports),
        Ok(_) => "it is an empty list".to_owned(),
        Err(e) if e.is_eof() => format!("it breaks off ({e})"),
        Err(e) => e.to_string(),
    };
    Err(Error::Usage(format!(
        "--compare {}: not the report of a benchmark{}: {why}. Take a file that this version's \
         `unlearn bench --json FILE` wrote",
        path.display(),
        other_version(&text)
    )))
}

/// The version that wrote a report, if different.
fn other_version(text: &[u8]) -> String {
    let report: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    let report = report.get(0).unwrap_or(&report);
    let version = report["version"].as_str();
    let version = version.filter(|version| *version != env!("CARGO_PKG_VERSION"));
    version.map_or_else(String::new, |version| {
        format!(" that this version can read (unlearn {version} wrote it)")
    })
}
