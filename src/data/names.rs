//! The file names of the four files, and what exists under them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The four files: train images, train labels, test images, test labels.
pub(super) const STEMS: [(&str, &str); 4] = [
    ("train-images", "idx3-ubyte"),
    ("train-labels", "idx1-ubyte"),
    ("t10k-images", "idx3-ubyte"),
    ("t10k-labels", "idx1-ubyte"),
];

/// What was found of one of the four files.
pub(super) enum State {
    There(PathBuf),
    Missing,
    /// Something of that name exists but is unreadable: a sentence with the name and a remedy.
    Unusable(String),
}

/// Whether all four files are directly in this folder.
pub(super) fn holds_all(folder: &Path) -> bool {
    let names = listing(folder).unwrap_or_default();
    is_whole(folder, &names, "") || only_set(folder, &names).is_some()
}

fn is_whole(folder: &Path, names: &[OsString], prefix: &str) -> bool {
    let there = |index| matches!(state(folder, names, prefix, index, true), State::There(_));
    [0, 1, 2, 3].into_iter().all(there)
}

/// The names in a folder, sorted.
pub(super) fn listing(folder: &Path) -> std::io::Result<Vec<OsString>> {
    let entries = folder.read_dir()?;
    let mut names: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    names.sort();
    Ok(names)
}

/// Which of the four files a name denotes, ignoring case, and its prefix, such as `emnist-digits-`.
/// EMNIST calls its test files `test-…`.
pub(super) fn part(name: &OsStr) -> Option<(String, usize)> {
    let name = name.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    STEMS
        .iter()
        .enumerate()
        .find_map(|(index, (stem, suffix))| {
            let rest = name.strip_suffix(suffix)?.strip_suffix(['-', '.'])?;
            let test = stem.replace("t10k", "test");
            let prefix = rest.strip_suffix(stem).or(rest.strip_suffix(&test))?;
            let apart = prefix.is_empty() || prefix.ends_with(['-', '_', '.']);
            apart.then(|| (prefix.to_owned(), index))
        })
}

/// The nonempty prefixes of the sets in a folder.
pub(super) fn prefixes(names: &[OsString]) -> BTreeSet<String> {
    let prefix = |name: &OsString| Some(part(name)?.0).filter(|prefix| !prefix.is_empty());
    names.iter().filter_map(prefix).collect()
}

/// The prefix of the only set in its folder.
pub(super) fn only_set(folder: &Path, names: &[OsString]) -> Option<String> {
    let sets = prefixes(names).into_iter();
    let mut sets = sets.filter(|prefix| is_whole(folder, names, prefix));
    sets.next().filter(|_| sets.next().is_none())
}

/// Looks for a file under all its names; plain files take precedence over gzipped ones, and the
/// usual name over others. Some folders may be entered but not listed, hence the usual names.
pub(super) fn state(
    folder: &Path,
    names: &[OsString],
    prefix: &str,
    index: usize,
    deeper: bool,
) -> State {
    let (stem, suffix) = STEMS[index];
    let usual = ["", ".gz"].into_iter().flat_map(|end| {
        ["-", "."].map(|dash| OsString::from(format!("{prefix}{stem}{dash}{suffix}{end}")))
    });
    let packed = |name: &&OsString| name.to_string_lossy().to_lowercase().ends_with(".gz");
    let mut others: Vec<_> = names
        .iter()
        .filter(|name| part(name).is_some_and(|(p, i)| (p.as_str(), i) == (prefix, index)))
        .collect();
    others.sort_by_key(packed);
    let mut fault = State::Missing;
    for name in usual.chain(others.into_iter().cloned()) {
        match (look(&folder.join(&name), index, deeper), &fault) {
            (State::There(path), _) => return State::There(path),
            (unusable @ State::Unusable(_), State::Missing) => fault = unusable,
            _ => {}
        }
    }
    fault
}

/// What is at a path with a file's name. One archive in use wraps each file in a folder of the same
/// name.
fn look(path: &Path, index: usize, deeper: bool) -> State {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unusable = |what: String| State::Unusable(format!("{name} {what}"));
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return State::Missing,
        Err(error) => return unusable(unreadable(&error)),
        Ok(_) => {}
    }
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => unusable(dangling(path)),
        Err(error) => unusable(unreadable(&error)),
        Ok(data) if data.is_file() => State::There(path.to_path_buf()),
        Ok(data) if data.is_dir() && deeper => {
            match state(path, &listing(path).unwrap_or_default(), "", index, false) {
                State::Missing => unusable("is a folder without such a file in it".to_owned()),
                State::Unusable(what) => State::Unusable(format!("{name}/{what}")),
                there => there,
            }
        }
        Ok(data) if data.is_dir() => unusable("is a folder, not a file".to_owned()),
        Ok(_) => unusable("is a pipe or a device, not a file".to_owned()),
    }
}

pub(super) fn unreadable(error: &std::io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => " (grant yourself access with chmod)",
        _ => "",
    };
    format!("cannot be read: {error}{remedy}")
}

fn dangling(path: &Path) -> String {
    let to = fs::read_link(path).unwrap_or_default();
    let to = to.to_string_lossy();
    let remedy = match to.contains(".git/annex/") {
        true => "run git annex get on it",
        false => "put the file there, or in the link's place",
    };
    format!("is a link to {to}, which does not exist ({remedy})")
}
