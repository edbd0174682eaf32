//! The kernels. Each is its shaders in `shaders/`, `NAME.wgsl` with the entry point `NAME` and, for
//! variants that work in another way, `NAME.VARIANT.wgsl`; and one file here with its parameters,
//! its form on the CPU, its cost, its shapes, and a reference in f64 with the derivation of its
//! bounds. Kernels that change each number by itself share all of that but what becomes of a number
//! (`elementwise`). [`KERNELS`] lists them; devices, checks, benchmarks, tuning and tests are loops over it.

pub(crate) mod bounded;
pub(crate) mod case;
mod close_step;
pub(crate) mod cost;
pub(crate) mod cpu;
mod dampen_weights;
mod dense_backward_input;
mod dense_backward_weights;
mod dense_forward;
mod elementwise;
pub(crate) mod expected;
mod foreign;
mod gradient_products;
mod head;
mod image_backward_weights;
mod image_forward;
mod initialise;
mod ink;
mod lanes;
mod layout;
mod log_changes;
pub(crate) mod matrix;
mod mirror;
mod mismatch;
mod mix_weights;
mod noise_weights;
mod pixels;
mod project_gradients;
mod reference;
mod sample_order;
mod scale_changes;
mod score;
mod sgd;
mod sgd_reference;
mod shader;
mod shape;
mod shrink_weights;
pub(crate) mod slot;
mod square;
mod step_images;
pub mod translation;
mod unpack_images;
mod variants;

use bytemuck::Pod;

use crate::model::Model;
use case::Case;
use cost::{Cost, Sizes};
use cpu::Form;

pub use expected::Expected;
pub use mismatch::{Cause, Mismatch, Number, Place};

pub(crate) use close_step::CloseStep;
pub(crate) use dampen_weights::DampenWeights;
pub(crate) use dense_backward_input::DenseBackwardInput;
pub(crate) use dense_backward_weights::DenseBackwardWeights;
pub(crate) use dense_forward::DenseForward;
pub(crate) use gradient_products::GradientProducts;
pub(crate) use head::Head;
pub(crate) use image_backward_weights::ImageBackwardWeights;
pub(crate) use image_forward::ImageForward;
pub(crate) use initialise::Initialise;
pub use layout::*;
pub(crate) use log_changes::LogChanges;
pub use mirror::{Mirrored, TEXELS};
pub(crate) use mix_weights::MixWeights;
pub(crate) use noise_weights::NoiseWeights;
pub(crate) use project_gradients::ProjectGradients;
pub(crate) use sample_order::SampleOrder;
pub(crate) use scale_changes::ScaleChanges;
pub(crate) use score::ScoreCounts;
pub use shader::{Access, Binding, Element, Shader};
pub(crate) use shape::MANY;
pub use shape::{Fill, Shape};

pub(crate) use shrink_weights::ShrinkWeights;
pub(crate) use square::Square;
pub(crate) use step_images::StepImages;
pub(crate) use unpack_images::UnpackImages;

/// THE list of kernels: one line each.
pub static KERNELS: &[&Spec] = &[
    &initialise::INITIALISE,
    &sample_order::SAMPLE_ORDER,
    &image_forward::IMAGE_FORWARD,
    &dense_forward::DENSE_FORWARD,
    &head::HEAD,
    &dense_backward_input::DENSE_BACKWARD_INPUT,
    &dense_backward_weights::DENSE_BACKWARD_WEIGHTS,
    &image_backward_weights::IMAGE_BACKWARD_WEIGHTS,
    &close_step::CLOSE_STEP,
    &mix_weights::MIX_WEIGHTS,
    &shrink_weights::SHRINK_WEIGHTS,
    &scale_changes::SCALE_CHANGES,
    &dampen_weights::DAMPEN_WEIGHTS,
    &noise_weights::NOISE_WEIGHTS,
    &unpack_images::UNPACK_IMAGES,
    &square::SQUARE,
    &step_images::STEP_IMAGES,
    &log_changes::LOG_CHANGES,
    &gradient_products::GRADIENT_PRODUCTS,
    &project_gradients::PROJECT_GRADIENTS,
    &score::SCORE,
];

