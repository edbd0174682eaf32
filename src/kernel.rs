//! THE kernel table: for every kernel its shader, its bindings, its parameters, the tile a
//! workgroup covers, and its form on the CPU. Devices, checks, benchmarks and tests are loops over
//! it.
//!
//! A new kernel is one `shaders/NAME.wgsl` with the entry point `NAME`, one form
//! `device/cpu/NAME.rs`, one parameter struct and one row here.

mod mirror;

use bytemuck::{Pod, Zeroable};

use crate::device::cpu::{self, form::Form};

pub use mirror::{Mirrored, TEXELS, Texel};

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

/// The variants of a matrix product: `small`, where a thread has a fraction of the tile, for devices
/// that a few learners leave idle; `mirrored` for software adapters, whose threads are the lanes of
/// a CPU, and `lanes`, the same without textures, where a buffer is too large for one.
const fn of_product(
    small: &'static [(&'static str, u32)],
    constants: &'static [(&'static str, u32)],
    mirrored: &'static [&'static str],
) -> [Variant; 4] {
    let lanes = Variant {
        name: "lanes",
        constants,
        software: true,
        ..Variant::PLAIN
    };
    let textures = Variant {
        name: "mirrored",
        mirrored,
        ..lanes
    };
    let small = Variant {
        name: "small",
        constants: small,
        ..Variant::PLAIN
    };
    [Variant::PLAIN, small, textures, lanes]
}

/// The variants of `head` for software adapters, as those of a product.
const HEAD_LANES: [Variant; 2] = {
    let [_, _, textures, lanes] = of_product(&[], &[("GROUP_X", 8)], &["x", "parameters"]);
    [textures, lanes]
};

/// A hardware variant with a file of its own.
macro_rules! own_file {
    ($kernel:literal, $name:literal) => {
        Variant {
            name: $name,
            wgsl: Some(include_str!(concat!(
                "../shaders/",
                $kernel,
                ".",
                $name,
                ".wgsl"
            ))),
            ..Variant::PLAIN
        }
    };
}

/// The variants of `image_forward`.
const IMAGE_FORWARD_VARIANTS: [Variant; 6] = {
    let [plain, small, textures, lanes] = of_product(
        &[("ROWS", 4), ("COLS", 4)],
        &[("GROUP_X", 8), ("GROUP_Y", 1)],
        &["images", "parameters"],
    );
    let shared = own_file!("image_forward", "shared");
    let split = own_file!("image_forward", "split");
    [plain, small, shared, split, textures, lanes]
};

/// The variants of `image_backward_weights`.
const IMAGE_BACKWARD_VARIANTS: [Variant; 5] = {
    let [plain, small, textures, lanes] = of_product(
        &[("ROWS", 4)],
        &[("GROUP_X", 8), ("GROUP_Y", 1)],
        &["images", "order", "dy", "parameters"],
    );
    let shared = own_file!("image_backward_weights", "shared");
    [plain, small, shared, textures, lanes]
};

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

