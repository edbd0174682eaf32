//! THE kernel table: for every kernel its shader, its bindings, its parameters, the tile a
//! workgroup covers, and its form on the CPU. Devices, checks, benchmarks and tests are loops over
//! it.
//!
//! A new kernel is one `shaders/NAME.wgsl` with the entry point `NAME`, one form
//! `device/cpu/NAME.rs`, one parameter struct and one row in `kernel/table.rs`.

mod mirror;
mod table;
mod variants;

use bytemuck::{Pod, Zeroable};

use crate::device::cpu::form::Form;

pub use mirror::{Mirrored, TEXELS, Texel};
pub use table::*;

/// How a kernel uses a storage buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only reads it.
    Read,
    /// Writes it, and may read it.
    Write,
}

/// A way to build a kernel from its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// What it is called.
    pub name: &'static str,
    /// The text of a file of its own, `shaders/KERNEL.NAME.wgsl`, where it works in another way than
    /// the kernel's file: with the same entry point, bindings and parameters.
    pub wgsl: Option<&'static str>,
    /// Values for the file's `const NAME: u32` declarations; what is not listed keeps its value.
    pub constants: &'static [(&'static str, u32)],
    /// Bindings that are read through a storage texture which mirrors the buffer, instead of from
    /// the buffer itself: in a loop, Mesa's lavapipe loads from buffers lane by lane through memory,
    /// but texels of all lanes at a time. What a kernel also writes is read as it was before.
    pub mirrored: &'static [&'static str],
    /// Whether it is made for software adapters, or for hardware.
    pub software: bool,
}

impl Variant {
    /// The file as it stands: what hardware gets.
    pub const PLAIN: Self = Self {
        name: "plain",
        wgsl: None,
        constants: &[],
        mirrored: &[],
        software: false,
    };
}

/// A row of the table.
#[derive(Debug)]
pub struct Kernel {
    /// The file's stem and the entry point.
    pub name: &'static str,
    /// The shader's text.
    pub wgsl: &'static str,
    /// The storage buffers, bindings 1, 2, …; binding 0 is the parameter struct.
    pub bindings: &'static [Access],
    /// Bytes of the parameter struct.
    pub params_size: usize,
    /// The ways to build it, the plain one first.
    pub variants: &'static [Variant],
    /// The same computation on the CPU.
    pub cpu: &'static Form,
}

/// The constants that make a thread's tile and a workgroup's shape. A workgroup covers
/// COLS·GROUP_X × ROWS·GROUP_Y units of the dispatch's extent; a missing COLS, ROWS or SPLIT is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Units of extent that a workgroup covers in x, y and z.
    pub covers: [u32; 3],
    /// Threads of a workgroup: in x, in y, and so many that share a tile.
    pub group: [u32; 3],
}

impl Kernel {
    /// The variant with this name.
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|v| v.name == name)
    }

    /// The file that a variant is built from.
    pub fn file(&self, variant: &Variant) -> &'static str {
        variant.wgsl.unwrap_or(self.wgsl)
    }

    /// What that file is called, without its extension.
    pub fn stem(&self, variant: &Variant) -> String {
        match variant.wgsl {
            Some(_) => format!("{}.{}", self.name, variant.name),
            None => self.name.to_owned(),
        }
    }

    /// The shader's text in a variant.
    pub fn source(&self, variant: &Variant) -> String {
        let mut text = self.file(variant).to_owned();
        for (name, value) in variant.constants {
            if let Some((start, end)) = declaration(&text, name) {
                text.replace_range(start..end, &format!("{value}u"));
            }
        }
        for mirrored in self.mirrored(variant) {
            text = mirror::through_texture(&text, &mirrored);
        }
        text
    }

    /// The place among `bindings` of the storage buffer with this name.
    pub fn binding(&self, name: &str) -> Option<usize> {
        let (before, _) = self.wgsl.split_once(&format!("> {name}: array<"))?;
        let (_, number) = before.rsplit_once("@binding(")?;
        let (number, _) = number.split_once(')')?;
        number.parse::<usize>().ok()?.checked_sub(1)
    }

    /// The name of the storage buffer at this place among `bindings`.
    pub fn binding_name(&self, place: usize) -> Option<&'static str> {
        let (_, after) = self.wgsl.split_once(&format!("@binding({})", place + 1))?;
        let (_, after) = after.split_once("> ")?;
        Some(after.split_once(':')?.0)
    }

    /// Whether the storage buffer at this place among `bindings` holds labels or indices.
    pub(crate) fn is_index(&self, place: usize) -> bool {
        let name = self.binding_name(place).unwrap_or_default();
        self.wgsl
            .contains(&format!("<storage, read> {name}: array<u32>"))
    }

    /// Whether the storage buffer at this place among `bindings` holds floats and nothing else.
    pub(crate) fn is_float(&self, place: usize) -> bool {
        let name = self.binding_name(place).unwrap_or_default();
        ["f32", "vec4<f32>"].iter().any(|element| {
            let declared = format!("> {name}: array<{element}>");
            self.wgsl.contains(&declared)
        })
    }

    /// The tile of a variant.
    pub fn tile(&self, variant: &Variant) -> Tile {
        let value = |name: &str| {
            let set = variant.constants.iter().find(|(n, _)| *n == name);
            set.map(|c| c.1)
                .or_else(|| {
                    let file = self.file(variant);
                    let (start, end) = declaration(file, name)?;
                    file[start..end].trim_end_matches('u').parse().ok()
                })
                .unwrap_or(1)
        };
        let group = [value("GROUP_X"), value("GROUP_Y"), value("SPLIT")];
        Tile {
            covers: [value("COLS") * group[0], value("ROWS") * group[1], 1],
            group,
        }
    }

    /// Workgroups that cover `extent`: the one place where they are counted.
    pub fn groups(&self, variant: &Variant, extent: [u32; 3]) -> [u32; 3] {
        let tile = self.tile(variant);
        std::array::from_fn(|axis| extent[axis].div_ceil(tile.covers[axis]))
    }
}

