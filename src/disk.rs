//! What the program keeps on disk: downloaded data, measured variants, runs, and the networks of comparisons.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::run_folder::{self, Standing};
use crate::{compare, data, files, tune};

/// Something that can be removed by its name.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The name: `data`, `tuning`, or the path of a folder.
    pub name: String,
    /// What it is, in words.
    pub what: String,
    /// The files that the program wrote. Others are not counted, and stay.
    pub files: Vec<PathBuf>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Caches,
    Run(PathBuf),
    /// The cache of the comparison in this folder.
    Comparison(PathBuf),
}

/// The names of the user's caches.
const DATA: &str = "data";
const TUNING: &str = "tuning";

impl Kept {
    /// All that is kept for the user, and in a folder of runs.
    ///
    /// # Errors
    /// `File` if that folder cannot be read.
    pub fn all(runs: &Path) -> Result<Vec<Self>> {
        let mut all = vec![Self::data(), Self::tuning()];
        if runs.is_dir() {
            let entries = std::fs::read_dir(runs).map_err(Error::file("read", runs))?;
            let mut folders: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
            folders.sort();
            let found = |folder: &PathBuf| Self::run(folder).or_else(|| Self::comparison(folder));
            all.extend(folders.iter().filter_map(found));
        }
        all.retain(|kept| !kept.files.is_empty());
        Ok(all)
    }

    /// What has this name.
    ///
    /// # Errors
    /// `Usage` if nothing has, or a process is at work in it.
    pub fn named(name: &Path) -> Result<Self> {
        match name.to_str() {
            Some(DATA) => return Ok(Self::data()),
            Some(TUNING) => return Ok(Self::tuning()),
            _ => {}
        }
        if let Some(run) = Self::run(name) {
            run_folder::refuse_busy(name)?;
            return Ok(run);
        }
        let of = files::folder(name);
        if name.ends_with(compare::CACHE)
            && let Some(comparison) = Self::comparison(of)
        {
            compare::refuse_busy(of)?;
            return Ok(comparison);
        }
        Err(Error::Usage(format!(
            "{} {}. Nothing was removed",
            name.display(),
            unknown(name)
        )))
    }

    /// Its name, or its folder's path: the same however that is written.
    pub fn place(&self) -> PathBuf {
        let folder = match &self.kind {
            Kind::Caches => return self.name.clone().into(),
            Kind::Run(folder) | Kind::Comparison(folder) => folder,
        };
        folder.canonicalize().unwrap_or_else(|_| folder.clone())
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        let length = |path: &PathBuf| path.symlink_metadata().map_or(0, |there| there.len());
        self.files.iter().map(length).sum()
    }

    /// Removes its files, and the folders that are empty then. Returns the folder that is left because
    /// of other files in it.
    ///
    /// # Errors
    /// `Usage` where a process is at work in it; `File` where something cannot be removed.
    pub fn remove(&self) -> Result<Option<&Path>> {
        let (lock, files) = match &self.kind {
            Kind::Run(folder) => {
                run_folder::remove(folder)?;
                let stays = folder.exists() && !files::is_empty(folder);
                return Ok(stays.then_some(folder));
            }
            Kind::Comparison(folder) => {
                let lock = compare::Folder::open(folder)?;
                // Others may have come before it was locked.
                compare::refuse_busy(folder)?;
                (Some(lock), compare::cached(folder))
            }
            Kind::Caches => (None, self.files.clone()),
        };
        for path in &files {
            std::fs::remove_file(path).map_err(Error::file("remove", path))?;
            if let Some(parent) = path.parent() {
                // This removes only empty folders.
                let _ = std::fs::remove_dir(parent);
            }
        }
        drop(lock);
        if let Kind::Comparison(folder) = &self.kind {
            // There may be nothing else in it.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(None)
    }

    fn data() -> Self {
        let (sets, files): (Vec<&str>, Vec<Vec<PathBuf>>) = data::kept().into_iter().unzip();
        Self {
            name: DATA.to_owned(),
            what: format!(
                "downloads of {}; fetched again when needed",
                sets.join(", ")
            ),
            files: files.concat(),
            kind: Kind::Caches,
        }
    }

    fn tuning() -> Self {
        Self {
            name: TUNING.to_owned(),
            what: "which variants of kernels are fastest here; measured again when needed"
                .to_owned(),
            files: tune::kept(),
            kind: Kind::Caches,
        }
    }

    fn run(folder: &Path) -> Option<Self> {
        let files = run_folder::files_of(folder);
        if files.is_empty() {
            return None;
        }
        let record = run_folder::read(folder).ok();
        let what = match run_folder::standing(folder, record.as_ref()) {
            Standing::Finished => "a finished run",
            Standing::Running => "a run at work",
            Standing::Interrupted(..) => "an interrupted run, which could be resumed",
            Standing::Broken => "a run that failed",
        };
        Some(Self {
            name: folder.display().to_string(),
            what: what.to_owned(),
            files,
            kind: Kind::Run(folder.to_owned()),
        })
    }

    /// The cache of a comparison or a sweep, even an empty one.
    fn comparison(folder: &Path) -> Option<Self> {
        compare::is_comparison(folder).then(|| Self {
            name: folder.join(compare::CACHE).display().to_string(),
            what: "networks of a comparison, whose reports stay; trained again when needed"
                .to_owned(),
            files: compare::cached(folder),
            kind: Kind::Comparison(folder.to_owned()),
        })
    }
}

/// Why a name means nothing.
fn unknown(name: &Path) -> String {
    let runs = || run_folder::list(name).is_ok_and(|runs| !runs.is_empty());
    match name {
        _ if !name.exists() => format!(
            "is not there, and is none of {DATA} and {TUNING}: `unlearn clean` lists what can be removed"
        ),
        _ if compare::is_comparison(name) => format!(
            "holds a comparison with its reports: name {} to remove what can be made again",
            name.join(compare::CACHE).display()
        ),
        _ if name.is_dir() && runs() => {
            "holds several runs: name each that is to be removed".to_owned()
        }
        _ => "is no run of this version, and no cache of a comparison".to_owned(),
    }
}
