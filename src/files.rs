//! Files that are either whole or not there.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Tries whether a file can be written, and leaves nothing behind.
///
/// # Errors
/// `File` as `write`.
pub fn probe(path: &Path) -> Result<()> {
    let attempt = || match is_special(path) {
        true => std::fs::OpenOptions::new().write(true).open(path).map(drop),
        false if path.is_dir() => Err(ErrorKind::IsADirectory.into()),
        false => NamedTempFile::new_in(folder(path)).map(drop),
    };
    attempt().map_err(|e| Error::file("write", path)(plain(e)))
}

/// Removes a file, if it is there.
///
/// # Errors
/// `File` where it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::file("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Whether this is a pipe, a terminal or another thing that must not be replaced by a file.
fn is_special(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|there| !there.is_file() && !there.is_dir())
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// An error that does not name the temporary file.
fn plain(error: std::io::Error) -> std::io::Error {
    match (error.raw_os_error(), error.kind()) {
        (Some(code), _) => std::io::Error::from_raw_os_error(code),
        (None, ErrorKind::NotFound) => std::io::Error::other("there is no such folder"),
        (None, kind) => kind.into(),
    }
}

/// Writes a file atomically: a temporary one beside it, synced, then renamed. What is no regular
/// file, such as /dev/stdout, is written as it is.
///
/// # Errors
/// `File` where the folder cannot be written or the disk is full.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let attempt = || {
        if is_special(path) {
            return std::fs::write(path, bytes);
        }
        let folder = folder(path);
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        let kept = file.persist(path)?;
        // A temporary file is private; what a run leaves behind is for whoever may read the folder.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            kept.set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        drop(kept);
        sync_folder(folder);
        Ok(())
    };
    attempt().map_err(|e| Error::file("write", path)(plain(e)))
}

/// Makes the rename itself durable. Not every system can sync a folder, and the file is whole
/// either way, so a failure is passed over.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
