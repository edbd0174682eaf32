//! naga's backends, set as wgpu sets them for its devices: the binding numbers and options of
//! wgpu-hal 30 (`create_pipeline_layout` and `create_shader` of each device).

use naga::back::{glsl, hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::ModuleInfo;
use naga::{Module, ResourceBinding, ShaderStage};
use unlearn::check::litmus::SHADERS;
use unlearn::kernels::{Access, KERNELS, Kernel, Variant};

use crate::wgsl::{parsed, validated};

/// A variant of a kernel, ready to be translated.
pub(crate) struct Shader {
    pub(crate) kernel: &'static Kernel,
    pub(crate) variant: &'static Variant,
    module: Module,
    info: ModuleInfo,
}

/// Which runtime checks the translation puts in.
#[derive(Clone, Copy)]
pub(crate) struct Checks {
    pub(crate) bounds: bool,
    pub(crate) loops: bool,
}

/// All settings of the checks: neither is what this program asks for, both is what browsers do.
pub(crate) const CHECKS: [Checks; 4] = [
    Checks::new(false, false),
    Checks::new(false, true),
    Checks::new(true, false),
    Checks::new(true, true),
];

/// What a binding is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Uniform,
    Read,
    Write,
    Texture,
}

/// Every variant of every kernel, and the litmus tests.
pub(crate) fn shaders() -> impl Iterator<Item = Shader> {
    let of = |kernel: &'static Kernel| kernel.variants.iter().map(move |v| shader(kernel, v));
    let kernels = KERNELS.iter().map(|spec| &spec.kernel);
    kernels.chain(SHADERS).flat_map(of)
}

fn shader(kernel: &'static Kernel, variant: &'static Variant) -> Shader {
    let text = kernel.source(variant);
    let module = parsed(kernel.name, &text);
    let info = validated(&module, &text);
    Shader {
        kernel,
        variant,
        info: info.unwrap_or_else(|e| panic!("{}/{}: {e}", kernel.name, variant.name)),
        module,
    }
}

impl Shader {
    /// What stands at bindings 0, 1, ….
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots = vec![Slot::Uniform];
        slots.extend(
            self.kernel
                .bindings()
                .iter()
                .map(|binding| match binding.access {
                    Access::Read => Slot::Read,
                    Access::Uniform => Slot::Uniform,
                    Access::Write => Slot::Write,
                }),
        );
        for mirrored in self.kernel.mirrored(self.variant) {
            let binding = mirrored.binding as usize;
            slots.resize(slots.len().max(binding + 1), Slot::Texture);
            slots[binding] = Slot::Texture;
        }
        slots
    }

    /// The bindings with their class of registers, counted within the class.
    pub(crate) fn registers<C: PartialEq + Copy>(&self, class: fn(Slot) -> C) -> Vec<(C, u8)> {
        let mut made: Vec<(C, u8)> = Vec::new();
        for slot in self.slots() {
            let earlier = made.iter().filter(|(c, _)| *c == class(slot)).count();
            made.push((class(slot), u8::try_from(earlier).unwrap()));
        }
        made
    }

    fn entry(&self) -> (ShaderStage, String) {
        (ShaderStage::Compute, self.kernel.name.to_owned())
    }

    /// `target` of every binding's register.
    fn mapped<C: PartialEq + Copy, T, M: FromIterator<(ResourceBinding, T)>>(
        &self,
        class: fn(Slot) -> C,
        target: fn(C, u8) -> T,
    ) -> M {
        let binding = |binding| ResourceBinding { group: 0, binding };
        let numbered = (0..).map(binding).zip(self.registers(class));
        numbered.map(|(b, (c, r))| (b, target(c, r))).collect()
    }
}

impl Checks {
    const fn new(bounds: bool, loops: bool) -> Self {
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

/// SPIR-V 1.3, which is Vulkan 1.1, with the SPIR-V capabilities that every driver has.
pub(crate) fn spirv(shader: &Shader, checks: Checks) -> Result<Vec<u32>, String> {
    use spv::Capability as C;
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::LABEL_VARYINGS | spv::WriterFlags::FORCE_POINT_SIZE,
        fake_missing_bindings: false,
        binding_map: shader.mapped(
            |_| (),
            |(), register| spv::BindingInfo {
                descriptor_set: 0,
                binding: u32::from(register),
                binding_array_size: None,
            },
        ),
        capabilities: Some([C::Shader, C::Matrix, C::ImageQuery].into_iter().collect()),
        bounds_check_policies: checks.policies(),
        force_loop_bounding: checks.loops,
        use_storage_input_output_16: false,
        ..spv::Options::default()
    };
    let (shader_stage, entry_point) = shader.entry();
    let pipeline = spv::PipelineOptions {
        shader_stage,
        entry_point,
    };
    spv::write_vec(&shader.module, &shader.info, &options, Some(&pipeline))
        .map_err(|e| e.to_string())
}

/// Metal's classes of registers: buffers and textures.
pub(crate) fn msl_class(slot: Slot) -> &'static str {
    match slot {
        Slot::Texture => "texture",
        _ => "buffer",
    }
}

