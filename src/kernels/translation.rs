//! Shaders in the languages of devices, translated as wgpu does it: naga's backends with the binding
//! numbers and options of wgpu-hal 30 (`create_pipeline_layout` and `create_shader` of each device).

use std::collections::BTreeMap;

use naga::back::pipeline_constants::process_overrides;
use naga::back::{hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ResourceBinding, ShaderStage, StorageAccess};

use crate::error::{Error, Result};

/// Which runtime checks a translation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Every index is held within its buffer, texture or array.
    pub bounds: bool,
    /// Every loop ends.
    pub loops: bool,
}

/// What a binding is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A uniform buffer.
    Uniform,
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is written.
    Write,
    /// A storage texture.
    Texture,
}

/// A shader that is ready to be translated.
#[derive(Debug)]
pub struct Source {
    /// What naga made of its text.
    pub module: Module,
    /// What naga's validation found out about it.
    pub info: ModuleInfo,
    entry: String,
    portable: bool,
}

impl Source {
    /// One compute entry point of a WGSL text.
    ///
    /// # Errors
    /// `Shader` where naga does not take the text.
    pub fn new(wgsl: &str, entry: &str) -> Result<Self> {
        let refused = |text: String| Error::Shader(text.trim_end().to_owned());
        let module =
            naga::front::wgsl::parse_str(wgsl).map_err(|e| refused(e.emit_to_string(wgsl)))?;
        let validated = |with| Validator::new(ValidationFlags::all(), with).validate(&module);
        let portable = validated(Capabilities::empty()).ok();
        let (portable, info) = match portable {
            Some(info) => (true, info),
            None => {
                let info = validated(Capabilities::all());
                (false, info.map_err(|e| refused(e.emit_to_string(wgsl)))?)
            }
        };
        let at = Some((ShaderStage::Compute, entry));
        let (module, info) = process_overrides(&module, &info, at, &Default::default())
            .map(|(module, info)| (module.into_owned(), info.into_owned()))
            .map_err(|e| refused(e.to_string()))?;
        let entry = entry.to_owned();
        Ok(Self {
            module,
            info,
            entry,
            portable,
        })
    }

    /// What is bound where, by group and binding.
    pub fn slots(&self) -> Vec<(ResourceBinding, Slot)> {
        let variables = self.module.global_variables.iter();
        let slot = |(_, variable): (_, &naga::GlobalVariable)| {
            let slot = match variable.space {
                AddressSpace::Uniform => Slot::Uniform,
                AddressSpace::Storage { access } => match access.contains(StorageAccess::STORE) {
                    true => Slot::Write,
                    false => Slot::Read,
                },
                _ => Slot::Texture,
            };
            Some((variable.binding?, slot))
        };
        let mut slots: Vec<_> = variables.filter_map(slot).collect();
        slots.sort_by_key(|(at, _)| (at.group, at.binding));
        slots
    }

    /// The name of the variable at this group and binding.
    pub(crate) fn name_at(&self, [group, binding]: [u32; 2]) -> Option<String> {
        let at = Some(ResourceBinding { group, binding });
        let mut variables = self.module.global_variables.iter();
        variables.find(|(_, v)| v.binding == at)?.1.name.clone()
    }

    /// Threads of a workgroup.
    pub(crate) fn workgroup_size(&self) -> [u32; 3] {
        let mut entries = self.module.entry_points.iter();
        let entry = entries.find(|e| e.name == self.entry);
        entry.map_or([1; 3], |e| e.workgroup_size)
    }

    /// The bindings with their class of registers, counted within the class.
    pub fn registers<C: PartialEq + Copy>(
        &self,
        class: fn(Slot) -> C,
    ) -> Vec<(ResourceBinding, C, u8)> {
        let mut made: Vec<(ResourceBinding, C, u8)> = Vec::new();
        for (at, slot) in self.slots() {
            let earlier = made.iter().filter(|(_, c, _)| *c == class(slot)).count();
            let register = u8::try_from(earlier).unwrap_or(u8::MAX);
            made.push((at, class(slot), register));
        }
        made
    }

    /// `target` of every binding's register.
    pub fn mapped<C: PartialEq + Copy, T, M: FromIterator<(ResourceBinding, T)>>(
        &self,
        class: fn(Slot) -> C,
        target: impl Fn(C, u8) -> T,
    ) -> M {
        let registers = self.registers(class).into_iter();
        registers.map(|(at, c, r)| (at, target(c, r))).collect()
    }

    /// The entry point, as backends want it.
    pub fn entry(&self) -> (ShaderStage, String) {
        (ShaderStage::Compute, self.entry.clone())
    }
}

impl Checks {
    /// These checks.
    pub const fn new(bounds: bool, loops: bool) -> Self {
        Self { bounds, loops }
    }

    fn policies(self) -> BoundsCheckPolicies {
        let policy = match self.bounds {
            true => BoundsCheckPolicy::Restrict,
            false => BoundsCheckPolicy::Unchecked,
        };
        BoundsCheckPolicies {
            index: policy,
            buffer: policy,
            image_load: policy,
            binding_array: BoundsCheckPolicy::Unchecked,
        }
    }
}

