//! The files of a run's folder, and their removal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CHECKPOINTS, CONFIG, INSIDE, LOCK, METRICS, REPORTS, STATE, SUMMARY, in_use, lock};
use crate::error::{Error, Result};
use crate::files;
use crate::record::{Arm, Phase};

const ARMS: [Arm; 4] = [
    Arm::Original,
    Arm::Retrained,
    Arm::Unlearned,
    Arm::Relearned,
];

/// Settings that every run writes, and hardly anything else.
const SETTINGS: [&str; 4] = [
    "learners",
    "unlearn_epochs",
    "relearn_epochs",
    "evaluations",
];

/// The files that a run wrote into its folder, by their names; none in a folder that holds no run. The last
/// are those by which it is known as one.
pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    let is_run = folder.join(METRICS).is_file() && is_configured(folder);
    if is_run { written(folder) } else { Vec::new() }
}

/// Whether the settings in a folder are those of a run: one that lacks some may be anybody's.
fn is_configured(folder: &Path) -> bool {
    let text = super::past::text(&folder.join(CONFIG));
    let table = text.ok().and_then(|text| text.parse::<toml::Table>().ok());
    let has_all = |table: toml::Table| SETTINGS.iter().all(|name| table.contains_key(*name));
    table.is_some_and(has_all) && super::read_config(folder).is_ok()
}

/// The files in the folder of a run that have the names of a run's.
pub(super) fn written(folder: &Path) -> Vec<PathBuf> {
    let checkpoints = Phase::ALL.into_iter().flat_map(|phase| {
        let of_arm = move |&arm| super::checkpoint_of(folder, phase, arm);
        ARMS.iter().map(of_arm)
    });
    let drafts = [folder, &folder.join(CHECKPOINTS)].map(files::drafts);
    let own = REPORTS
        .iter()
        .chain(&[SUMMARY, INSIDE, STATE, METRICS, CONFIG]);
    let own = own.map(|name| folder.join(name));
    let all = checkpoints.chain(drafts.concat()).chain(own);
    all.filter(|path| path.is_file()).collect()
}

/// Removes a run, and its folder if nothing else is in it.
///
/// # Errors
/// `Usage` where a process is at work in it; `File` where something cannot be removed.
pub fn remove(folder: &Path) -> Result<()> {
    let lock = lock(folder)?;
    if !lock.is_sure() && is_fresh(folder) {
        return Err(in_use(folder));
    }
    for path in &files_of(folder) {
        std::fs::remove_file(path).map_err(Error::file("remove", path))?;
    }
    drop(lock);
    for emptied in [&folder.join(CHECKPOINTS), folder] {
        // This removes only empty folders.
        let _ = std::fs::remove_dir(emptied);
    }
    Ok(())
}

/// Without locks, a run that wrote this lately is taken to be at work.
const LATELY: Duration = Duration::from_secs(10 * 60);

/// Whether a run wrote points or a state lately.
fn is_fresh(folder: &Path) -> bool {
    let Ok(now) = files::time_in(folder) else {
        return false;
    };
    let written = [METRICS, STATE].map(|name| folder.join(name).metadata());
    let times = written
        .into_iter()
        .flatten()
        .flat_map(|file| file.modified());
    let mut ages = times.map(|time| now.duration_since(time).unwrap_or_default());
    ages.any(|age| age < LATELY)
}

/// Refuses a run in which a process is at work.
///
/// # Errors
/// `Usage` for such a run.
pub fn refuse_busy(folder: &Path) -> Result<()> {
    match files::Lock::is_taken(&folder.join(LOCK)) {
        true => Err(in_use(folder)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Claim;
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_run_is_removed_and_other_files_stay() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let open = || Claim::new(&path).unwrap().open(&Config::default()).unwrap();
        let mut run = open();
        run.add_points(&[]).unwrap();
        // One in which a process is at work stays.
        assert!(refuse_busy(&path).is_err() && remove(&path).is_err());
        assert!(path.join(CONFIG).is_file());
        drop(run);
        let note = path.join("note.txt");
        std::fs::write(&note, "mine").unwrap();
        std::fs::create_dir_all(path.join(CHECKPOINTS)).unwrap();
        std::fs::write(
            super::super::checkpoint_of(&path, Phase::Learn, Arm::Original),
            "x",
        )
        .unwrap();
        assert_eq!(files_of(&path).len(), 3);
        remove(&path).unwrap();
        let left: Vec<_> = std::fs::read_dir(&path).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert!(note.is_file());
        std::fs::remove_file(note).unwrap();
        drop(open());
        remove(&path).unwrap();
        assert!(!path.exists());
        // One that fails before its first step leaves nothing, whatever it took from another run.
        let run = open();
        let taken = super::super::checkpoint_of(&path, Phase::Learn, Arm::Original);
        std::fs::write(taken, "x").unwrap();
        run.discard();
        assert!(!path.exists());
    }

    #[test]
    fn a_run_that_wrote_lately_is_fresh() {
        let place = tempfile::tempdir().unwrap();
        assert!(!is_fresh(place.path()));
        let metrics = std::fs::File::create(place.path().join(METRICS)).unwrap();
        assert!(is_fresh(place.path()));
        let then = metrics.metadata().unwrap().modified().unwrap() - 2 * LATELY;
        metrics.set_modified(then).unwrap();
        assert!(!is_fresh(place.path()));
    }

    #[test]
    fn a_folder_of_something_else_has_no_files_of_a_run() {
        let place = tempfile::tempdir().unwrap();
        for name in [CONFIG, METRICS, SUMMARY] {
            std::fs::write(place.path().join(name), "[package]\nname = \"mine\"\n").unwrap();
        }
        assert_eq!(files_of(place.path()), [""; 0].map(PathBuf::from));
        // These are settings of a run, but not all.
        std::fs::write(place.path().join(CONFIG), "name = \"mine\"\nseed = 1\n").unwrap();
        assert!(crate::run_folder::read_config(place.path()).is_ok());
        assert!(files_of(place.path()).is_empty());
    }
}
