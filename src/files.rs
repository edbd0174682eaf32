//! Creating files and folders: a file is either complete or absent, and only what this program made
//! is ever replaced or removed.

mod drafts;
mod lock;
mod log;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

use drafts::DRAFT;
pub(crate) use drafts::named;
pub use drafts::{drafts, remove_drafts};
pub use lock::Lock;
pub(crate) use lock::time_in;
pub use log::Log;

/// Tests whether a file can be written, without leaving anything behind.
///
/// # Errors
/// `File` as `write`.
pub fn probe(path: &Path) -> Result<()> {
    let attempt = || match Target::of(path)? {
        // Opening and closing a pipe would end it for its reader.
        Target::Stream if is_pipe(path) => Ok(()),
        Target::Stream => in_place(path, &[], append()),
        Target::Old(..) => Ok(()),
        Target::New(target) => {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&target)?;
            let _ = fs::remove_file(&target);
            Ok(())
        }
    };
    attempt().map_err(|e| Error::file("write", path)(plain(e)))
}

/// Tests whether files can be created in a folder, without leaving anything behind.
///
/// # Errors
/// `File` if they cannot.
pub fn probe_folder(path: &Path) -> Result<()> {
    let made = new_draft(path, None);
    made.map(drop).map_err(Error::file("write into", path))
}

/// Writes a file atomically: a draft next to it, synced, then renamed. If the file system or the
/// folder does not allow replacing it with a draft, the file is written in place. Links are
/// followed; a new file gets its mode from the umask, an old one keeps its own. Anything but a
/// regular file, such as /dev/stdout, is written in place.
///
/// # Errors
/// `File` if the folder or the file cannot be written, or the disk is full.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_all(&[(path, bytes)])
}

/// Writes files that belong together: no old one is replaced before all drafts are complete.
///
/// # Errors
/// `File` as `write`.
pub fn write_all(files: &[(&Path, &[u8])]) -> Result<()> {
    let failed = |path, e| Error::file("write", path)(plain(e));
    let mut drafts = Vec::new();
    for &(path, bytes) in files {
        drafts.push(draft(path, bytes).map_err(|e| failed(path, e))?);
    }
    for (draft, &(path, bytes)) in drafts.into_iter().zip(files) {
        commit(draft, path, bytes).map_err(|e| failed(path, e))?;
    }
    Ok(())
}

/// Replaces a file atomically, or leaves the old one as it is.
///
/// # Errors
/// `File` if the folder cannot be written, or the disk is full.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let replaced = || {
        let draft = filled(new_draft(folder(path), None)?, bytes)?;
        draft.persist(path).map_err(|e| e.error)?;
        sync_folder(folder(path));
        Ok(())
    };
    replaced().map_err(|e| Error::file("write", path)(plain(e)))
}

/// Folders created for something. On drop, those that are empty are removed again.
#[derive(Debug, Default)]
pub struct Folders(Vec<PathBuf>);

impl Folders {
    /// Creates a folder and its missing parents.
    ///
    /// # Errors
    /// `File` if that is not possible; none of them is left then.
    pub fn make(path: &Path) -> Result<Self> {
        let mut made = Self::default();
        let named = path.ancestors().take_while(|p| !p.as_os_str().is_empty());
        let missing: Vec<&Path> = named.take_while(|p| !p.is_dir()).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                Ok(()) => made.0.push(folder.to_owned()),
                // Another program was faster.
                Err(_) if folder.is_dir() => {}
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    let why = format!("{} is not a folder", folder.display());
                    return Err(Error::file("create", path)(io::Error::other(why)));
                }
                Err(e) => return Err(Error::file("create", path)(e)),
            }
        }
        Ok(made)
    }

    /// Creates a new folder and its missing parents; `None` if something already exists there.
    ///
    /// # Errors
    /// `File` if that is not possible; none of them is left then.
    pub fn make_new(path: &Path) -> Result<Option<Self>> {
        let mut made = Self::make(folder(path))?;
        Ok(made.add(path)?.then_some(made))
    }

    /// Creates another folder; false if something already exists there.
    ///
    /// # Errors
    /// `File` if that is not possible.
    pub fn add(&mut self, path: &Path) -> Result<bool> {
        match fs::create_dir(path) {
            Ok(()) => self.0.push(path.to_owned()),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(e) => return Err(Error::file("create", path)(e)),
        }
        Ok(true)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // This removes only empty folders.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether this is a folder with nothing in it.
pub fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// A folder's path without a trailing separator, for clean file names.
pub(crate) fn plain_path(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Refuses something that is not a folder, or not ours.
pub(crate) fn refuse(path: &Path, why: &str) -> Error {
    let what = match path.metadata() {
        Ok(there) if there.is_dir() => why,
        Ok(_) => "is not a folder",
        Err(_) => "is a link that leads nowhere",
    };
    Error::Usage(format!(
        "the output folder {} {what}: nothing was written. Choose another --out, or move it away",
        path.display()
    ))
}

/// The target of a write.
enum Target {
    /// Not a regular file.
    Stream,
    /// A writable regular file.
    Old(PathBuf, Metadata),
    /// Nothing there yet.
    New(PathBuf),
}

impl Target {
    /// Resolves a path.
    fn of(path: &Path) -> io::Result<Self> {
        let there = path.metadata();
        let stream = |there: &Metadata| !there.is_file() && !there.is_dir();
        if there.as_ref().is_ok_and(stream) {
            return Ok(Self::Stream);
        }
        let Some(target) = end_of_links(path)? else {
            return Ok(Self::Stream);
        };
        match there {
            Ok(there) if there.is_file() => {
                // A write-protected file must not be replaced either.
                OpenOptions::new().write(true).open(&target)?;
                Ok(Self::Old(target, there))
            }
            Ok(_) => Err(ErrorKind::IsADirectory.into()),
            Err(_) if names_folder(&target) => Err(ErrorKind::IsADirectory.into()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Self::New(target)),
            Err(e) => Err(e),
        }
    }
}

/// Resolves links, even dangling ones; `None` for an inherited stream of this process that happens
/// to be a file, to which others may be writing as well.
fn end_of_links(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        let Ok(next) = path.read_link() else {
            return Ok(Some(path));
        };
        let at = folder(&path);
        if at.ends_with("fd") && (at.starts_with("/proc") || at.starts_with("/dev")) {
            return Ok(None);
        }
        path = at.join(next);
    }
    Err(io::Error::other("its links form a cycle"))
}

/// Whether a path ends in a separator.
fn names_folder(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(char::from(byte)))
}