/// Declares a parameter struct of u32 and f32 fields (16-byte multiples, as uniforms want), its
/// row of the table, and the tie between both.
macro_rules! kernels {
    ($(
        $(#[$doc:meta])*
        $params:ident, $row:ident, $stem:ident, [$($access:ident),+], $variants:expr,
        { $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? },
        |$this:ident| $extent:expr;
    )+) => {
        $(
            $(#[$doc])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
            pub struct $params { $($(#[$field_doc])* pub $field: $type),+ }

            #[doc = concat!("The row of `", stringify!($stem), "`.")]
            pub static $row: Kernel = Kernel {
                name: stringify!($stem),
                wgsl: include_str!(concat!("../shaders/", stringify!($stem), ".wgsl")),
                bindings: &[$(Access::$access),+],
                params_size: size_of::<$params>(),
                variants: &$variants,
                cpu: &cpu::$stem::FORM,
            };

            impl Params for $params {
                const KERNEL: &'static Kernel = &$row;
                fn extent(&self) -> [u32; 2] { let $this = self; $extent }
            }
        )+
        /// All rows.
        pub static KERNELS: &[&Kernel] = &[$(&$row),+];
        /// The parameter structs' fields in order, by kernel name; proven against the shaders.
        pub static FIELDS: &[(&str, &[&str])] =
            &[$((stringify!($stem), &[$(stringify!($field)),+])),+];
    };
}

kernels! {
    /// Fresh weights of one layer.
    Initialise, INITIALISE, initialise, [Read, Write], [Variant::PLAIN], {
        /// Inputs of the layer.
        inputs: u32,
        /// Outputs of the layer.
        outputs: u32,
        /// Inputs, padded.
        padded_inputs: u32,
        /// Outputs, padded.
        padded_outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// The layer's number.
        layer: u32,
        /// Weights lie in [−bound, bound).
        bound: f32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }, |p| [p.padded_inputs, p.padded_outputs];

    /// The samples of the next steps.
    SampleOrder, SAMPLE_ORDER, sample_order, [Read, Read, Read, Write], [Variant::PLAIN], {
        /// Samples per learner and step.
        rows: u32,
        /// Steps.
        steps: u32,
        /// Learners.
        learners: u32,
        /// Zero.
        pad: u32,
    }, |p| [p.rows, p.steps];

    /// The first layer, from the packed images.
    ImageForward, IMAGE_FORWARD, image_forward, [Read, Read, Read, Write],
    IMAGE_FORWARD_VARIANTS, {
        /// Samples per learner.
        rows: u32,
        /// Pixels per image, a multiple of 16.
        pixels: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// The first entry of the order to use.
        order_start: u32,
        /// Order entries per learner; 0: all learners see the same samples.
        order_stride: u32,
    }, |p| [p.outputs, p.rows];

    /// A dense layer's output.
    DenseForward, DENSE_FORWARD, dense_forward, [Read, Read, Write],
    of_product(&[("ROWS", 4), ("COLS", 4)], &[("ROWS", 16), ("GROUP_X", 8), ("GROUP_Y", 1)], &["x", "parameters"]), {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// 1: ReLU; 0: none.
        relu: u32,
        /// Zero.
        pad: u32,
    }, |p| [p.outputs, p.rows];

    /// The last layer, softmax, loss, and the gradients of the logits and of the last hidden layer.
    Head, HEAD, head, [Read, Read, Read, Read, Read, Write, Write, Write],
    [Variant::PLAIN, HEAD_LANES[0], HEAD_LANES[1]], {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Classes, padded: `MOST_CLASSES` at the most.
        outputs: u32,
        /// Classes.
        classes: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// Where the step begins in the order and the losses.
        order_start: u32,
    }, |p| [p.rows, 1];

    /// The gradient of a hidden layer's output.
    DenseBackwardInput, DENSE_BACKWARD_INPUT, dense_backward_input, [Read, Read, Read, Write],
    of_product(&[("ROWS", 4), ("COLS", 4)], &[("ROWS", 16), ("GROUP_X", 8), ("GROUP_Y", 1)], &["parameters", "dy"]), {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Parameters per learner.
        parameters: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }, |p| [p.inputs, p.rows];

    /// A dense layer's gradient and SGD step.
    DenseBackwardWeights, DENSE_BACKWARD_WEIGHTS, dense_backward_weights,
    [Read, Read, Read, Write, Write],
    of_product(&[("ROWS", 4), ("COLS", 4)], &[("ROWS", 16), ("GROUP_X", 8), ("GROUP_Y", 1)], &["dy", "x"]), {
        /// Samples per learner.
        rows: u32,
        /// Inputs, padded.
        inputs: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }, |p| [p.inputs, p.outputs];

    /// The first layer's gradient and SGD step.
    ImageBackwardWeights, IMAGE_BACKWARD_WEIGHTS, image_backward_weights,
    [Read, Read, Read, Read, Write, Write],
    IMAGE_BACKWARD_VARIANTS, {
        /// Samples per learner.
        rows: u32,
        /// Pixels per image, a multiple of 16.
        pixels: u32,
        /// Outputs, padded.
        outputs: u32,
        /// Offset of W in a learner's parameters.
        weights: u32,
        /// Offset of b.
        biases: u32,
        /// Parameters per learner.
        parameters: u32,
        /// The first entry of the order to use.
        order_start: u32,
        /// Order entries per learner.
        order_stride: u32,
    }, |p| [p.pixels / 16, p.outputs];

    /// The end of some steps: losses summed, clocks moved.
    CloseStep, CLOSE_STEP, close_step, [Read, Write], [Variant::PLAIN], {
        /// Samples per learner.
        rows: u32,
        /// Learners: the threads are theirs, so the extent in z is one.
        learners: u32,
        /// Steps.
        steps: u32,
        /// Zero.
        pad: u32,
    }, |p| [p.learners, 1];

    /// Weights of two networks, mixed.
    MixWeights, MIX_WEIGHTS, mix_weights, [Read, Write], [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// The factor of the weights that are there.
        own: f32,
        /// The factor of the others.
        other: f32,
        /// Zero.
        pad: u32,
    }, |p| [p.vectors, 1];

    /// Counts of an evaluation.
    ScoreCounts, SCORE, score, [Read, Read, Write], [Variant::PLAIN], {
        /// Samples in this part of the set.
        rows: u32,
        /// Classes.
        classes: u32,
        /// Classes, padded.
        stride: u32,
        /// The part's first image.
        first: u32,
    }, |p| [p.rows, 1];
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
    /// Zero.
    pub pad: u32,
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
/// Fixed-point unit of the confidence sums in `score`.
pub const CONFIDENCE_UNIT: f32 = 65536.0;
/// Fixed-point unit of the loss sums in `score`.
pub const LOSS_UNIT: f32 = 16384.0;
/// The loss an image counts at the most, in nats.
pub const LARGEST_LOSS: f32 = 24.0;
/// A mean loss over this, in nats, is a divergence.
pub const UNUSABLE_LOSS: f32 = 1000.0;
