//! The folder that caches a downloaded data set.
//!
//! A file enters the folder by a rename after its content was verified, and is verified again on
//! every use. So an interrupted download leaves nothing half done, and corruption on disk is
//! noticed and the file fetched again.
//!
//! The SHA-256 is that of the unpacked content where it is known: some copies of MNIST in circulation
//! have the same content, compressed differently.

use super::archive::{Archive, Patience};
use super::download::Downloader;
use super::idx::Source;
use super::sets::{MNIST, NAMED, Set};
use super::{Dataset, absolute, open_files, stand_in};
use crate::error::{Error, Result};
use crate::files::{self, Folders};
use etcetera::BaseStrategy;
use rayon::prelude::*;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The variable that names the user's cache folder.
const CACHES: &str = if cfg!(windows) {
    "LOCALAPPDATA"
} else {
    "XDG_CACHE_HOME"
};

/// The user's cache folder for a set.
pub(super) fn folder_of(set: &Set) -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let name = match set.argument {
        "auto" => "mnist",
        argument => argument,
    };
    Some(base.cache_dir().join("unlearn").join(name))
}

/// Drafts older than this are of no download that goes on.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Whether a draft is what a killed download left.
fn is_abandoned(draft: &Path) -> bool {
    let written = draft.metadata().and_then(|file| file.modified());
    written.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED))
}

/// The files of the known sets in the user's cache folder, by the sets' names. A set's folder that is a
/// link is another's, and not counted.
#[must_use]
pub fn kept() -> Vec<(&'static str, Vec<PathBuf>)> {
    let of = |set: &'static Set| {
        let folder = folder_of(set).filter(|folder| !folder.is_symlink())?;
        let own = set.archives.iter().map(|archive| folder.join(archive.name));
        let mut files: Vec<PathBuf> = own.filter(|path| path.is_file()).collect();
        let drafts = files::drafts(&folder).into_iter();
        files.extend(drafts.filter(|draft| is_abandoned(draft)));
        (!files.is_empty()).then_some((set.name, files))
    };
    [&MNIST].into_iter().chain(NAMED).filter_map(of).collect()
}

/// A folder for downloaded files, and where to download them from.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The data set that the files are.
    pub set: &'static Set,
    /// The folder, created when the first file is stored. `None` if the user has no cache folder.
    pub folder: Option<PathBuf>,
    /// The files: train images, train labels, test images, test labels.
    pub archives: [Archive; 4],
    /// Base URLs for the files' names, in the order they are tried.
    pub mirrors: Vec<String>,
    /// Timeouts per mirror.
    pub patience: Patience,
}

impl Cache {
    /// A data set, from its mirrors, kept in `folder`.
    #[must_use]
    pub fn of(set: &'static Set, folder: Option<PathBuf>) -> Self {
        let mirrors = set.mirrors.iter();
        Self {
            set,
            folder,
            archives: set.archives,
            mirrors: mirrors.map(|&url| url.to_owned()).collect(),
            patience: Patience::default(),
        }
    }

    /// MNIST, from its mirrors, kept in `folder`.
    #[must_use]
    pub fn mnist(folder: Option<PathBuf>) -> Self {
        Self::of(&MNIST, folder)
    }

    /// The images from the folder, after downloading missing or damaged files. If downloads cannot
    /// be saved in the folder, they are used anyway, and `notify` is called.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if no mirror yields a file, with each mirror's reason, or if the files are
    /// intact but do not hold images.
    pub fn load(&self, notify: &dyn Fn(&str)) -> Result<Dataset> {
        if let Some(dataset) = self.kept() {
            return Ok(dataset);
        }
        self.open(&self.fill(notify)?, notify)
    }

    /// The same, but falls back to the built-in digits if the files are unavailable, with a message
    /// through `notify` and in the record's warning.
    ///
    /// # Errors
    ///
    /// As for [`Cache::load`], but only after all four files were verified.
    pub fn load_or_builtin(&self, notify: &dyn Fn(&str)) -> Result<Dataset> {
        if let Some(dataset) = self.kept() {
            return Ok(dataset);
        }
        match self.fill(notify) {
            Ok(files) => self.open(&files, notify),
            Err(error) => Ok(stand_in(&error.to_string(), notify)),
        }
    }

