//! A device under check.

use crate::device::Device;

/// A device under check.
pub struct Subject {
    /// What `--device` takes for it.
    pub spec: String,
    /// The device.
    pub device: Box<dyn Device>,
}
