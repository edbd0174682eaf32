//! Textures that mirror buffers, for the variants that read through them.

use std::collections::HashMap;

use crate::device::{Buffer, Dispatch};
use crate::kernel::{Kernel, TEXELS, Variant};

/// Bytes in a row of a mirror.
const ROW: u64 = 16 * TEXELS as u64;

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

/// A texture with room for so many bytes.
pub(super) fn create(
    device: &wgpu::Device,
    bytes: u64,
    format: wgpu::TextureFormat,
) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("mirror"),
        size: wgpu::Extent3d {
            width: TEXELS,
            height: u32::try_from(bytes.div_ceil(ROW)).unwrap_or(u32::MAX),
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// Copies a buffer, from byte `start` on, to the texture that mirrors it: whole rows, then what
/// is left.
pub(super) fn encode_mirror(
    buffer: &wgpu::Buffer,
    start: u64,
    mirror: &wgpu::Texture,
    encoder: &mut wgpu::CommandEncoder,
) {
    let bytes = buffer.size() - start;
    let rows = u32::try_from(bytes / ROW).unwrap_or(u32::MAX);
    let rest = u32::try_from(bytes % ROW / 16).unwrap_or(0);
    for (y, width, height) in [(0, TEXELS, rows), (rows, rest, 1)] {
        if width == 0 || height == 0 {
            continue;
        }
        let layout = wgpu::TexelCopyBufferLayout {
            offset: start + u64::from(y) * ROW,
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