    /// The images, if all files are in the folder and intact. This is the common case, so the files
    /// are read once, and only inspected one by one if that fails, or where the SHA-256 is not that
    /// of the content.
    fn kept(&self) -> Option<Dataset> {
        self.folder.as_ref()?;
        let unread = |archive: &&Archive| archive.sha256.content().is_none();
        let mut unread = self.archives.iter().filter(unread);
        if !unread.all(|archive| matches!(self.inspect(archive), State::Whole)) {
            return None;
        }
        let files = self.archives.map(|archive| self.path(&archive).into());
        let dataset = self.open(&files, &|_| ()).ok()?;
        (dataset.record.name == self.set.name).then_some(dataset)
    }

    fn open(&self, files: &[Source; 4], notify: &dyn Fn(&str)) -> Result<Dataset> {
        let kept = files.iter().all(|file| file.bytes.is_none());
        let source = match &self.folder {
            // Another folder may be in the place of auto's later.
            Some(folder) if kept && self.set.argument == MNIST.argument => absolute(folder),
            _ => self.set.argument.into(),
        };
        let known = Set {
            archives: self.archives,
            ..*self.set
        };
        open_files(source, files, &[&known], notify)
    }

    fn path(&self, archive: &Archive) -> PathBuf {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        folder.join(archive.name)
    }

    /// The four files, after downloading missing or damaged ones.
    fn fill(&self, notify: &dyn Fn(&str)) -> Result<[Source; 4]> {
        let mut files = self.archives.map(|a| Source::from(self.path(&a)));
        let faults: Vec<_> = self.archives.par_iter().map(|a| self.inspect(a)).collect();
        let mut wanted = Vec::new();
        for (number, (fault, file)) in faults.into_iter().zip(&files).enumerate() {
            match fault {
                State::Whole => continue,
                State::Missing => {}
                State::Damaged(fault) => {
                    notify(&format!(
                        "{} {fault}; fetching it again",
                        file.path.display()
                    ));
                }
            }
            wanted.push(number);
        }
        // The smallest first, to fail early.
        wanted.sort_by_key(|&number| self.archives[number].size);
        let archives: Vec<_> = wanted.iter().map(|&n| self.archives[n]).collect();
        let mut downloader = Downloader::new(&self.mirrors, self.patience, &archives, notify);
        let folders = self.make_folder();
        let mut kept = folders.as_ref().map(|_| ()).map_err(Clone::clone);
        for (number, archive) in wanted.into_iter().zip(&archives) {
            let bytes = downloader.fetch(archive)?;
            let file = &mut files[number];
            if kept.is_ok() {
                kept = files::write(&file.path, &bytes).map_err(|e| unkept(&e));
            }
            file.bytes = kept.is_err().then_some(bytes);
        }
        if let Err(reason) = kept {
            notify(&format!(
                "the download is used, but not kept for the next run: {reason}"
            ));
        }
        Ok(files)
    }

    /// Creates the folder, or says why nothing can be saved.
    fn make_folder(&self) -> std::result::Result<Folders, String> {
        let Some(folder) = &self.folder else {
            return Err(format!(
                "this user has no home folder. Set {CACHES} to a folder"
            ));
        };
        Folders::make(folder).map_err(|e| unkept(&e))
    }

    fn inspect(&self, archive: &Archive) -> State {
        if self.folder.is_none() {
            return State::Missing;
        }
        match fs::read(self.path(archive)) {
            Ok(bytes) => archive.fault(&bytes).map_or(State::Whole, State::Damaged),
            Err(error) => match error.kind() {
                // If the folder itself is the problem, its remedy comes once, at the end.
                ErrorKind::NotFound | ErrorKind::NotADirectory => State::Missing,
                _ => State::Damaged(format!("cannot be read ({error})")),
            },
        }
    }
}

/// Why a file was not saved, and what to do.
fn unkept(error: &Error) -> String {
    let kind = match error {
        Error::File { source, .. } => source.kind(),
        _ => ErrorKind::Other,
    };
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("{error}. Free some space"),
        _ => format!("{error}. Make it writable, or set {CACHES} to another folder"),
    }
}

/// The state of a file in the cache.
enum State {
    Whole,
    Missing,
    /// Present, but invalid for this reason.
    Damaged(String),
}
