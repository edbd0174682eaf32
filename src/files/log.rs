//! A file that grows by whole records.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::sync;
use crate::error::{Error, Result};

/// A file to which whole records are appended.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Log {
    /// Creates an empty one.
    ///
    /// # Errors
    /// `File` if it is there already, or cannot be made.
    pub fn create(path: PathBuf) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(&path);
        Ok(Self {
            file: file.map_err(Error::file("create", &path))?,
            length: 0,
            path,
        })
    }

    /// Opens an existing one after its first `lines` lines, and returns those. The next record
    /// replaces what follows them.
    ///
    /// # Errors
    /// `File` if it cannot be opened or read.
    pub fn resume(path: PathBuf, lines: usize) -> Result<(Self, String)> {
        let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
        let first = bytes.split_inclusive(|&byte| byte == b'\n').take(lines);
        let length = first.map(<[u8]>::len).sum();
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let file = OpenOptions::new().write(true).open(&path);
        let log = Self {
            file: file.map_err(Error::file("open", &path))?,
            length: length as u64,
            path,
        };
        Ok((log, text))
    }

    /// Syncs the appended records.
    ///
    /// # Errors
    /// `File` if the disk failed.
    pub fn sync(&self) -> Result<()> {
        sync(&self.file).map_err(Error::file("write", &self.path))
    }

    /// Appends a record, completely or not at all.
    ///
    /// # Errors
    /// `File` if the disk is full.
    pub fn add(&mut self, text: &str) -> Result<()> {
        let mut write = || {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.write_all(text.as_bytes())
        };
        if let Err(e) = write() {
            let _ = self.file.set_len(self.length);
            return Err(Error::file("write", &self.path)(e));
        }
        self.length += text.len() as u64;
        Ok(())
    }
}
