//! Files that are either whole or not there.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};

/// Writes a file atomically: a temporary one beside it, synced, then renamed.
///
/// # Errors
/// `File` where the folder cannot be written or the disk is full.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let attempt = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
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
    attempt().map_err(Error::file("write", path))
}

/// Makes the rename itself durable. Not every system can sync a folder, and the file is whole
/// either way, so a failure is passed over.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
