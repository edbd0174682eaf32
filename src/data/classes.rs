//! The names of classes: those of a known set, or of a folder's own `classes.txt`.

use super::{Dataset, VARIABLE, folder, named};
use crate::error::{Error, Result};
use crate::record::{CLASSES, Classes};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file in a data folder that names its classes, a line each.
const FILE: &str = "classes.txt";

/// The names of the classes that `source`, a value of `--data`, has, without loading its images: those
/// of the digits where it does not say, since its labels have not been read.
///
/// # Errors
/// `Data` if a folder's `classes.txt` is unusable.
pub fn of(source: &Path) -> Result<Classes> {
    if let Some(set) = named(source) {
        return Ok(set.classes());
    }
    let auto = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let folder = match source.to_str() {
        Some("auto") => auto.map(PathBuf::from),
        Some("builtin") => None,
        _ => Some(source.to_path_buf()),
    };
    // What is wrong with a folder is said when it is loaded.
    let found = folder.and_then(|folder| folder::locate(&folder).ok());
    let own = found.map(|found| read(&found.folder)).transpose()?;
    Ok(own.flatten().unwrap_or_default())
}

/// The names in a folder's `classes.txt`; none without that file.
pub(super) fn read(folder: &Path) -> Result<Option<Classes>> {
    let path = folder.join(FILE);
    let refuse = |what: &str| {
        Err(Error::Data(format!(
            "{} {what}. It names the classes of the folder's images, a line each, in the order of their \
             labels, such as T-shirt/top; correct it, or remove it to have them numbered",
            path.display()
        )))
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return refuse(&format!("cannot be read: {error}")),
    };
    let names: Vec<&str> = text.lines().map(str::trim).collect();
    if !(2..=CLASSES).contains(&names.len()) {
        return refuse(&format!(
            "has {} lines, where 2 to {CLASSES} are needed",
            names.len()
        ));
    }
    for (label, name) in names.iter().enumerate() {
        // --forget takes a list of names and numbers.
        if name.is_empty() || name.contains(',') {
            return refuse(&format!(
                "line {}: {name:?} is no name (a comma separates names in --forget)",
                label + 1
            ));
        }
        if name
            .parse::<u8>()
            .is_ok_and(|number| usize::from(number) != label)
        {
            return refuse(&format!(
                "line {}: {name} would be mistaken for the class numbered {name}",
                label + 1
            ));
        }
        let same = |other: &&str| other.to_lowercase() == name.to_lowercase();
        if let Some(first) = names[..label].iter().position(same) {
            return refuse(&format!(
                "lines {} and {} both say {name}",
                first + 1,
                label + 1
            ));
        }
    }
    Ok(Some(Classes::named(names)))
}

/// Every label must have a name.
pub(super) fn check(classes: &Classes, data: &Dataset, folder: &Path) -> Result<()> {
    let labels = data.train.labels.iter().chain(&data.test.labels);
    match labels.max() {
        Some(&most) if usize::from(most) >= classes.count() => Err(Error::Data(format!(
            "{} names {} classes, but there are images with label {most}: name the classes 0 to {most}, a \
             line each, or remove the file",
            folder.join(FILE).display(),
            classes.count()
        ))),
        _ => Ok(()),
    }
}
