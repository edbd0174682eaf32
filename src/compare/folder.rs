//! The folder of a comparison: its marker file, the cache, and the reports.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use crate::engine::Store;
use crate::error::{Error, Result};
use crate::files::{self, Folders};

/// A folder that is ours, and locked against other comparisons.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Holds the lock while open.
    mark: File,
    _made: Folders,
}

/// The file that marks a folder as a comparison's, so that no other files are replaced.
const MARK: &str = "unlearn-compare.txt";

const MARK_TEXT: &str = "`unlearn compare` works in this folder: it replaces compare.json, methods.jsonl, \
                         results.csv, report.txt, report.html, inside/, pictures/ and tables/,\nwith --export also networks/ and outputs/, and it keeps weights in cache/;\nplan.toml \
                         and segments.csv are a plan for `unlearn work`, sweep.* the results of `unlearn sweep`.\nWithout this file \
                         it refuses a folder that is not empty.\n";

const NOT_OURS: &str =
    "is not empty, and no comparison of this version made it (it has no unlearn-compare.txt)";

/// What the list of files in the marker file begins with.
const LIST: &str = "The last report's files in folders:";

/// The reports.
pub const REPORTS: [&str; 5] = [
    "compare.json",
    "methods.jsonl",
    "results.csv",
    "report.txt",
    "report.html",
];

/// The folder with a comparison's networks, in its folder.
pub const CACHE: &str = "cache";

/// Whether a folder is that of a comparison or a sweep.
pub fn is_comparison(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

/// The files of a comparison's cache.
pub fn cached(folder: &Path) -> Vec<PathBuf> {
    Store::files(&folder.join(CACHE))
}

/// Refuses a comparison at which parts of a plan are at work.
///
/// # Errors
/// `Usage` for such a comparison.
pub fn refuse_busy(folder: &Path) -> Result<()> {
    match Store::is_busy(&folder.join(CACHE)) {
        false => Ok(()),
        true => Err(Error::Usage(format!(
            "parts of a comparison are at work in {}: wait until they have ended",
            folder.display()
        ))),
    }
}

impl Folder {
    /// Creates the folder, or takes an empty one or that of an earlier comparison, and verifies
    /// that the reports can be written.
    ///
    /// # Errors
    /// `Usage` if it belongs to something else, or is in use; `File` if it cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        let mark = path.join(MARK);
        let made = match Folders::make_new(path)? {
            Some(made) => made,
            None if mark.is_file() || files::is_empty(path) => Folders::default(),
            None => return Err(files::refuse(path, NOT_OURS)),
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&mark).map_err(Error::file("write", &mark))?;
        lock(&file, path)?;
        let mut folder = Self {
            path: files::plain_path(path),
            mark: file,
            _made: made,
        };
        folder.explain().map_err(Error::file("write", &mark))?;
        for name in REPORTS {
            files::probe(&path.join(name))?;
        }
        Ok(folder)
    }

    /// Explains the folder in the marker file. It is written in place: replacing it would lose the
    /// lock.
    fn explain(&mut self) -> std::io::Result<()> {
        match self.mark.metadata()?.len() {
            0 => self.mark.write_all(MARK_TEXT.as_bytes()),
            _ => Ok(()),
        }
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes files into folders beside the reports, by their paths, and then the reports, in the order of
    /// `REPORTS`: of these either all are replaced, or none. Files of an earlier comparison in those folders
    /// are removed then, if they are listed in the marker file.
    ///
    /// # Errors
    /// `File` if one cannot be written.
    pub fn write(
        &self,
        reports: &[String; 5],
        folders: &[&str],
        others: &[(String, String)],
    ) -> Result<()> {
        let made = folders.iter();
        let made = made.map(|name| Folders::make(&self.path.join(name)));
        let _made: Vec<Folders> = made.collect::<Result<_>>()?;
        let old = self.listed(folders)?;
        let new: BTreeSet<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
        // Those of both, in case this is interrupted.
        self.list(old.iter().map(String::as_str).chain(new.iter().copied()))?;
        for (name, text) in others {
            files::write(&self.path.join(name), text.as_bytes())?;
        }
        let paths = REPORTS.map(|name| self.path.join(name));
        let files = paths.iter().zip(reports);
        let files: Vec<_> = files.map(|(p, text)| (&**p, text.as_bytes())).collect();
        files::write_all(&files)?;
        for name in old.iter().filter(|name| !new.contains(name.as_str())) {
            let path = self.path.join(name);
            match std::fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::file("remove", &path)(e));
                }
                _ => {}
            }
        }
        self.list(new.iter().copied())
    }

    /// The files in these folders that the marker file lists: earlier reports' own.
    fn listed(&self, folders: &[&str]) -> Result<BTreeSet<String>> {
        let mark = self.path.join(MARK);
        let text = std::fs::read_to_string(&mark).map_err(Error::file("read", &mark))?;
        let (_, list) = text.split_once(LIST).unwrap_or_default();
        let ours = |line: &&str| {
            let parts = line.split_once('/');
            parts.is_some_and(|(folder, name)| {
                folders.contains(&folder) && !name.contains(['/', '\\'])
            })
        };
        Ok(list.lines().filter(ours).map(str::to_owned).collect())
    }

    /// Writes the marker file with a list of files, in place.
    fn list<'a>(&self, files: impl Iterator<Item = &'a str>) -> Result<()> {
        let mut text = format!("{MARK_TEXT}{LIST}\n");
        for name in files.collect::<BTreeSet<_>>() {
            text += name;
            text.push('\n');
        }
        let mut mark = &self.mark;
        let written = mark
            .rewind()
            .and_then(|()| mark.write_all(text.as_bytes()))
            .and_then(|()| mark.set_len(text.len() as u64));
        written.map_err(Error::file("write", &self.path.join(MARK)))
    }
}

impl Drop for Folder {
    /// A folder in which nothing was computed is left as found.
    fn drop(&mut self) {
        let unused = std::fs::read_dir(&self.path)
            .is_ok_and(|mut all| all.all(|entry| entry.is_ok_and(|e| e.file_name() == MARK)));
        if unused {
            let _ = std::fs::remove_file(self.path.join(MARK));
        }
    }
}

fn lock(mark: &File, folder: &Path) -> Result<()> {
    match mark.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::Usage(format!(
            "another comparison is at work in {}: wait until it has ended, or choose another --out",
            folder.display()
        ))),
        // Not every file system has locks.
        _ => Ok(()),
    }
}
