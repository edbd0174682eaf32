//! A cache of computed weights, so that interrupted work can resume.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::files::{self, Folders, hex};

/// A folder of weights, each file named by its id.
#[derive(Debug)]
pub struct Store {
    /// `None`: nothing is stored.
    folder: Option<PathBuf>,
    _made: Folders,
}

impl Store {
    /// A store in this folder, which is created if missing.
    ///
    /// # Errors
    /// `File` if it cannot be made, or not be written.
    pub fn new(folder: &Path) -> Result<Self> {
        let made = Folders::make(folder)?;
        files::probe_folder(folder)?;
        Ok(Self {
            folder: Some(folder.to_path_buf()),
            _made: made,
        })
    }

    /// A store that stores nothing.
    pub fn nowhere() -> Self {
        Self {
            folder: None,
            _made: Folders::default(),
        }
    }

    /// Returns stored numbers for `id`, or calls `make` and stores the result.
    ///
    /// # Errors
    /// Those of `make`; `File` if the result cannot be stored.
    pub(crate) fn get(
        &self,
        id: &str,
        numbers: usize,
        make: impl FnOnce() -> Result<Vec<f32>>,
    ) -> Result<Vec<f32>> {
        if let Some(kept) = self.find(id, numbers) {
            return Ok(kept);
        }
        let made = make()?;
        self.keep(id, &made)?;
        Ok(made)
    }

    /// Stored numbers. A file that is damaged or of another length counts as missing.
    pub(crate) fn find(&self, id: &str, numbers: usize) -> Option<Vec<f32>> {
        read(&self.path(id)?).filter(|kept| kept.len() == numbers)
    }

    /// Stores numbers.
    ///
    /// # Errors
    /// `File` if they cannot be written.
    pub(crate) fn keep(&self, id: &str, made: &[f32]) -> Result<()> {
        let Some(path) = self.path(id) else {
            return Ok(());
        };
        let mut bytes: Vec<u8> = made.iter().flat_map(|v| v.to_le_bytes()).collect();
        let check = Sha256::digest(&bytes);
        bytes.extend(check);
        files::write(&path, &bytes)
    }

    fn path(&self, id: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(format!("{}.f32", name_of(id))))
    }
}

/// A short name for an id.
pub fn name_of(id: &str) -> String {
    hex(&Sha256::digest(id)[..6])
}

/// A short name for the content of weights.
pub(crate) fn fingerprint(weights: &[f32]) -> String {
    hex(&Sha256::digest(bytemuck::cast_slice::<f32, u8>(weights))[..8])
}

fn read(path: &Path) -> Option<Vec<f32>> {
    let bytes = std::fs::read(path).ok()?;
    let (numbers, check) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Sha256::digest(numbers)[..] != *check {
        return None;
    }
    let numbers = numbers.as_chunks::<4>().0.iter();
    Some(numbers.map(|b| f32::from_le_bytes(*b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_not_made_again_and_what_is_damaged_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path()).unwrap();
        let made = vec![1.5, -2.0];
        let get = |value: &Vec<f32>| store.get("id", 2, || Ok(value.clone())).unwrap();
        assert_eq!(get(&made), made);
        assert_eq!(get(&vec![0.0; 2]), made);
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap();
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(get(&vec![0.5; 2]), vec![0.5; 2]);
        assert!(store.get("other", 2, || Ok(made.clone())).is_ok());
    }
}
