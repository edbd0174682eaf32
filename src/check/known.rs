//! A known miscomputation, as reports have it.

use serde::{Deserialize, Serialize};

/// A public issue whose fault a device shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its project and number.
    pub issue: String,
    /// What goes wrong.
    pub fault: String,
    /// Where it was seen.
    pub seen: String,
    /// Where it is described.
    pub link: String,
}