/// A way to build a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variant {
    /// What it is called.
    pub name: &'static str,
    /// A shader of its own, `shaders/KERNEL.NAME.wgsl`, where it works in another way than the
    /// kernel's: with the same entry point, bindings and parameters.
    pub shader: Option<&'static Shader>,
    /// Values for the shader's `const NAME: u32` declarations; others keep their value.
    pub constants: &'static [(&'static str, u32)],
    /// Bindings that are read through a storage texture which mirrors the buffer, instead of from
    /// the buffer itself: in a loop, Mesa's lavapipe loads from buffers lane by lane through memory,
    /// but texels of all lanes at a time. What a kernel also writes is read as it was before.
    pub mirrored: &'static [&'static str],
    /// Whether it is made for software adapters, or for hardware.
    pub software: bool,
}

impl Variant {
    /// The shader as it stands: what hardware gets.
    pub const PLAIN: Self = Self {
        name: "plain",
        shader: None,
        constants: &[],
        mirrored: &[],
        software: false,
    };
}

/// What a device needs to run a kernel.
#[derive(Debug)]
pub struct Kernel {
    /// The shader's stem and the entry point.
    pub name: &'static str,
    /// The shader. Its storage buffers are bindings 1, 2, …; binding 0 is the parameter struct. A foreign
    /// one has its buffers where it wants them.
    pub shader: Shader,
    /// Bytes of the parameter struct; 0 where there is none.
    pub params_size: usize,
    /// The parameter struct's fields in order; proven against the shader by a test.
    pub fields: &'static [&'static str],
    /// The ways to build it, the plain one first.
    pub variants: &'static [Variant],
    /// The same computation on the CPU, if there is one.
    pub(crate) cpu: Option<Form>,
}

/// A kernel with all that is known of it: a row of [`KERNELS`].
#[derive(Debug)]
pub struct Spec {
    /// What devices run.
    pub kernel: Kernel,
    /// Floating-point operations, words and further bytes at a shape.
    pub(crate) cost: fn(Sizes) -> (u64, u64, u64),
    /// The shapes that it has in training and in an evaluation, of this many learners.
    pub(crate) training: fn(&Model, u32) -> Vec<Shape>,
    /// The shapes that a check always runs, in any padding.
    pub(crate) shapes: fn() -> Vec<Shape>,
    /// A shape as the kernel can take it: padded as the program pads.
    pub(crate) fit: fn(Shape) -> Shape,
    /// The case of a fitting shape, with what must come out.
    pub(crate) case: fn(Shape, Fill, u32) -> Case,
    /// The terms of its sums, or the operations in their place, at a shape.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "bounds are proven tight by a test")
    )]
    pub(crate) terms: fn(Shape) -> u32,
    /// Whether its results are rounded: some kernels are exact, or nearly so.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "bounds are proven tight by a test")
    )]
    pub(crate) rounds: bool,
}

impl Spec {
    /// The case of any shape.
    pub(crate) fn build(&self, shape: Shape, fill: Fill, seed: u32) -> Case {
        (self.case)((self.fit)(shape), fill, seed)
    }

    /// The work of a dispatch at a fitting shape.
    pub(crate) fn cost(&self, shape: Shape) -> Cost {
        let (flops, words, bytes) = (self.cost)(Sizes::of(shape));
        Cost {
            flops,
            bytes: 4 * words + bytes,
        }
    }
}

/// The constants that make a thread's tile and a workgroup's shape. A workgroup covers
/// COLS·GROUP_X × ROWS·GROUP_Y units of the dispatch's extent; what is missing is 1. SPLIT threads in z,
/// or LANES in x, share a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Units of extent that a workgroup covers in x, y and z.
    pub covers: [u32; 3],
    /// Threads of a workgroup: in x, in y, and the number that share a tile.
    pub group: [u32; 3],
}

