//! Errors, worded for the user at the command line: what, where, why, remedy.

use std::path::{Path, PathBuf};

/// Every error of this crate. The `Display` text is the whole message: it names the thing that
/// failed, the reason, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is invalid, alone or in combination with others.
    #[error("{0}")]
    Usage(String),
    /// The data is missing, damaged, or not what it claims to be.
    #[error("{0}")]
    Data(String),
    /// A device could not be found, refused a request, or stopped answering.
    #[error("{0}")]
    Device(String),
    /// A shader failed to compile.
    #[error("{0}")]
    Shader(String),
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// The attempted action: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A learner's loss became NaN, infinite or unreasonably large during training.
    #[error(
        "training diverged in the {phase} phase at step {step} (learner {learner} of the {arm} arm): \
         the loss is no longer a usable number. Lower {setting}. Results so far are kept"
    )]
    Diverged {
        /// The phase's name.
        phase: &'static str,
        /// The first step, counted from 1, whose batch had an unusable loss.
        step: u32,
        /// The learner's number within its arm, from 0.
        learner: usize,
        /// The arm's name.
        arm: &'static str,
        /// The flag at fault.
        setting: &'static str,
    },
    /// Something is not in a store from which it was only to be read.
    #[error("not everything has been made yet")]
    Missing,
    /// The work was asked to stop (`Progress::stopped`). Results so far are kept.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// A closure for `map_err` on file operations.
    pub(crate) fn file(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}

/// The result of all fallible operations of this crate.
pub type Result<T> = std::result::Result<T, Error>;
