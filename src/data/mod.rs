//! The images: idx files from a folder, a cache or the network, or the built-in digits.
//!
//! Whatever the source, the result is a [`Dataset`] whose images have been checked in full:
//! 28 x 28 pixels, as many labels as images, every label from 0 to 9.

mod archive;
pub mod builtin;
mod cache;
mod classes;
mod download;
mod failure;
mod folder;
mod foreign;
mod gzip;
mod idx;
mod kind;
mod names;
mod pointer;
mod sets;
mod strokes;
mod trust;

pub use archive::{Archive, Patience, Sha256Of};
pub use cache::{Cache, kept};
pub use classes::of as classes;
pub use sets::{FASHION, KMNIST, MNIST, Set, argument};

use crate::error::{Error, Result};
use crate::record::{Classes, DataRecord};
use idx::Source;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::{Path, PathBuf};

/// Pixels along one side of an image.
pub const SIDE: usize = 28;
/// Pixels in an image.
pub const PIXELS: usize = SIDE * SIDE;

/// The environment variable that names the data folder for the source `auto`.
const VARIABLE: &str = "UNLEARN_DATA";
/// Images in MNIST's training set and test set, and in those of the built-in digits.
const SIZES: (usize, usize) = (60_000, 10_000);

/// Images with their labels: equally many, and at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    /// Shape `[n, 784]`: the images one after another, row by row; 0 is paper, 255 is ink.
    pub pixels: Vec<u8>,
    /// Shape `[n]`: the class of each image, 0 to 9.
    pub labels: Vec<u8>,
}

impl Images {
    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images; never true for a result of [`load`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

// The derived implementation would print 47 million numbers for MNIST.
impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Images({} of {} pixels)", self.len(), PIXELS)
    }
}

impl From<builtin::Digits> for Images {
    fn from(digits: builtin::Digits) -> Self {
        Self {
            pixels: digits.images,
            labels: digits.labels,
        }
    }
}

/// The data that a run trains and tests on.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The images to train on.
    pub train: Images,
    /// The images to test on.
    pub test: Images,
    /// Their description.
    pub record: DataRecord,
    /// The value of [`load`]'s `source` that finds the same images again: `builtin`, `auto`, the name
    /// of a set, or the absolute path of their folder.
    pub source: PathBuf,
}

impl Dataset {
    /// The folder that the images came from, if any.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        Some(self.source.as_path()).filter(|source| source.is_absolute())
    }
}

/// Loads the images named by `source`; `notify` gets messages, a line at a time.
///
/// - `"builtin"`: the built-in digits, 60,000 and 10,000.
/// - `"auto"`: the folder named by the environment variable `UNLEARN_DATA`, if it is set and
///   not empty. Otherwise MNIST from the user's cache folder (`unlearn/mnist` in it), downloaded
///   if necessary. If that fails too, the built-in digits, with a warning in the record.
/// - `"fashion-mnist"`, `"kmnist"`: that set, from the user's cache folder, downloaded if necessary.
/// - Anything else is a folder with the four idx files, plain or gzipped, under their usual
///   names (`train-images-idx3-ubyte`, `train-images.idx3-ubyte`, with or without `.gz`, and so
///   on), or torchvision's root, with the files in `MNIST/raw`. Plain files take precedence over
///   gzipped ones.
///
/// # Errors
///
/// [`Error::Data`] if a folder given by the user, as `source` or in `UNLEARN_DATA`, or one of its
/// files is missing, damaged, unreadable or of another kind; or if a set cannot be downloaded.
pub fn load(source: impl AsRef<Path>, notify: &dyn Fn(&str)) -> Result<Dataset> {
    let source = source.as_ref();
    match source.to_str() {
        Some("auto") => auto(notify),
        Some("builtin") => Ok(built_in(None)),
        Some("") => Err(Error::Data(
            "--data is empty: name a folder that holds the four idx files, or use --data \
             auto (MNIST) or --data builtin (digits made by this program)"
                .to_owned(),
        )),
        _ => match named(source) {
            Some(set) => {
                let cache = Cache::of(set, cache::folder_of(set));
                cache.load(notify).map_err(|e| unavailable(set, &e))
            }
            None => open_folder(source, notify),
        },
    }
}

