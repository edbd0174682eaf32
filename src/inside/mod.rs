//! What changed inside networks, as plain data: the only input of the report's part of that name.

use serde::{Deserialize, Serialize};

/// A test image to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its class.
    pub label: u8,
    /// Its pixels, `data::PIXELS` of them, 0 for the background.
    pub pixels: Vec<u8>,
}