impl Kernel {
    /// The kernel with these parameters.
    const fn of<P: Params>(
        name: &'static str,
        wgsl: &'static str,
        variants: &'static [Variant],
        cpu: Form,
    ) -> Self {
        Self {
            name,
            shader: Shader::new(wgsl),
            params_size: size_of::<P>(),
            fields: P::FIELDS,
            variants,
            cpu: Some(cpu),
        }
    }

    /// The variant with this name.
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|v| v.name == name)
    }

    /// Whether it comes from outside: its uniforms are buffers like others, every buffer is bound with its
    /// exact size, and its dispatches count workgroups.
    pub(crate) fn is_foreign(&self) -> bool {
        self.shader.is_foreign()
    }

    /// Its buffers, in order.
    pub fn bindings(&self) -> &[Binding] {
        self.shader.bindings()
    }

    /// The shader that a variant is built from.
    pub fn shader_of<'a>(&'a self, variant: &Variant) -> &'a Shader {
        variant.shader.unwrap_or(&self.shader)
    }

    /// The name of that shader's file, without its extension.
    pub fn stem(&self, variant: &Variant) -> String {
        match variant.shader {
            Some(_) => format!("{}.{}", self.name, variant.name),
            None => self.name.to_owned(),
        }
    }

    /// The shader's text in a variant.
    pub fn source(&self, variant: &Variant) -> String {
        let mut text = self.source_with_buffers(variant);
        for mirrored in self.mirrored(variant) {
            text = mirror::through_texture(&text, &mirrored);
        }
        text
    }

    /// The same before textures stand in for buffers.
    pub(crate) fn source_with_buffers(&self, variant: &Variant) -> String {
        self.shader_of(variant).with_constants(variant.constants)
    }

    /// The tile of a variant.
    pub fn tile(&self, variant: &Variant) -> Tile {
        let value = |name: &str| {
            let set = variant.constants.iter().find(|(n, _)| *n == name);
            let own = || self.shader_of(variant).constant(name);
            set.map(|c| c.1).or_else(own).unwrap_or(1)
        };
        let [x, y] = [value("GROUP_X"), value("GROUP_Y")];
        Tile {
            covers: [value("COLS") * x, value("ROWS") * y, 1],
            group: [x * value("LANES"), y, value("SPLIT")],
        }
    }

    /// Workgroups that cover `extent`: the one place where they are counted.
    pub(crate) fn groups(&self, variant: &Variant, extent: [u32; 3]) -> [u32; 3] {
        if self.is_foreign() {
            return extent;
        }
        let tile = self.tile(variant);
        std::array::from_fn(|axis| extent[axis].div_ceil(tile.covers[axis]))
    }
}

/// A kernel's parameter struct: it knows its kernel, and the extent of its dispatch.
pub(crate) trait Params: Pod {
    /// Its fields in order.
    const FIELDS: &'static [&'static str];
    /// The kernel.
    fn kernel() -> &'static Kernel;
    /// Units of work in x and y; the learners are z.
    fn extent(&self) -> [u32; 2];
    /// The struct with these bytes.
    fn read(bytes: &[u8]) -> Self {
        bytemuck::pod_read_unaligned(bytes)
    }
}

/// Declares a parameter struct of u32 and f32 fields (a multiple of 16 bytes, as uniforms want): of
/// which kernel, over which extent.
macro_rules! params {
    ($(#[$doc:meta])* $vis:vis struct $name:ident of $spec:ident over |$p:pat_param| [$x:expr, $y:expr] {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)+
    }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        $vis struct $name { $($(#[$field_doc])* pub(crate) $field: $type,)+ }

        impl super::Params for $name {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn kernel() -> &'static super::Kernel {
                &$spec.kernel
            }

            fn extent(&self) -> [u32; 2] {
                let $p = self;
                [$x, $y]
            }
        }
    };
}
use params;

/// A kernel from its stem, parameter struct, variants and form on the CPU.
macro_rules! kernel {
    ($stem:literal, $params:ty, $variants:expr, $form:expr) => {
        super::Kernel::of::<$params>(
            $stem,
            include_str!(concat!("../../shaders/", $stem, ".wgsl")),
            $variants,
            $form,
        )
    };
}
use kernel;
