//! How files and folders are made: a file is either whole or not there, and only what this program made
//! is ever replaced or removed.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Tries whether a file can be written, and leaves nothing behind.
///
/// # Errors
/// `File` as `write`.
pub fn probe(path: &Path) -> Result<()> {
    let attempt = || match Target::of(path)? {
        // What opens and closes a pipe ends it for its reader.
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

/// Tries whether files can be made in a folder, and leaves nothing behind.
///
/// # Errors
/// `File` where they cannot.
pub fn probe_folder(path: &Path) -> Result<()> {
    let made = new_draft(path, None);
    made.map(drop).map_err(Error::file("write into", path))
}

/// Writes a file atomically: a draft beside it, synced, then renamed. Where the file system or the
/// folder does not let a draft take its place, the file itself is written. Links are followed; a new
/// file gets the mode that the umask leaves, an old one keeps its own. What is no regular file, such as
/// /dev/stdout, is written as it is.
///
/// # Errors
/// `File` where the folder or the file cannot be written, or the disk is full.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_all(&[(path, bytes)])
}

/// Writes files that belong together: none replaces an old one before all are whole.
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

/// A file that grows by whole pieces.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Log {
    /// An empty one.
    ///
    /// # Errors
    /// `File` where it is there already, or cannot be made.
    pub fn create(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = file.map_err(Error::file("create", &path))?;
        // Not every file system has locks.
        let _ = file.try_lock();
        Ok(Self {
            file,
            length: 0,
            path,
        })
    }

    /// One that is there, for as long as no other process has it; none where one does.
    ///
    /// # Errors
    /// `File` where it cannot be opened.
    pub fn resume(path: PathBuf) -> Result<Option<Self>> {
        let file = OpenOptions::new().read(true).append(true).open(&path);
        let file = file.map_err(Error::file("open", &path))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Ok(None);
        }
        let length = file.metadata().map_err(Error::file("read", &path))?.len();
        Ok(Some(Self { path, file, length }))
    }

    /// Cuts off what follows on the first lines, and returns those.
    ///
    /// # Errors
    /// `File` where it cannot be read or cut.
    pub fn keep(&mut self, lines: usize) -> Result<String> {
        let failed = |e| Error::file("read", &self.path)(e);
        let bytes = fs::read(&self.path).map_err(failed)?;
        let kept: Vec<u8> = bytes
            .split_inclusive(|&b| b == b'\n')
            .take(lines)
            .flatten()
            .copied()
            .collect();
        self.length = kept.len() as u64;
        self.file
            .set_len(self.length)
            .map_err(Error::file("write", &self.path))?;
        String::from_utf8(kept).map_err(|e| Error::file("read", &self.path)(io::Error::other(e)))
    }

    /// Makes what was added durable.
    ///
    /// # Errors
    /// `File` where the disk failed.
    pub fn sync(&self) -> Result<()> {
        sync(&self.file).map_err(Error::file("write", &self.path))
    }

    /// Appends a piece, or nothing of it.
    ///
    /// # Errors
    /// `File` where the disk is full.
    pub fn add(&mut self, text: &str) -> Result<()> {
        if let Err(e) = self.file.write_all(text.as_bytes()) {
            let _ = self.file.set_len(self.length);
            return Err(Error::file("write", &self.path)(e));
        }
        self.length += text.len() as u64;
        Ok(())
    }
}

/// Folders that were made for something. When it is dropped, those of them that are empty go again.
#[derive(Debug, Default)]
pub struct Folders(Vec<PathBuf>);

impl Folders {
    /// Makes a folder, and those above it, where they are missing.
    ///
    /// # Errors
    /// `File` where that is not possible; none of them is left then.
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

    /// Makes a folder that was not there, and those above it; none where something is there.
    ///
    /// # Errors
    /// `File` where that is not possible; none of them is left then.
    pub fn make_new(path: &Path) -> Result<Option<Self>> {
        let mut made = Self::make(folder(path))?;
        Ok(made.add(path)?.then_some(made))
    }

    /// Makes one more folder; false where something is there.
    ///
    /// # Errors
    /// `File` where that is not possible.
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
            // Nothing but an empty folder is removed by this.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether this is a folder with nothing in it.
pub fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// A folder's path without a separator at its end, so that files in it are named well.
pub(crate) fn plain_path(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Refuses a folder that is something else, or not ours.
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

/// What is written to.
enum Target {
    /// No regular file.
    Stream,
    /// A regular file that can be written.
    Old(PathBuf, Metadata),
    /// Nothing is there yet.
    New(PathBuf),
}

impl Target {
    /// What a path names in the end.
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
                // A file that is protected against writing is not to be replaced either.
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

/// Where links lead, even if nothing is there; none if it is a stream of this process that happens to
/// go to a file, which whoever opened it goes on with.
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
    Err(io::Error::other("its links lead in a circle"))
}

/// Whether a path ends in a separator.
fn names_folder(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(char::from(byte)))
}

fn folder(path: &Path) -> &Path {
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

/// The content beside its place; none where it has to be written there itself.
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
    file.as_file().write_all(bytes)?;
    sync(file.as_file())?;
    Ok(Some((file, target)))
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
        .prefix(".unlearn-")
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

/// Puts a draft in its place.
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

/// What already went into a stream stays, also if the stream goes to a file.
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

/// Makes the content durable where that is possible.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(e) if !is_unable(&e) => Err(e),
        _ => Ok(()),
    }
}

/// Whether an error says that a file system or a folder cannot or must not do something, in contrast
/// to a disk that failed or is full.
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

/// Makes the rename itself durable. Not every system can sync a folder, and the file is whole
/// either way, so a failure is passed over.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// An error in words that say what is missing.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::NotFound => io::Error::other("there is no such folder"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_that_cannot_take_its_place_is_copied_there() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("file");
        fs::write(&target, "an old and longer text").unwrap();
        // Another file system, where there is one.
        let other = Path::new("/dev/shm");
        let elsewhere = if other.is_dir() { other } else { place.path() };
        let draft = new_draft(elsewhere, None).unwrap();
        let name = draft.path().to_owned();
        draft.as_file().write_all(b"new").unwrap();
        commit(Some((draft, target.clone())), &target, b"new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert!(!name.exists());
    }

    #[test]
    fn folders_go_again_as_long_as_they_are_empty() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b/c");
        drop(Folders::make(&deep).unwrap());
        assert!(is_empty(place.path()));
        let made = Folders::make_new(&deep).unwrap().unwrap();
        assert!(Folders::make_new(&deep).unwrap().is_none());
        fs::write(place.path().join("a/file"), "").unwrap();
        drop(made);
        assert!(place.path().join("a/file").is_file() && !place.path().join("a/b").exists());
        let error = Folders::make(&place.path().join("a/file/b")).unwrap_err();
        assert!(
            error.to_string().contains("file is not a folder"),
            "{error}"
        );
    }
}
