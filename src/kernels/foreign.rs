//! Kernels from outside: any compute shader whose resources are buffers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use naga::{AddressSpace, Module, ShaderStage};

use super::{Kernel, Shader, Variant};
use crate::error::{Error, Result};

impl Kernel {
    /// A kernel made of a WGSL compute shader and one of its entry points.
    ///
    /// Devices know kernels by their address, for as long as they live, so each text with an entry
    /// point becomes one kernel, which is never given back.
    ///
    /// # Errors
    /// `Shader` where naga does not parse the text, where it has no such entry point, or where it uses
    /// resources other than uniform and storage buffers.
    pub fn foreign(wgsl: &str, entry: &str) -> Result<&'static Self> {
        static KNOWN: Mutex<Option<HashMap<[String; 2], &'static Kernel>>> = Mutex::new(None);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        let key = [wgsl, entry].map(str::to_owned);
        if let Some(kernel) = known.get(&key) {
            return Ok(kernel);
        }
        let module = naga::front::wgsl::parse_str(wgsl)
            .map_err(|e| Error::Shader(e.emit_to_string(wgsl).trim_end().to_owned()))?;
        accepted(&module, entry).map_err(Error::Shader)?;
        let kernel: &'static Self = Box::leak(Box::new(Self {
            name: entry.to_owned().leak(),
            shader: Shader::foreign(wgsl.to_owned().leak()),
            params_size: 0,
            fields: &[],
            variants: &[Variant::PLAIN],
            cpu: None,
        }));
        known.insert(key, kernel);
        Ok(kernel)
    }
}

/// Whether a module has this entry point, and nothing but buffers.
fn accepted(module: &Module, entry: &str) -> std::result::Result<(), String> {
    let compute = |e: &&naga::EntryPoint| e.stage == ShaderStage::Compute;
    let mut entries = module.entry_points.iter().filter(compute);
    if !entries.any(|e| e.name == entry) {
        let names = module.entry_points.iter().filter(compute);
        let names: Vec<&str> = names.map(|e| &e.name[..]).collect();
        let there = match &names[..] {
            [] => "it has no compute entry point".to_owned(),
            names => format!("its compute entry points are {}", names.join(", ")),
        };
        return Err(format!("the shader has no entry point {entry:?}: {there}"));
    }
    for (_, variable) in module.global_variables.iter() {
        let name = variable.name.as_deref().unwrap_or("a variable");
        if variable.space == AddressSpace::Handle {
            return Err(format!(
                "{name} is a texture or a sampler: only uniform and storage buffers can be checked"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Access;

    const TWO_GROUPS: &str = "
        struct Sizes { n: u32 }
        @group(1) @binding(3) var<storage, read_write> y: array<f32>;
        @group(0) @binding(2) var<storage, read> x: array<f32>;
        @group(1) @binding(0) var<uniform> sizes: Sizes;
        @compute @workgroup_size(4) fn double(@builtin(global_invocation_id) at: vec3<u32>) {
            if at.x < sizes.n { y[at.x] = 2.0 * x[at.x]; }
        }";

    #[test]
    fn buffers_are_listed_by_group_and_binding() {
        let kernel = Kernel::foreign(TWO_GROUPS, "double").unwrap();
        let listed = kernel.bindings().iter();
        let listed: Vec<_> = listed.map(|b| (&b.name[..], b.slot, b.access)).collect();
        let expected = [
            ("x", [0, 2], Access::Read),
            ("sizes", [1, 0], Access::Uniform),
            ("y", [1, 3], Access::Write),
        ];
        assert_eq!(listed, expected);
        let again = Kernel::foreign(TWO_GROUPS, "double").unwrap();
        assert!(std::ptr::eq(kernel, again));
    }

    #[test]
    fn what_cannot_be_run_is_refused_in_words() {
        let refused = |wgsl, entry| Kernel::foreign(wgsl, entry).unwrap_err().to_string();
        assert!(refused(TWO_GROUPS, "triple").contains("its compute entry points are double"));
        assert!(refused("fn f() {}", "f").contains("no compute entry point"));
        let broken = refused("fn f() { let x = ; }", "f");
        assert!(broken.contains("wgsl:1:18"), "{broken}");
        let texture = "@group(0) @binding(0) var t: texture_2d<f32>;
            @compute @workgroup_size(1) fn f() {}";
        assert!(refused(texture, "f").contains("t is a texture"));
    }
}
