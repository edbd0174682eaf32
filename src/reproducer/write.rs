//! Files of a reproducer, collected and written.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{File, Reproducer};
use crate::error::{Error, Result};
use crate::files::{self, Folders};

/// Folders of one name: of a test that fails every day, the first ones tell enough.
const MOST: u32 = 99;

/// The SHA-256 of a file's content, in hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    files::hex(&Sha256::digest(bytes))
}

/// Keeps a file, and says which.
pub(super) fn keep(files: &mut Vec<(String, Vec<u8>)>, name: &str, bytes: &[u8]) -> File {
    files.push((name.to_owned(), bytes.to_vec()));
    File {
        file: name.to_owned(),
        sha256: digest(bytes),
    }
}

/// Words as bytes, the lowest first.
pub(super) fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// What a buffer's files begin with: its name, and its place too where the name alone would not do,
/// which is so where another name differs only in case, or where it has letters beyond ASCII.
pub(super) fn stem(files: &[(String, Vec<u8>)], name: &str, [group, binding]: [u32; 2]) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let first = format!("{name}.in.bin");
    let taken = files
        .iter()
        .any(|(file, _)| file.eq_ignore_ascii_case(&first));
    let ascii = name.is_ascii() && !name.is_empty();
    match ascii && !taken {
        true => name.to_owned(),
        false => format!("{plain}_{group}_{binding}"),
    }
}

impl Reproducer {
    /// Writes a new folder under this one, and says which: nothing that is there is touched.
    ///
    /// # Errors
    /// `File` where it cannot be written: nothing of it is left then.
    pub fn write(&self, under: &Path) -> Result<PathBuf> {
        let (folder, _made) = self.folder(under)?;
        for (number, (name, bytes)) in self.files.iter().enumerate() {
            let Err(e) = files::write(&folder.join(name), bytes) else {
                continue;
            };
            for (name, _) in &self.files[..=number] {
                let _ = fs::remove_file(folder.join(name));
            }
            return Err(e);
        }
        Ok(folder)
    }

    /// A folder of its own.
    fn folder(&self, under: &Path) -> Result<(PathBuf, Folders)> {
        for number in 1..=MOST {
            let name = match number {
                1 => self.name.clone(),
                number => format!("{}-{number}", self.name),
            };
            let path = under.join(name);
            if let Some(made) = Folders::make_new(&path)? {
                return Ok((path, made));
            }
        }
        Err(Error::Usage(format!(
            "there are {MOST} folders for it in {} already: remove those that are of no more use",
            under.display()
        )))
    }
}
