//! A device under check.

use crate::device::Device;
use crate::record::DeviceKind;

/// A device under check.
pub struct Subject {
    /// What `--device` takes for it.
    pub spec: String,
    /// The device.
    pub device: Box<dyn Device>,
}

impl Subject {
    /// Whether it runs shaders.
    pub(super) fn is_adapter(&self) -> bool {
        self.device.record().kind != DeviceKind::Cpu
    }
}