/// Where the value of `const name: u32 = …;` stands in `text`.
fn declaration(text: &str, name: &str) -> Option<(usize, usize)> {
    let head = format!("const {name}: u32 = ");
    let start = text.find(&head)? + head.len();
    let end = start + text[start..].find(';')?;
    Some((start, end))
}

/// A kernel's parameter struct: it knows its kernel, and the extent of its dispatch.
pub trait Params: Pod {
    /// The kernel's row.
    const KERNEL: &'static Kernel;
    /// Units of work in x and y; the learners are z.
    fn extent(&self) -> [u32; 2];
}

/// A learner's settings, as the shaders see them (`struct Learner`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Learner {
    /// Key of the sample order.
    pub key: [u32; 2],
    /// Where its sample list starts in the buffer of lists.
    pub list_start: u32,
    /// The list's length, at least 1.
    pub list_length: u32,
    /// Learning rate.
    pub rate: f32,
    /// Momentum.
    pub momentum: f32,
    /// Weight decay.
    pub decay: f32,
    /// What the learner's rule needs besides (`population::Rule`).
    pub strength: f32,
}

/// A learner's clock and loss, as the shaders see them (`struct Progress`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Progress {
    /// Steps done in this phase.
    pub step: u32,
    /// The first step, from 1, with an unusable loss; 0: none.
    pub diverged: u32,
    /// Mean losses, summed since the host last took them.
    pub loss_sum: f32,
    /// Zero.
    pub pad: u32,
}

/// The most classes that `head` takes, padded.
pub const MOST_CLASSES: u32 = 12;
/// The order-entry bit that asks for the learner's soft target instead of the label.
pub const SOFT: u32 = 0x8000_0000;
/// The order-entry bit that asks for the learner's second weight instead of the first.
pub const FORGET: u32 = 0x4000_0000;
/// Where four bits of an order entry begin that name another label than the image's: that label
/// and one more, or zero.
pub const OTHER: u32 = 26;
/// The order-entry bits that name an image.
pub const INDEX: u32 = 0x03ff_ffff;
/// Words behind a learner's soft target: its two weights, the place of its table of targets among
/// all words of that buffer (zero: none), and zero.
pub const LESSON: u32 = 4;

/// The other label that an order entry names.
pub fn other_label(entry: u32) -> Option<u32> {
    (entry >> OTHER & 15).checked_sub(1)
}

/// Threads that share the scalar products of a pair of gradients.
pub const STRIPES: u32 = 64;
/// Rounds of `select_threshold`, and the words of a learner's counts: one for every bit but the sign,
/// and the threshold.
pub const THRESHOLD_ROUNDS: u32 = 32;
/// Fixed-point unit of the confidence sums in `score`.
pub const CONFIDENCE_UNIT: f32 = 65536.0;
/// Fixed-point unit of the loss sums in `score`.
pub const LOSS_UNIT: f32 = 16384.0;
/// The loss an image counts at the most, in nats.
pub const LARGEST_LOSS: f32 = 24.0;
/// A mean loss over this, in nats, is a divergence.
pub const UNUSABLE_LOSS: f32 = 1000.0;
