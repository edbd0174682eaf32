//! What a kernel has to compute and to move at a shape: the work of the algorithm, whatever a
//! variant does beyond it.
//!
//! An operation is an addition, a product, a division, a comparison of floats, an exponential or a
//! logarithm; integers are not counted. A byte counts once for each buffer that has to be read or
//! written from memory, however often threads load it. The numbers are those of the check's case:
//! a few images for all samples, and momentum for every second learner.

use crate::check::{Shape, images_of};

/// The work of a dispatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The work of the kernel with this name at a shape, padded as its case is.
pub fn cost(kernel: &str, shape: Shape) -> Cost {
    let [r, i, o, l] = [shape.rows, shape.inputs, shape.outputs, shape.learners].map(u64::from);
    let (samples, weights, values) = (l * r, l * (i * o), l * (i * o + o));
    // Images, labels: no more of them than there are, whoever reads them.
    let distinct = samples.min(images_of(shape).into());
    let stride = o.next_multiple_of(4);
    // Settings of 32 bytes; each value read and written, and its velocity where there is momentum.
    let sgd = 32 * l + 8 * values + 8 * (i * o + o) * l.div_ceil(2);
    let (flops, words, bytes) = match kernel {
        "initialise" => {
            let padded = l * (i.next_multiple_of(4) + 1) * stride;
            (3 * weights, 2 * l + padded, 0)
        }
        // Steps are its outputs, and those of `close_step`.
        "sample_order" => (0, 2 * samples * o, (32 + 16) * l),
        "image_forward" => (
            samples * o * (2 * i + 3),
            samples + values + samples * o,
            distinct * i,
        ),
        "dense_forward" => (
            samples * o * (2 * i + 2),
            samples * i + values + samples * o,
            0,
        ),
        // A product and a sum for each logit, softmax and loss, and the product back.
        "head" => (
            samples * o * (2 * i + 1 + 10 + 2 * i),
            distinct + 2 * samples + stride * (l + samples) + values + 2 * samples * i,
            0,
        ),
        "dense_backward_input" => (
            2 * samples * i * o,
            weights + samples * o + 2 * samples * i,
            0,
        ),
        "dense_backward_weights" => (
            samples * o * (2 * i + 1) + 5 * values,
            samples * (i + o),
            sgd,
        ),
        "image_backward_weights" => (
            samples * o * (2 * i + 1) + 5 * values,
            samples * (o + 1),
            distinct * i + sgd,
        ),
        "close_step" => ((samples + 2 * l) * o, samples * o, 32 * l),
        "mix_weights" => (3 * l * i, 3 * l * i, 0),
        // Numbers of a learner are its inputs; pairs are its learners.
        "shrink_weights" => (3 * l * i, 2 * l * i, 48 * l),
        "select_threshold" => (0, l * (i + o + 1), 32 * l),
        "restore_weights" => (0, l * (4 * i + 1), 0),
        "dampen_weights" => (5 * l * i, 4 * l * i, 0),
        "noise_weights" => (7 * l * i, l * (3 * i + 2), 0),
        "unpack_images" => (samples * i, samples * (1 + i), distinct * i),
        "square" => (l * i, 2 * l * i, 0),
        "step_images" => (5 * l * i, 3 * l * i, 0),
        "log_changes" => (2 * l * i, samples + 5 * l * i, 0),
        "gradient_products" => (6 * l * i, l * (2 * i + 256), 0),
        "project_gradients" => (6 * l * i, l * (8 * i + 256), 64 * l),
        "score" => (
            samples * (4 * o + 8),
            r + samples * stride + 2 * l * (o + 2) * o,
            0,
        ),
        _ => (0, 0, 0),
    };
    Cost {
        flops,
        bytes: 4 * words + bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::KERNELS;

    /// By hand, at 2 rows, 16 inputs, 4 outputs and 3 learners: 6 samples, 64 weights and 4 biases
    /// in a learner, of which 2 have momentum.
    #[test]
    fn costs_are_those_that_a_person_counts() {
        let sgd = 3 * 32 + 2 * 4 * 3 * 68 + 2 * 4 * 2 * 68;
        for (kernel, flops, bytes) in [
            // (a·2⁻²³ − 1)·bound of 192 weights; keys of 8 bytes, 68 words written.
            ("initialise", 576, 3 * 8 + 3 * 68 * 4),
            // Settings and clock; in each of 4 steps a list entry read and an order entry written for
            // each sample.
            ("sample_order", 0, 3 * 48 + 4 * (6 * 4 + 6 * 4)),
            // 24 results of 16 multiply-adds, a division, a sum and a maximum; 6 images.
            (
                "image_forward",
                24 * 35,
                6 * 16 + 6 * 4 + 3 * 68 * 4 + 24 * 4,
            ),
            ("dense_forward", 24 * 34, 6 * 16 * 4 + 3 * 68 * 4 + 24 * 4),
            // 24 logits of 16 multiply-adds, a bias and ten operations more, and 16 multiply-adds
            // back; labels, order, losses; targets; weights, dlogits; x and dx.
            (
                "head",
                24 * 75,
                3 * 6 * 4 + 3 * 4 * 4 + 3 * 68 * 4 + 24 * 4 + 2 * 96 * 4,
            ),
            (
                "dense_backward_input",
                96 * 8,
                3 * 64 * 4 + 24 * 4 + 2 * 96 * 4,
            ),
            (
                "dense_backward_weights",
                24 * 33 + 5 * 3 * 68,
                24 * 4 + 96 * 4 + sgd,
            ),
            (
                "image_backward_weights",
                24 * 33 + 5 * 3 * 68,
                6 * 16 + 6 * 4 + 24 * 4 + sgd,
            ),
            ("close_step", 4 * (6 + 6), 4 * 6 * 4 + 3 * 32),
            ("mix_weights", 3 * 48, 3 * 48 * 4),
            // A difference, a maximum and a sign; settings and clock.
            ("shrink_weights", 3 * 48, 3 * 48 + 2 * 48 * 4),
            // A share of 16 numbers; three rounds counted before, and one now.
            ("select_threshold", 0, 3 * (16 + 5) * 4 + 3 * 32),
            ("restore_weights", 0, 3 * (4 * 16 + 1) * 4),
            // A limit and a comparison, a product, a quotient and a product.
            ("dampen_weights", 5 * 48, 4 * 48 * 4),
            // A maximum, a quotient, a root; the mean, the scale, a product, a sum.
            ("noise_weights", 7 * 48, 3 * (3 * 16 + 2) * 4),
            ("unpack_images", 96, 6 * 4 + 96 * 4 + 6 * 16),
            ("square", 48, 2 * 48 * 4),
            // A sign, a product, a sum and two limits.
            ("step_images", 5 * 48, 3 * 48 * 4),
            ("log_changes", 2 * 48, 6 * 4 + 5 * 48 * 4),
            // Three products and sums; two gradients, 64 threads' sums.
            ("gradient_products", 6 * 48, 3 * (32 + 256) * 4),
            // Two products and a difference for a step, another one, and two differences.
            ("project_gradients", 6 * 48, 3 * (128 + 256) * 4 + 3 * 64),
            ("score", 6 * 24, 2 * 4 + 24 * 4 + 2 * 3 * 24 * 4),
        ] {
            let cost = cost(kernel, Shape::new(2, 16, 4, 3));
            assert_eq!(cost, Cost { flops, bytes }, "{kernel}");
        }
    }

    #[test]
    fn every_kernel_moves_something() {
        for kernel in KERNELS {
            let cost = cost(kernel.name, Shape::new(1, 16, 4, 1));
            assert!(cost.bytes > 0, "{}: no cost is known", kernel.name);
        }
    }

    #[test]
    fn samples_share_the_images_that_there_are() {
        let bytes = |rows| cost("image_forward", Shape::new(rows, 16, 4, 1)).bytes;
        assert_eq!(bytes(24) - bytes(23), 4 + 16, "an order entry and a result");
        assert_eq!(bytes(23) - bytes(22), 4 + 16 + 16, "and an image");
    }
}
