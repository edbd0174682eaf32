//! A device under check.

use crate::device::interpreter::Interpreter;
use crate::device::{Device, INTERPRETER};
use crate::record::DeviceKind;

/// A device under check.
pub struct Subject {
    /// What `--device` takes for it.
    pub spec: String,
    /// The device.
    pub device: Box<dyn Device>,
}

impl Subject {
    /// The interpreter, which runs shaders as WGSL defines them, on the host.
    pub fn interpreter() -> Self {
        Self {
            spec: INTERPRETER.to_owned(),
            device: Box::new(Interpreter::new("runs beside every adapter")),
        }
    }

    /// Whether it is the interpreter.
    pub fn interprets(&self) -> bool {
        self.spec == INTERPRETER
    }

    /// Whether it runs shaders.
    pub(super) fn is_adapter(&self) -> bool {
        self.device.record().kind != DeviceKind::Cpu
    }
}