/// Metal: the text, and the entry point's name in it.
pub(crate) fn msl(
    shader: &Shader,
    lang_version: (u8, u8),
    checks: Checks,
) -> Result<(String, String), String> {
    let target = |class, register| msl::BindTarget {
        buffer: (class == "buffer").then_some(register),
        texture: (class == "texture").then_some(register),
        ..msl::BindTarget::default()
    };
    let mut resources: msl::BindingMap = shader.mapped(msl_class, target);
    for ((_, target), slot) in resources.iter_mut().zip(shader.slots()) {
        target.mutable = slot == Slot::Write;
    }
    let buffers = resources.values().filter(|t| t.buffer.is_some()).count();
    let resources = msl::EntryPointResources {
        resources,
        immediates_buffer: None,
        sizes_buffer: u8::try_from(buffers).ok(),
    };
    let options = msl::Options {
        lang_version,
        per_entry_point_map: [(shader.kernel.name.to_owned(), resources)].into(),
        fake_missing_bindings: false,
        bounds_check_policies: checks.policies(),
        force_loop_bounding: checks.loops,
        ..msl::Options::default()
    };
    let pipeline = msl::PipelineOptions {
        entry_point: Some(shader.entry()),
        vertex_pulling_transform: true,
        ..msl::PipelineOptions::default()
    };
    let (text, info) = msl::write_string(&shader.module, &shader.info, &options, &pipeline)
        .map_err(|e| e.to_string())?;
    let [name] = &info.entry_point_names[..] else {
        return Err("not one entry point".to_owned());
    };
    Ok((text, name.clone().map_err(|e| e.to_string())?))
}

/// Direct3D's classes of registers: constants, what shaders read, what they write.
pub(crate) fn hlsl_class(slot: Slot) -> char {
    match slot {
        Slot::Uniform => 'b',
        Slot::Read => 't',
        // Storage textures are UAVs, read or not.
        Slot::Write | Slot::Texture => 'u',
    }
}

/// Direct3D: the text, and the entry point's name in it.
pub(crate) fn hlsl(
    shader: &Shader,
    shader_model: hlsl::ShaderModel,
    checks: Checks,
) -> Result<(String, String), String> {
    let target = |_, register| hlsl::BindTarget {
        register: u32::from(register),
        ..hlsl::BindTarget::default()
    };
    let options = hlsl::Options {
        shader_model,
        binding_map: shader.mapped(hlsl_class, target),
        fake_missing_bindings: false,
        restrict_indexing: checks.bounds,
        force_loop_bounding: checks.loops,
        ..hlsl::Options::default()
    };
    let pipeline = hlsl::PipelineOptions {
        entry_point: Some(shader.entry()),
    };
    let mut text = String::new();
    let mut writer = hlsl::Writer::new(&mut text, &options, &pipeline);
    let info = writer.write(&shader.module, &shader.info, None);
    let names = info.map_err(|e| e.to_string())?.entry_point_names;
    let [name] = &names[..] else {
        return Err("not one entry point".to_owned());
    };
    Ok((text, name.clone().map_err(|e| e.to_string())?))
}

/// OpenGL's classes of registers.
pub(crate) fn glsl_class(slot: Slot) -> &'static str {
    match slot {
        Slot::Uniform => "uniform",
        Slot::Read | Slot::Write => "storage",
        Slot::Texture => "texture",
    }
}

/// GLSL ES 3.10. OpenGL ES checks by itself, or not at all: naga has no checks for it.
pub(crate) fn glsl(shader: &Shader) -> Result<String, String> {
    use glsl::WriterFlags as F;
    let options = glsl::Options {
        version: glsl::Version::new_gles(310),
        writer_flags: F::ADJUST_COORDINATE_SPACE | F::FORCE_POINT_SIZE,
        binding_map: shader.mapped(glsl_class, |_, register| register),
        ..glsl::Options::default()
    };
    let (shader_stage, entry_point) = shader.entry();
    let pipeline = glsl::PipelineOptions {
        shader_stage,
        entry_point,
        multiview: None,
    };
    let policies = BoundsCheckPolicies::default();
    let (module, info) = (&shader.module, &shader.info);
    let mut text = String::new();
    glsl::Writer::new(&mut text, module, info, &options, &pipeline, policies)
        .and_then(|mut writer| writer.write())
        .map_err(|e| e.to_string())?;
    Ok(text)
}