/// The set that `--data` means by this name.
fn named(source: &Path) -> Option<&'static Set> {
    let mut sets = sets::NAMED.into_iter();
    sets.find(|set| source.as_os_str() == set.argument)
}

/// The error for a set that is neither in the cache nor to be had.
fn unavailable(set: &Set, error: &Error) -> Error {
    let (name, argument) = (set.name, set.argument);
    Error::Data(format!(
        "--data {argument}: {error}. Or name a folder that holds {name}'s four files with --data (a folder \
         of the name {argument} is --data ./{argument})"
    ))
}

fn auto(notify: &dyn Fn(&str)) -> Result<Dataset> {
    if let Some(folder) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return open_folder(Path::new(&folder), notify).map_err(blame_variable);
    }
    Cache::mnist(cache::folder_of(&MNIST)).load_or_builtin(notify)
}

/// Adds that the folder came from the environment variable.
fn blame_variable(error: Error) -> Error {
    Error::Data(format!(
        "{error} (The environment variable {VARIABLE} names this folder; unset it to use the \
         cache or a download.)"
    ))
}

fn open_folder(folder: &Path, notify: &dyn Fn(&str)) -> Result<Dataset> {
    let found = folder::locate(folder)?;
    let own = classes::read(&found.folder)?;
    let mut dataset = open_files(
        absolute(&found.folder),
        &found.files,
        &[&MNIST, &FASHION],
        notify,
    )?;
    if let Some(own) = own {
        classes::check(&own, &dataset, &found.folder)?;
        dataset.record.classes = own;
    }
    Ok(dataset)
}

fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf())
}

/// Reads the four files, and compares them with the SHA-256 of known sets' unpacked files. A file whose
/// SHA-256 is not known has been verified before.
fn open_files(
    source: PathBuf,
    files: &[Source; 4],
    known: &[&Set],
    notify: &dyn Fn(&str),
) -> Result<Dataset> {
    let (train, test) = idx::read(files)?;
    let digests = || train.digests.iter().chain(&test.digests);
    let others = |set: &Set| -> Vec<&Source> {
        let known = set.archives.map(|archive| archive.sha256.content());
        let compared = digests().zip(known).zip(files);
        let other = compared.filter(|((digest, known), _)| known.is_some_and(|k| k != *digest));
        other.map(|(_, file)| file).collect()
    };
    let nearest = known.iter().map(|&set| (set, others(set)));
    let nearest = nearest.min_by_key(|(_, others)| others.len());
    let nearest = nearest.filter(|(_, others)| others.len() < files.len());
    let warning = nearest
        .as_ref()
        .and_then(|(set, others)| partly(set, others));
    if let Some(warning) = &warning {
        notify(&format!("WARNING: {warning}"));
    }
    let set = nearest.filter(|(_, others)| others.is_empty());
    let count = train.images.labels.iter().chain(&test.images.labels).max();
    let unnamed = || Classes::numbered(count.map_or(0, |&most| usize::from(most) + 1));
    let lines = digests().map(|digest| format!("{digest}\n"));
    let record = DataRecord {
        name: set
            .as_ref()
            .map_or("idx files", |(set, _)| set.name)
            .to_owned(),
        classes: set.map_or_else(unnamed, |(set, _)| set.classes()),
        sha256: Some(crate::files::hex(&Sha256::digest(
            lines.collect::<String>(),
        ))),
        warning,
        train: train.images.len(),
        test: test.images.len(),
    };
    Ok(Dataset {
        train: train.images,
        test: test.images,
        record,
        source,
    })
}

/// A plain idx file has no checksum of its own. But among a known set's files, one with other content is
/// most likely damaged. Reports show this warning, so it names no folder.
fn partly(set: &Set, others: &[&Source]) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    let names = others.iter().filter_map(|file| file.path.file_name());
    let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    let Set { name, argument, .. } = set;
    Some(format!(
        "not {name}'s content (by its SHA-256), although the other files are {name}'s: {}. \
         Unless that is intended, the file is damaged: fetch it again, or use --data {argument}",
        names.join(", ")
    ))
}

