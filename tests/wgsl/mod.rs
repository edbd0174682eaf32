//! Shaders as naga modules.

#![allow(dead_code, reason = "every test binary uses its own part")]

use naga::Module;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// Parses the shader `name`.
pub(crate) fn parsed(name: &str, text: &str) -> Module {
    let parsed = naga::front::wgsl::parse_str(text);
    parsed.unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(text)))
}

/// Validates with no capability beyond the portable core: what passes, every browser takes.
pub(crate) fn validated(module: &Module, text: &str) -> Result<ModuleInfo, String> {
    validated_with(Capabilities::empty(), module, text)
}

/// Validates with these capabilities.
pub(crate) fn validated_with(
    capabilities: Capabilities,
    module: &Module,
    text: &str,
) -> Result<ModuleInfo, String> {
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(module)
        .map_err(|e| e.emit_to_string(text))
}
