//! A run that goes on from the learn phase of an earlier one.

use std::path::Path;

use unlearn::checkpoint::Networks;
use unlearn::error::Result;
use unlearn::record::Phase;
use unlearn::run::{Learned, Run, Underway};
use unlearn::run_folder;

use super::Live;
use crate::cli::progress::RunProgress;

/// The start: with given networks, or after the learn phase of a run in a folder of earlier ones that
/// trained the same, or from scratch.
pub(super) fn start<'r>(
    run: &'r Run<'_>,
    given: Option<Networks>,
    earlier: Option<&Path>,
    progress: &RunProgress,
) -> Result<(Underway<'r>, Option<Learned>)> {
    if let Some(given) = given {
        return Ok((run.start_from(given.weights)?, None));
    }
    let found = earlier
        .map(|folder| after(run, folder, progress))
        .transpose()?;
    match found.flatten() {
        Some((underway, learned)) => Ok((underway, Some(learned))),
        None => Ok((run.start(None)?, None)),
    }
}

/// The start after the learn phase of a run in this folder that trained the same networks, if there is one.
fn after<'r>(
    run: &'r Run<'_>,
    folder: &Path,
    progress: &RunProgress,
) -> Result<Option<(Underway<'r>, Learned)>> {
    let Some(learning) = run.learning() else {
        return Ok(None);
    };
    for (earlier, learned) in run_folder::learned(folder, &learning) {
        let earlier = earlier.display();
        if let Some(underway) = run.start_after(&learned)? {
            progress.note(&format!(
                "learn    reused from {earlier}, whose learn phase is the same to the bit; --fresh trains again"
            ));
            return Ok(Some((underway, learned)));
        }
        progress.note(&format!(
            "learn    not reused from {earlier}: the networks in its checkpoints are not those that it reports on"
        ));
    }
    Ok(None)
}

impl Live {
    /// Saves what an earlier run learned as this one's.
    pub(super) fn take(&mut self, learned: Learned) -> Result<()> {
        let Learned {
            points,
            outcomes,
            weights,
            ..
        } = learned;
        self.folder.add_points(&points)?;
        self.folder.add_weights(&self.model, &outcomes, &weights)?;
        (self.points, self.outcomes) = (points, outcomes);
        self.place = (Phase::Unlearn, 0);
        Ok(())
    }
}
