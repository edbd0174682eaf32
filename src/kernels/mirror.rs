//! Bindings that a variant reads through a storage texture which mirrors the buffer.

use super::{Access, Binding, Element, Kernel, Variant};

/// Texels in a row of a mirror; element i of the buffer is texel (i mod this, i div this).
pub const TEXELS: u32 = 1024;

impl Element {
    /// Bytes of a texel.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Floats | Self::Words => 16,
            Self::Float | Self::Word | Self::Other => 4,
        }
    }

    fn wgsl(self) -> &'static str {
        match self {
            Self::Floats => "vec4<f32>",
            Self::Words => "vec4<u32>",
            Self::Float => "f32",
            Self::Word | Self::Other => "u32",
        }
    }

    /// The texture's format, in WGSL and WebGPU.
    pub(crate) fn format(self) -> &'static str {
        match self {
            Self::Floats => "rgba32float",
            Self::Words => "rgba32uint",
            Self::Float => "r32float",
            Self::Word | Self::Other => "r32uint",
        }
    }
}

/// A binding that is read through a texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// The buffer's name in the shader.
    pub name: &'static str,
    /// Its place among the kernel's bindings.
    pub place: usize,
    /// The texture's binding: the buffer's own, or, beside a buffer that is also written, a new
    /// one behind all others.
    pub binding: u32,
    /// What an element is.
    pub texel: Element,
}

impl Kernel {
    /// The bindings that a variant reads through textures.
    pub fn mirrored(&self, variant: &Variant) -> Vec<Mirrored> {
        let mut free = (1u32..).skip(self.bindings().len());
        let mirrored = |name: &&'static str| {
            let place = self.bindings().iter().position(|b| b.name == *name)?;
            let own = (1u32..).nth(place)?;
            let Binding {
                access, element, ..
            } = self.bindings()[place];
            let binding = match access {
                Access::Read | Access::Uniform => own,
                Access::Write => free.next()?,
            };
            Some(Mirrored {
                name,
                place,
                binding,
                texel: element,
            })
        };
        variant.mirrored.iter().filter_map(mirrored).collect()
    }
}

/// `text` with reads of a buffer through its texture: the texture's declaration in place of the
/// buffer's, or beside it where the buffer is also written, and every `name[…]` that is read.
pub(super) fn through_texture(text: &str, of: &Mirrored) -> String {
    let Mirrored { name, texel, .. } = of;
    let element = texel.wgsl();
    let read = format!("var<storage, read> {name}: array<{element}>;");
    let written = format!("var<storage, read_write> {name}: array<{element}>;");
    let texture = |name: &str| format!("var {name}: texture_storage_2d<{}, read>;", texel.format());
    if text.contains(&read) {
        return fetched(&text.replace(&read, &texture(name)), name, name, *texel);
    }
    let before = format!("{name}_before");
    let beside = format!(
        "{written}\n@group(0) @binding({}) {}",
        of.binding,
        texture(&before)
    );
    fetched(&text.replace(&written, &beside), name, &before, *texel)
}

/// `text` with every `name[…]` as a fetch from the texture, but where it is assigned to.
fn fetched(text: &str, name: &str, texture: &str, texel: Element) -> String {
    let (head, width) = (format!("{name}["), TEXELS);
    let component = if texel == Element::Word { ".x" } else { "" };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(&head) {
        let open = at + head.len();
        let close = open + closing(&rest[open..]);
        let longer = rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if longer || rest[close..].starts_with("] = ") {
            out += &rest[..open];
            rest = &rest[open..];
            continue;
        }
        let index = &rest[open..close];
        out += &rest[..at];
        out += &format!(
            "textureLoad({texture}, vec2<u32>(({index}) % {width}u, ({index}) / {width}u)){component}"
        );
        rest = &rest[close + 1..];
    }
    out + rest
}

/// Where the bracket that is open at the start of `text` closes.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let ends = |c: char| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        depth == 0
    };
    text.find(ends).unwrap_or(text.len())
}