/// The folder that a path is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata()
        .is_ok_and(|there| there.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// Writes the content to a draft; `None` if it has to be written in place.
fn draft(path: &Path, bytes: &[u8]) -> io::Result<Option<(NamedTempFile, PathBuf)>> {
    let (target, old) = match Target::of(path)? {
        Target::Stream => return Ok(None),
        Target::Old(target, old) => (target, Some(old)),
        Target::New(target) => (target, None),
    };
    let file = match new_draft(folder(&target), old.as_ref()) {
        Ok(file) => file,
        Err(e) if is_unable(&e) => return Ok(None),
        Err(e) => return Err(e),
    };
    Ok(Some((filled(file, bytes)?, target)))
}

/// Writes a draft's content, and syncs it.
fn filled(file: NamedTempFile, bytes: &[u8]) -> io::Result<NamedTempFile> {
    file.as_file().write_all(bytes)?;
    sync(file.as_file())?;
    Ok(file)
}

/// An empty draft with the mode of the old file, or else with that of any new file.
#[cfg_attr(not(unix), allow(unused_variables))]
fn new_draft(folder: &Path, old: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // The umask is applied to this.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode(old));
    let file = tempfile::Builder::new()
        .prefix(DRAFT)
        .make_in(folder, |path| options.open(path))?;
    #[cfg(unix)]
    if old.is_some() {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode(old));
        // Not every file system has modes.
        let _ = file.as_file().set_permissions(permissions);
    }
    Ok(file)
}

#[cfg(unix)]
fn mode(old: Option<&Metadata>) -> u32 {
    old.map_or(0o666, |old| {
        0o777 & std::os::unix::fs::MetadataExt::mode(old)
    })
}

/// Moves a draft into place.
fn commit(draft: Option<(NamedTempFile, PathBuf)>, path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some((file, target)) = draft {
        match file.persist(&target) {
            Ok(_) => {
                sync_folder(folder(&target));
                return Ok(());
            }
            Err(e) if !is_unable(&e.error) => return Err(e.error),
            Err(_) => {}
        }
    }
    match Target::of(path)? {
        Target::Stream => in_place(path, bytes, append()),
        Target::Old(target, _) | Target::New(target) => {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            in_place(&target, bytes, options)
        }
    }
}

/// Keeps what a stream already holds, even if the stream is a file.
fn append() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).append(cfg!(unix));
    options
}

fn in_place(path: &Path, bytes: &[u8], options: OpenOptions) -> io::Result<()> {
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    match bytes {
        [] => Ok(()),
        _ => sync(&file),
    }
}

/// Syncs the content if possible.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(e) if !is_unable(&e) => Err(e),
        _ => Ok(()),
    }
}

/// Whether an error means that a file system or folder does not support or allow something, as
/// opposed to a disk that failed or is full.
fn is_unable(error: &io::Error) -> bool {
    let kinds = [
        ErrorKind::AlreadyExists,
        ErrorKind::CrossesDevices,
        ErrorKind::InvalidInput,
        ErrorKind::PermissionDenied,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::ResourceBusy,
        ErrorKind::Unsupported,
    ];
    kinds.contains(&error.kind())
}

/// Syncs the rename itself. Not every system can sync a folder, and the file is complete either
/// way, so failures are ignored.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// An error worded as what is missing.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::NotFound => io::Error::other("there is no such folder"),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
