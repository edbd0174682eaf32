//! Whether a failure comes again.

use std::collections::HashSet;

use super::write::{bytes, digest};
use super::{Found, Repeats};

/// How often a failing case is run again.
const RUNS: u32 = 10;

/// What more runs of a failing case give; nothing where the device gave no result, or gives none now.
pub(super) fn of(found: &Found<'_>) -> Option<Repeats> {
    if found.got.is_empty() {
        return None;
    }
    let Found { case, device, .. } = *found;
    device.choose(found.kernel, Some(found.variant));
    let (mut wrong, mut results) = (0, HashSet::new());
    for _ in 0..RUNS {
        // One at a time: ten runs of a large case would take a lot of memory.
        let run = case.run(device, found.kernel, 1).ok()?.pop()?;
        wrong += u32::from(case.judge(&run).is_err());
        let all: Vec<u8> = run.iter().flat_map(|words| bytes(words)).collect();
        results.insert(digest(&all));
    }
    Some(Repeats {
        runs: RUNS,
        wrong,
        results: u32::try_from(results.len()).unwrap_or(RUNS),
    })
}
