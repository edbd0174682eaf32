//! What naga says of a user's shader, before any contract.

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{EntryPoint, Module, ShaderStage};

use crate::error::{Error, Result};

/// A parsed and validated shader, and one of its compute entry points.
pub(super) struct Parsed {
    pub(super) module: Module,
    info: ModuleInfo,
    /// The entry point's number.
    entry: usize,
}

impl Parsed {
    /// Parses a text; `name` is what messages call it.
    ///
    /// # Errors
    /// `Shader` in naga's words, or where the entry point is not there.
    pub(super) fn new(wgsl: &str, name: &str, entry: Option<&str>) -> Result<Self> {
        // The program says that it is an error.
        let said = |text: String| {
            let text = text.trim_end();
            Error::Shader(text.strip_prefix("error: ").unwrap_or(text).to_owned())
        };
        let module = naga::front::wgsl::parse_str(wgsl)
            .map_err(|e| said(e.emit_to_string_with_path(wgsl, name)))?;
        let info = Validator::new(ValidationFlags::all(), Capabilities::all())
            .validate(&module)
            .map_err(|e| said(e.emit_to_string_with_path(wgsl, name)))?;
        let entry =
            chosen(&module, entry).map_err(|why| Error::Shader(format!("{name}: {why}")))?;
        Ok(Self {
            module,
            info,
            entry,
        })
    }

    /// The same with the first entry point of several.
    ///
    /// # Errors
    /// As of `new`.
    pub(super) fn first(wgsl: &str, name: &str) -> Result<Self> {
        let module = naga::front::wgsl::parse_str(wgsl);
        let entries = module.iter().flat_map(|module| &module.entry_points);
        let mut compute = entries.filter(|entry| entry.stage == ShaderStage::Compute);
        Self::new(wgsl, name, compute.next().map(|entry| &entry.name[..]))
    }

    pub(super) fn entry(&self) -> &EntryPoint {
        &self.module.entry_points[self.entry]
    }

    /// The global variables, and whether the entry point uses them.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&naga::GlobalVariable, bool)> {
        let info = self.info.get_entry_point(self.entry);
        let variables = self.module.global_variables.iter();
        variables.map(move |(handle, variable)| (variable, !info[handle].is_empty()))
    }
}

/// The number of the entry point that is meant.
fn chosen(module: &Module, wanted: Option<&str>) -> std::result::Result<usize, String> {
    let entries = module.entry_points.iter().enumerate();
    let compute = entries.filter(|(_, entry)| entry.stage == ShaderStage::Compute);
    let all: Vec<(usize, &str)> = compute.map(|(n, entry)| (n, &entry.name[..])).collect();
    let names = || super::names::listed(all.iter().map(|(_, name)| *name));
    match (wanted, &all[..]) {
        (_, []) => Err("it has no compute entry point".to_owned()),
        (None, [(only, _)]) => Ok(*only),
        (None, _) => Err(format!(
            "it has several entry points: say which one with entry = \"NAME\", of {}",
            names()
        )),
        (Some(wanted), _) => {
            let found = all.iter().find(|(_, name)| *name == wanted);
            found.map(|(n, _)| *n).ok_or_else(|| {
                super::names::unknown("entry point", wanted, all.iter().map(|(_, name)| *name))
            })
        }
    }
}
