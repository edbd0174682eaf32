//! Files of a folder by their names: drafts, and others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Removes the drafts that a killed process left in a folder.
pub fn remove_drafts(folder: &Path) {
    for draft in drafts(folder) {
        let _ = fs::remove_file(draft);
    }
}

/// The drafts that a killed process left in a folder.
pub fn drafts(folder: &Path) -> Vec<PathBuf> {
    named(folder, |name| name.starts_with(DRAFT))
}

/// The files in a folder whose names are like this.
pub(crate) fn named(folder: &Path, is_like: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let entries = entries.filter_map(io::Result::ok);
    let files = entries.filter(|entry| {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        is_file && entry.file_name().to_str().is_some_and(&is_like)
    });
    let mut found: Vec<PathBuf> = files.map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// What names of drafts begin with.
pub(super) const DRAFT: &str = ".unlearn-";
