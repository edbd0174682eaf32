//! The rows of the kernel table, with the parameter struct of each.

use bytemuck::{Pod, Zeroable};

use super::variants::{HEAD_LANES, IMAGE_BACKWARD_VARIANTS, IMAGE_FORWARD_VARIANTS, of_product};
use super::{Access, Kernel, Params, STRIPES, Variant};
use crate::device::cpu;

/// Declares a parameter struct of u32 and f32 fields (16-byte multiples, as uniforms want), its
/// row of the table, and the tie between both.
macro_rules! kernels {
    ($(
        $(#[$doc:meta])*
        $params:ident, $row:ident, $stem:ident, [$($access:ident),+], $variants:expr,
        { $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? },
        |$this:pat_param| $extent:expr;
    )+) => {
        $(
            $(#[$doc])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
            pub struct $params { $($(#[$field_doc])* pub $field: $type),+ }

            #[doc = concat!("The row of `", stringify!($stem), "`.")]
            pub static $row: Kernel = Kernel {
                name: stringify!($stem),
                wgsl: include_str!(concat!("../../shaders/", stringify!($stem), ".wgsl")),
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

    /// The proximal step of an ℓ1 penalty.
    ShrinkWeights, SHRINK_WEIGHTS, shrink_weights, [Read, Read, Write], [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// Steps since the clock was moved.
        step: u32,
        /// Steps until the penalty is gone.
        steps: u32,
        /// Zero.
        pad: u32,
    }, |p| [p.vectors, 1];

    /// The size that a share of numbers reaches.
    SelectThreshold, SELECT_THRESHOLD, select_threshold, [Read, Read, Write], [Variant::PLAIN], {
        /// Vectors of four numbers per learner.
        vectors: u32,
        /// The round; in round `THRESHOLD_ROUNDS` − 1 the result is written.
        round: u32,
        /// The numbers of which a share is meant.
        weights: u32,
        /// Zero.
        pad: u32,
    }, |p| [p.vectors, 1];

    /// Weights under a threshold of salience, as they were.
    RestoreWeights, RESTORE_WEIGHTS, restore_weights, [Read, Read, Read, Write], [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }, |p| [p.vectors, 1];

    /// Weights that matter more to the forget samples, made smaller.
    DampenWeights, DAMPEN_WEIGHTS, dampen_weights, [Read, Read, Write], [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// How many times more a weight must matter.
        alpha: f32,
        /// How much is left of it.
        lambda: f32,
        /// Zero.
        pad: u32,
    }, |p| [p.vectors, 1];

    /// Noise where weights matter little.
    NoiseWeights, NOISE_WEIGHTS, noise_weights, [Read, Read, Write], [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// The scale of the noise's variance.
        alpha: f32,
        /// The least information that counts.
        least: f32,
        /// Zero.
        pad: u32,
    }, |p| [p.vectors, 1];

    /// Pixels as floats.
    UnpackImages, UNPACK_IMAGES, unpack_images, [Read, Read, Write], [Variant::PLAIN], {
        /// Samples per learner.
        rows: u32,
        /// Pixels per image, a multiple of 4.
        pixels: u32,
        /// The first entry of the order to use.
        order_start: u32,
        /// Order entries per learner; 0: all learners see the same samples.
        order_stride: u32,
    }, |p| [p.pixels / 4, p.rows];

    /// Squares.
    Square, SQUARE, square, [Write], [Variant::PLAIN], {
        /// Vectors of four numbers per learner.
        vectors: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }, |p| [p.vectors, 1];

    /// Images, moved along the sign of their gradient.
    StepImages, STEP_IMAGES, step_images, [Read, Write], [Variant::PLAIN], {
        /// Vectors of four pixels per learner.
        vectors: u32,
        /// How far.
        size: f32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
    }, |p| [p.vectors, 1];

    /// What steps with forget samples changed.
    LogChanges, LOG_CHANGES, log_changes, [Read, Read, Write, Write], [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// Samples per learner.
        rows: u32,
        /// Where the step begins in the order.
        order_start: u32,
        /// Zero.
        pad: u32,
    }, |p| [p.vectors, 1];

    /// Scalar products of pairs of gradients.
    GradientProducts, GRADIENT_PRODUCTS, gradient_products, [Read, Write], [Variant::PLAIN], {
        /// Vectors of four numbers per learner.
        vectors: u32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
        /// Zero.
        pad2: u32,
    }, |_| [STRIPES, 1];

    /// A step that does not climb the other loss.
    ProjectGradients, PROJECT_GRADIENTS, project_gradients, [Read, Read, Write, Write],
    [Variant::PLAIN], {
        /// Vectors of four weights per learner.
        vectors: u32,
        /// The longest gradient.
        clip: f32,
        /// Zero.
        pad0: u32,
        /// Zero.
        pad1: u32,
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
