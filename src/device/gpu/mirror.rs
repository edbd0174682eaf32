//! Textures that mirror buffers, for the variants that read through them.

use std::collections::HashMap;

use crate::device::{Buffer, Dispatch};
use crate::kernel::{Kernel, TEXELS, Variant};

/// The sampled bindings of a variant by their place, and the format of their texels.
pub(super) fn sampled_bindings(
    kernel: &Kernel,
    variant: &Variant,
) -> HashMap<usize, wgpu::TextureFormat> {
    let format = |name: &str| {
        let integers = format!("> {name}: array<vec4<u32>>");
        match kernel.wgsl.contains(&integers) {
            true => wgpu::TextureFormat::Rgba32Uint,
            false => wgpu::TextureFormat::Rgba32Float,
        }
    };
    let names = variant.sampled.iter();
    names
        .filter_map(|name| Some((kernel.binding(name)?, format(name))))
        .collect()
}

/// The buffers that a dispatch samples.
pub(super) fn sampled_buffers(
    dispatch: &Dispatch,
    variant: &Variant,
) -> impl Iterator<Item = Buffer> {
    let places = sampled_bindings(dispatch.kernel, variant).into_keys();
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable();
    places.into_iter().map(|place| dispatch.buffers[place])
}

/// The binding type of a mirror.
pub(super) fn texture(format: wgpu::TextureFormat) -> wgpu::BindingType {
    let sample_type = match format {
        wgpu::TextureFormat::Rgba32Uint => wgpu::TextureSampleType::Uint,
        _ => wgpu::TextureSampleType::Float { filterable: false },
    };
    wgpu::BindingType::Texture {
        sample_type,
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    }
}

/// Copies a buffer to the texture that mirrors it: whole rows, then what is left.
pub(super) fn encode_mirror(
    buffer: &wgpu::Buffer,
    mirror: &wgpu::Texture,
    encoder: &mut wgpu::CommandEncoder,
) {
    let row = 16 * u64::from(TEXELS);
    let rows = u32::try_from(buffer.size() / row).unwrap_or(u32::MAX);
    let rest = u32::try_from(buffer.size() % row / 16).unwrap_or(0);
    for (y, width, height) in [(0, TEXELS, rows), (rows, rest, 1)] {
        if width == 0 || height == 0 {
            continue;
        }
        let layout = wgpu::TexelCopyBufferLayout {
            offset: u64::from(y) * row,
            bytes_per_row: Some(16 * TEXELS),
            rows_per_image: None,
        };
        let mut target = mirror.as_image_copy();
        target.origin.y = y;
        let size = wgpu::Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        };
        encoder.copy_buffer_to_texture(wgpu::TexelCopyBufferInfo { buffer, layout }, target, size);
    }
}
