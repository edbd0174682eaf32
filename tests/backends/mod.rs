//! The program's shaders, ready for naga's backends, and OpenGL's, which the program itself has no use for.

use naga::back::glsl;
use naga::proc::BoundsCheckPolicies;
use unlearn::check::litmus::SHADERS;
use unlearn::kernels::translation::{Checks, Slot, Source};
use unlearn::kernels::{KERNELS, Kernel, Variant};

use crate::wgsl::{parsed, validated};

/// A variant of a kernel, ready to be translated.
pub(crate) struct Shader {
    pub(crate) kernel: &'static Kernel,
    pub(crate) variant: &'static Variant,
    pub(crate) source: Source,
}

/// All settings of the checks: neither is what this program asks for, both is what browsers do.
pub(crate) const CHECKS: [Checks; 4] = [
    Checks::new(false, false),
    Checks::new(false, true),
    Checks::new(true, false),
    Checks::new(true, true),
];

/// Every variant of every kernel, and the litmus tests.
pub(crate) fn shaders() -> impl Iterator<Item = Shader> {
    let of = |kernel: &'static Kernel| kernel.variants.iter().map(move |v| shader(kernel, v));
    let kernels = KERNELS.iter().map(|spec| &spec.kernel);
    kernels.chain(SHADERS).flat_map(of)
}

fn shader(kernel: &'static Kernel, variant: &'static Variant) -> Shader {
    let text = kernel.source(variant);
    let portable = validated(&parsed(kernel.name, &text), &text);
    portable.unwrap_or_else(|e| panic!("{}/{}: {e}", kernel.name, variant.name));
    Shader {
        kernel,
        variant,
        source: Source::new(&text, kernel.name).unwrap(),
    }
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
pub(crate) fn glsl(source: &Source) -> Result<String, String> {
    use glsl::WriterFlags as F;
    let options = glsl::Options {
        version: glsl::Version::new_gles(310),
        writer_flags: F::ADJUST_COORDINATE_SPACE | F::FORCE_POINT_SIZE,
        binding_map: source.mapped(glsl_class, |_, register| register),
        ..glsl::Options::default()
    };
    let (shader_stage, entry_point) = source.entry();
    let pipeline = glsl::PipelineOptions {
        shader_stage,
        entry_point,
        multiview: None,
    };
    let policies = BoundsCheckPolicies::default();
    let (module, info) = (&source.module, &source.info);
    let mut text = String::new();
    glsl::Writer::new(&mut text, module, info, &options, &pipeline, policies)
        .and_then(|mut writer| writer.write())
        .map_err(|e| e.to_string())?;
    Ok(text)
}