/// SPIR-V 1.3, which is Vulkan 1.1; of a portable shader with the SPIR-V capabilities that every driver
/// has.
///
/// # Errors
/// `Shader` where naga cannot write it.
pub fn spirv(source: &Source, checks: Checks) -> Result<Vec<u32>> {
    use spv::Capability as C;
    let portable = || [C::Shader, C::Matrix, C::ImageQuery].into_iter().collect();
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
        fake_missing_bindings: false,
        binding_map: within_groups(source),
        capabilities: source.portable.then(portable),
        bounds_check_policies: checks.policies(),
        force_loop_bounding: checks.loops,
        use_storage_input_output_16: false,
        ..spv::Options::default()
    };
    let (shader_stage, entry_point) = source.entry();
    let pipeline = spv::PipelineOptions {
        shader_stage,
        entry_point,
    };
    spv::write_vec(&source.module, &source.info, &options, Some(&pipeline)).map_err(untranslated)
}

/// Vulkan's bindings: counted within their group.
fn within_groups(source: &Source) -> spv::BindingMap {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    let numbered = source.slots().into_iter().map(|(at, _)| {
        let next = counts.entry(at.group).or_default();
        let binding = *next;
        *next += 1;
        let info = spv::BindingInfo {
            descriptor_set: at.group,
            binding,
            binding_array_size: None,
        };
        (at, info)
    });
    numbered.collect()
}

/// Metal's classes of registers: buffers and textures.
pub fn msl_class(slot: Slot) -> &'static str {
    match slot {
        Slot::Texture => "texture",
        _ => "buffer",
    }
}

/// Metal: the text, and the entry point's name in it.
///
/// # Errors
/// `Shader` where naga cannot write it.
pub fn msl(source: &Source, lang_version: (u8, u8), checks: Checks) -> Result<(String, String)> {
    let target = |class, register| msl::BindTarget {
        buffer: (class == "buffer").then_some(register),
        texture: (class == "texture").then_some(register),
        ..msl::BindTarget::default()
    };
    let mut resources: msl::BindingMap = source.mapped(msl_class, target);
    for (at, slot) in source.slots() {
        if let Some(target) = resources.get_mut(&at) {
            target.mutable = slot == Slot::Write;
        }
    }
    let buffers = resources.values().filter(|t| t.buffer.is_some()).count();
    let resources = msl::EntryPointResources {
        resources,
        immediates_buffer: None,
        sizes_buffer: u8::try_from(buffers).ok(),
    };
    let options = msl::Options {
        lang_version,
        per_entry_point_map: [(source.entry.clone(), resources)].into(),
        fake_missing_bindings: false,
        bounds_check_policies: checks.policies(),
        force_loop_bounding: checks.loops,
        ..msl::Options::default()
    };
    let pipeline = msl::PipelineOptions {
        entry_point: Some(source.entry()),
        vertex_pulling_transform: true,
        ..msl::PipelineOptions::default()
    };
    let written = msl::write_string(&source.module, &source.info, &options, &pipeline);
    let (text, info) = written.map_err(untranslated)?;
    Ok((text, only(info.entry_point_names)?))
}

/// Direct3D's classes of registers: constants, what shaders read, what they write.
pub fn hlsl_class(slot: Slot) -> char {
    match slot {
        Slot::Uniform => 'b',
        Slot::Read => 't',
        // Storage textures are UAVs, read or not.
        Slot::Write | Slot::Texture => 'u',
    }
}

/// Direct3D: the text, and the entry point's name in it.
///
/// # Errors
/// `Shader` where naga cannot write it.
pub fn hlsl(
    source: &Source,
    shader_model: hlsl::ShaderModel,
    checks: Checks,
) -> Result<(String, String)> {
    let target = |_, register| hlsl::BindTarget {
        register: u32::from(register),
        ..hlsl::BindTarget::default()
    };
    let options = hlsl::Options {
        shader_model,
        binding_map: source.mapped(hlsl_class, target),
        fake_missing_bindings: false,
        restrict_indexing: checks.bounds,
        force_loop_bounding: checks.loops,
        ..hlsl::Options::default()
    };
    let pipeline = hlsl::PipelineOptions {
        entry_point: Some(source.entry()),
    };
    let mut text = String::new();
    let mut writer = hlsl::Writer::new(&mut text, &options, &pipeline);
    let info = writer.write(&source.module, &source.info, None);
    let names = info.map_err(untranslated)?.entry_point_names;
    Ok((text, only(names)?))
}

/// The name of the only entry point.
fn only<E: std::fmt::Display>(names: Vec<std::result::Result<String, E>>) -> Result<String> {
    match <[_; 1]>::try_from(names) {
        Ok([Ok(name)]) => Ok(name),
        Ok([Err(e)]) => Err(untranslated(e)),
        Err(_) => Err(untranslated("not one entry point")),
    }
}

fn untranslated(why: impl std::fmt::Display) -> Error {
    Error::Shader(format!("naga cannot translate the shader: {why}"))
}
