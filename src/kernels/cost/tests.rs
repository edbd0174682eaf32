use super::*;
use crate::kernels::KERNELS;

fn cost(kernel: &str, shape: Shape) -> Cost {
    let spec = KERNELS.iter().find(|spec| spec.kernel.name == kernel);
    spec.unwrap().cost(shape)
}

/// By hand, at 2 rows, 16 inputs, 4 outputs and 3 learners: 6 samples, 64 weights and 4 biases
/// in a learner, of which 2 have momentum.
const COUNTED: [(&str, u64, u64); 21] = {
    let sgd = 3 * 32 + 2 * 4 * 3 * 68 + 2 * 4 * 2 * 68;
    [
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
        // A difference, a product and a sum; factors read, weights before and after read and written.
        ("scale_changes", 3 * 48, 5 * 48 * 4),
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
    ]
};

#[test]
fn costs_are_those_that_a_person_counts() {
    assert_eq!(COUNTED.len(), KERNELS.len());
    for (kernel, flops, bytes) in COUNTED {
        let cost = cost(kernel, Shape::new(2, 16, 4, 3));
        assert_eq!(cost, Cost { flops, bytes }, "{kernel}");
    }
}

#[test]
fn samples_share_the_images_that_there_are() {
    let bytes = |rows| cost("image_forward", Shape::new(rows, 16, 4, 1)).bytes;
    assert_eq!(bytes(24) - bytes(23), 4 + 16, "an order entry and a result");
    assert_eq!(bytes(23) - bytes(22), 4 + 16 + 16, "and an image");
}
