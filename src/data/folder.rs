//! Finds the four files in a folder, under the names and in the places where data sets have them.

use super::idx::Source;
use super::names::{STEMS, State, holds_all, listing, only_set, part, state, unreadable};
use super::pointer;
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where in a folder the files may be: directly, or below torchvision's root.
const PLACES: [&str; 4] = ["", "raw", "MNIST/raw", "MNIST"];

/// The four files, and the folder that they are in.
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) files: [Source; 4],
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
        // A folder without access fails file by file, so report the folder.
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

/// The error for a file in place of a folder.
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

/// Reports what is wrong with the four files of a folder, some of which are there.
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

/// Reports which files are missing, and what is there instead.
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
