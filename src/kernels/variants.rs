//! The ways to build the kernels that have more than the plain one.

use super::{Shader, Variant};

/// The variants of a matrix product: `small`, where a thread has a fraction of the tile, for devices
/// that a few learners leave idle; `mirrored` for software adapters, whose threads are the lanes of
/// a CPU, and `lanes`, the same without textures, where a buffer is too large for one.
pub(super) const fn of_product(
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
pub(super) static HEAD: [Variant; 3] = {
    let [plain, _, textures, lanes] = of_product(&[], &[("GROUP_X", 8)], &["x", "parameters"]);
    [plain, textures, lanes]
};

/// A hardware variant with a file of its own.
macro_rules! own_file {
    ($kernel:literal, $name:literal) => {{
        static SHADER: Shader = Shader::new(include_str!(concat!(
            "../../shaders/",
            $kernel,
            ".",
            $name,
            ".wgsl"
        )));
        Variant {
            name: $name,
            shader: Some(&SHADER),
            ..Variant::PLAIN
        }
    }};
}

/// The variants of `image_forward`.
pub(super) static IMAGE_FORWARD: [Variant; 6] = {
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
pub(super) static IMAGE_BACKWARD_WEIGHTS: [Variant; 5] = {
    let [plain, small, textures, lanes] = of_product(
        &[("ROWS", 4)],
        &[("GROUP_X", 8), ("GROUP_Y", 1)],
        &["images", "order", "dy", "parameters"],
    );
    let shared = own_file!("image_backward_weights", "shared");
    [plain, small, shared, textures, lanes]
};
