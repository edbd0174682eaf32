//! A file that keeps other processes out of a folder, and the time that all of them see.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{filled, new_draft};
use crate::error::{Error, Result};

/// A file that marks its folder as in use, for as long as this is there.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: Option<File>,
    sure: bool,
}

impl Lock {
    /// Takes it; `None` if another process has it.
    ///
    /// # Errors
    /// `File` if it cannot be made.
    pub fn take(path: PathBuf) -> Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(Error::file("create", &path))?;
        let sure = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(_)) => false,
        };
        let file = Some(file);
        Ok(Some(Self { path, file, sure }))
    }

    /// Whether it keeps others out: not every file system has locks.
    pub fn is_sure(&self) -> bool {
        self.sure
    }

    /// Whether another process has it.
    pub fn is_taken(path: &Path) -> bool {
        let file = OpenOptions::new().read(true).write(true).open(path);
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Windows removes no open file.
        drop(self.file.take());
        let _ = fs::remove_file(&self.path);
    }
}

/// The time by the clock of the file system that holds a folder: not every machine that shares one has
/// the same.
///
/// # Errors
/// If nothing can be written there.
pub(crate) fn time_in(folder: &Path) -> io::Result<SystemTime> {
    let file = filled(new_draft(folder, None)?, b" ")?;
    file.as_file().metadata()?.modified()
}