/// The first of the built-in digits, this many to train and to test on.
pub(crate) fn small(train: usize, test: usize) -> Dataset {
    digits((train, test), None)
}

fn built_in(warning: Option<String>) -> Dataset {
    digits(SIZES, warning)
}

fn digits((train, test): (usize, usize), warning: Option<String>) -> Dataset {
    Dataset {
        train: builtin::train(train).into(),
        test: builtin::test(test).into(),
        record: DataRecord {
            name: "built-in digits".to_owned(),
            classes: Classes::default(),
            sha256: None,
            warning,
            train,
            test,
        },
        source: "builtin".into(),
    }
}

/// The built-in digits in place of MNIST, with a warning. The reason and the remedy are for whoever
/// starts the program, not for a report.
fn stand_in(reason: &str, notify: &dyn Fn(&str)) -> Dataset {
    let warning = "The built-in digits stand in for MNIST, which could not be downloaded: these are not \
                   results on MNIST";
    notify(&format!(
        "WARNING: {warning}. The reason: {reason}. Or name a folder that holds MNIST's four files with --data or \
         {VARIABLE}"
    ));
    built_in(Some(warning.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Four tiny files in a folder, and the SHA-256 of each.
    fn tiny() -> std::io::Result<(tempfile::TempDir, [Source; 4], [String; 4])> {
        let folder = tempfile::tempdir()?;
        let images = |set: &builtin::Digits| {
            let header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28];
            [&header[..], &set.images].concat()
        };
        let labels = |set: &builtin::Digits| [&[0, 0, 8, 1, 0, 0, 0, 2][..], &set.labels].concat();
        let (train, test) = (builtin::train(2), builtin::test(2));
        let contents = [images(&train), labels(&train), images(&test), labels(&test)];
        let files = [0, 1, 2, 3].map(|i| folder.path().join(format!("file-{i}")));
        for (file, content) in files.iter().zip(&contents) {
            std::fs::write(file, content)?;
        }
        let digests = contents.map(|content| crate::files::hex(&Sha256::digest(content)));
        Ok((folder, files.map(Source::from), digests))
    }

    /// MNIST with these SHA-256 in place of its own.
    fn set(digests: [&str; 4]) -> Set {
        let mut set = MNIST;
        for (archive, digest) in set.archives.iter_mut().zip(digests) {
            archive.sha256 = Sha256Of::Content(digest.to_owned().leak());
        }
        set
    }

    #[test]
    fn only_four_known_files_are_mnist() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let (folder, files, digests) = tiny()?;
        let known = digests.each_ref().map(String::as_str);
        let told = RefCell::new(Vec::new());
        let notify = |line: &str| told.borrow_mut().push(line.to_owned());

        let all = open_files(folder.path().into(), &files, &[&set(known)], &notify)?;
        assert_eq!(
            (all.record.name.as_str(), all.record.warning),
            ("MNIST", None)
        );
        let none = open_files(folder.path().into(), &files, &[&set(["no"; 4])], &notify)?;
        assert_eq!(
            (none.record.name.as_str(), none.record.warning),
            ("idx files", None)
        );
        assert!(told.borrow().is_empty());

        for odd in 0..4 {
            let mut known = known;
            known[odd] = "no";
            let some = open_files(folder.path().into(), &files, &[&set(known)], &notify)?;
            assert_eq!(some.record.name, "idx files");
            let warning = some.record.warning.unwrap_or_default();
            for (index, file) in files.iter().enumerate() {
                let name = file.path.file_name().unwrap_or_default().to_string_lossy();
                assert_eq!(warning.contains(&*name), index == odd, "{warning}");
            }
            // Reports contain the warning, and may be shared.
            assert!(!warning.contains(&*folder.path().to_string_lossy()));
            assert_eq!(told.take(), [format!("WARNING: {warning}")]);
        }
        Ok(())
    }
}
