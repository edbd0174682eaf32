//! The shader in the languages of devices.

use naga::back::hlsl::ShaderModel;

use super::Description;
use super::write::bytes;
use crate::kernels::translation::{Checks, Source, hlsl, msl, spirv};

/// The versions that most devices get: Direct3D's compiler DXC, and macOS 13 or newer.
const HLSL: ShaderModel = ShaderModel::V6_0;
const MSL: (u8, u8) = (3, 0);

/// Adds what naga makes of a shader, as far as it takes it.
pub(super) fn add(wgsl: &str, description: &Description, files: &mut Vec<(String, Vec<u8>)>) {
    let Ok(source) = Source::new(wgsl, &description.entry) else {
        return;
    };
    let checks = Checks::new(description.checked, description.checked);
    let spirv = spirv(&source, checks).map(|words| bytes(&words));
    let hlsl = hlsl(&source, HLSL, checks).map(|(text, _)| text.into_bytes());
    let msl = msl(&source, MSL, checks).map(|(text, _)| text.into_bytes());
    for (name, made) in [
        ("shader.spv", spirv),
        ("shader.hlsl", hlsl),
        ("shader.metal", msl),
    ] {
        files.extend(made.ok().map(|bytes| (name.to_owned(), bytes)));
    }
}
