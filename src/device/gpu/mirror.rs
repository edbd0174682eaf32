//! Textures that mirror buffers, for the variants that read through them.

use crate::kernels::{Element, TEXELS};

/// Bytes in a row of a mirror.
fn row(texel: Element) -> u64 {
    u64::from(texel.bytes() * TEXELS)
}

/// Rows of the mirror of so many bytes. Never a power of two: lavapipe compiles a shader once for
/// those heights and once for all others, a second or two for each training kernel.
pub(super) fn rows(bytes: u64, texel: Element) -> u64 {
    let rows = bytes.div_ceil(row(texel)).max(2);
    rows + u64::from(rows.is_power_of_two())
}

pub(super) fn format(texel: Element) -> wgpu::TextureFormat {
    match texel {
        Element::Floats => wgpu::TextureFormat::Rgba32Float,
        Element::Words => wgpu::TextureFormat::Rgba32Uint,
        Element::Float => wgpu::TextureFormat::R32Float,
        Element::Word | Element::Other => wgpu::TextureFormat::R32Uint,
    }
}

/// The binding type of a mirror. A storage texture, though it is only read: lavapipe calls a
/// function to fetch from any other, and loads from this one in place.
pub(super) fn binding(texel: Element) -> wgpu::BindingType {
    wgpu::BindingType::StorageTexture {
        access: wgpu::StorageTextureAccess::ReadOnly,
        format: format(texel),
        view_dimension: wgpu::TextureViewDimension::D2,
    }
}

/// A texture with room for so many bytes.
pub(super) fn create(device: &wgpu::Device, bytes: u64, texel: Element) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("mirror"),
        size: wgpu::Extent3d {
            width: TEXELS,
            height: u32::try_from(rows(bytes, texel)).unwrap_or(u32::MAX),
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: format(texel),
        usage: wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// Copies a buffer, from byte `start` on, to the texture that mirrors it: whole rows, then what
/// is left.
pub(super) fn encode_mirror(
    buffer: &wgpu::Buffer,
    start: u64,
    mirror: &(wgpu::Texture, Element),
    encoder: &mut wgpu::CommandEncoder,
) {
    let (texture, texel) = mirror;
    let (bytes, row) = (buffer.size() - start, row(*texel));
    let rows = u32::try_from(bytes / row).unwrap_or(u32::MAX);
    let rest = u32::try_from(bytes % row / u64::from(texel.bytes())).unwrap_or(0);
    for (y, width, height) in [(0, TEXELS, rows), (rows, rest, 1)] {
        if width == 0 || height == 0 {
            continue;
        }
        let layout = wgpu::TexelCopyBufferLayout {
            offset: start + u64::from(y) * row,
            bytes_per_row: Some(texel.bytes() * TEXELS),
            rows_per_image: None,
        };
        let mut target = texture.as_image_copy();
        target.origin.y = y;
        let size = wgpu::Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        };
        encoder.copy_buffer_to_texture(wgpu::TexelCopyBufferInfo { buffer, layout }, target, size);
    }
}
