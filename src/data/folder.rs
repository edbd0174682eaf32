//! Finds the four files in a folder, under the names and in the places where data sets have them.

use super::idx::Source;
use super::pointer;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The four files: train images, train labels, test images, test labels.
const STEMS: [(&str, &str); 4] = [
    ("train-images", "idx3-ubyte"),
    ("train-labels", "idx1-ubyte"),
    ("t10k-images", "idx3-ubyte"),
    ("t10k-labels", "idx1-ubyte"),
];

/// Where in a folder the files may be: in itself, or where torchvision puts them below its root.
const PLACES: [&str; 4] = ["", "raw", "MNIST/raw", "MNIST"];

/// The four files, and the folder that they are in.
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) files: [Source; 4],
}

/// What there is of one of the four files.
enum State {
    There(PathBuf),
    Missing,
    /// Something has its name and cannot be read: a sentence with the name and a remedy.
    Unusable(String),
}

/// Finds the four files in `folder`, or in one of its usual [`PLACES`].
pub(super) fn locate(folder: &Path) -> Result<Found> {
    let about = |what: &str| unusable(folder, what);
    match folder.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let link = folder.read_link().ok();
            let dangling = link.map(|to| format!(" (it is a link to {})", to.display()));
            let what = format!("does not exist{}", dangling.unwrap_or_default());
            return Err(about(&what));
        }
        Err(error) => return Err(about(&format!("cannot be read: {error}"))),
        Ok(data) if !data.is_dir() => return Err(about(&file_for_folder(folder))),
        Ok(_) => {}
    }
    let places = PLACES.iter().map(|place| match place.is_empty() {
        true => folder.to_path_buf(),
        false => folder.join(place),
    });
    for place in places.filter(|place| place.is_dir()) {
        // What may not be entered fails file by file, though it is the folder's fault.
        if let Err(error) = place.join(".").metadata() {
            return Err(unusable(&place, &unreadable(&error)));
        }
        let names = listing(&place).unwrap_or_default();
        for prefix in ["".to_owned()].into_iter().chain(only_set(&place, &names)) {
            let states = [0, 1, 2, 3].map(|index| state(&place, &names, &prefix, index, true));
            match states {
                [
                    State::There(a),
                    State::There(b),
                    State::There(c),
                    State::There(d),
                ] => {
                    return Ok(Found {
                        folder: place,
                        files: [a, b, c, d].map(Source::from),
                    });
                }
                states if states.iter().all(|state| matches!(state, State::Missing)) => {}
                states => return Err(unusable(&place, &faults(&names, &states))),
            }
        }
    }
    let names = listing(folder).map_err(|e| about(&format!("cannot be read: {e}")))?;
    let lacks = lacks(&[true; 4], &names);
    Err(about(&(lacks + &pointer::pointer(folder))))
}

fn unusable(folder: &Path, what: &str) -> Error {
    Error::Data(format!(
        "{} {what}. Name a folder that holds the four idx files, or use --data auto (MNIST) or \
         --data builtin (digits made by this program)",
        folder.display()
    ))
}

/// Whether all four files are in this very folder.
pub(super) fn holds_all(folder: &Path) -> bool {
    let names = listing(folder).unwrap_or_default();
    is_whole(folder, &names, "") || only_set(folder, &names).is_some()
}

fn is_whole(folder: &Path, names: &[OsString], prefix: &str) -> bool {
    let there = |index| matches!(state(folder, names, prefix, index, true), State::There(_));
    [0, 1, 2, 3].into_iter().all(there)
}

/// What to say of a file where a folder should be.
fn file_for_folder(file: &Path) -> String {
    let parent = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("/"),
    };
    let named = file.file_name().and_then(part).is_some();
    match named && holds_all(parent) {
        true => format!(
            "is not a folder: name the one that it is in, {}",
            parent.display()
        ),
        false => {
            let name = file.file_name().unwrap_or_default();
            format!("is not a folder{}", pointer::form(&[name.into()], ""))
        }
    }
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

/// Which of the four files a name stands for, in any case, and what it has before the usual name:
/// `emnist-digits-` for example. EMNIST calls its test files `test-…`.
fn part(name: &OsStr) -> Option<(String, usize)> {
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

/// What the sets in a folder have before their files' usual names, where that is something.
pub(super) fn prefixes(names: &[OsString]) -> BTreeSet<String> {
    let prefix = |name: &OsString| Some(part(name)?.0).filter(|prefix| !prefix.is_empty());
    names.iter().filter_map(prefix).collect()
}

/// The prefix of a set, where it is the only one in its folder.
fn only_set(folder: &Path, names: &[OsString]) -> Option<String> {
    let sets = prefixes(names).into_iter();
    let mut sets = sets.filter(|prefix| is_whole(folder, names, prefix));
    sets.next().filter(|_| sets.next().is_none())
}

/// Looks for a file under all its names; a plain one goes before a gzipped one, and the usual
/// name before others. Some folders may be entered but not listed, hence the usual names.
fn state(folder: &Path, names: &[OsString], prefix: &str, index: usize, deeper: bool) -> State {
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

/// What is at a path that has a file's name. One archive in use has a folder of the very name
/// around each file.
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

fn unreadable(error: &std::io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => " (give yourself the right to it, with chmod)",
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

/// Says what is wrong with the four files of a folder, some of which are there.
fn faults(names: &[OsString], states: &[State; 4]) -> String {
    let unusable: Vec<&str> = states
        .iter()
        .filter_map(|state| match state {
            State::Unusable(what) => Some(what.as_str()),
            _ => None,
        })
        .collect();
    let missing = states
        .each_ref()
        .map(|state| matches!(state, State::Missing));
    let mut parts = Vec::new();
    if !unusable.is_empty() {
        parts.push(format!("cannot be used: {}", unusable.join("; ")));
    }
    if missing.contains(&true) {
        parts.push(lacks(&missing, names));
    }
    parts.join("; it ")
}

/// Says which files are not there, and what is there instead.
fn lacks(missing: &[bool; 4], names: &[OsString]) -> String {
    const SHOWN: usize = 8;
    let lacking: Vec<_> = STEMS
        .iter()
        .zip(missing)
        .filter(|(_, missing)| **missing)
        .map(|((stem, suffix), _)| format!("{stem}-{suffix}"))
        .collect();
    let shown = names.iter().take(SHOWN).map(|name| name.to_string_lossy());
    let mut held = shown.collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        held = "nothing".to_owned();
    }
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 {
        held += &format!(" and {more} more");
    }
    let lacking = lacking.join(", ");
    format!("lacks {lacking} (plain or .gz); it holds {held}")
}
