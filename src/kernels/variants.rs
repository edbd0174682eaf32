//! The ways to build the kernels that have more than the plain one.

use super::{Shader, Variant};

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

/// A variant with a file of its own, for hardware.
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

/// A variant with a file of its own, for software adapters: it reads through the same textures as
/// `mirrored`.
const fn through_textures(own: Variant, mirrored: &Variant) -> Variant {
    Variant {
        software: true,
        mirrored: mirrored.mirrored,
        ..own
    }
}

/// The variants of `head`.
pub(super) static HEAD: [Variant; 4] = {
    let [plain, _, textures, lanes] = of_product(&[], &[("GROUP_X", 8)], &["x", "parameters"]);
    [plain, own_file!("head", "split"), textures, lanes]
};

/// The variants of a product of floats: those of a product, and `split`, where several threads share
/// a tile.
macro_rules! of_floats {
    ($kernel:literal, $mirrored:expr) => {{
        let small = &[("ROWS", 4), ("COLS", 4)];
        let lanes = &[("ROWS", 16), ("GROUP_X", 8), ("GROUP_Y", 1)];
        let [plain, small, textures, lanes] = of_product(small, lanes, $mirrored);
        [plain, small, own_file!($kernel, "split"), textures, lanes]
    }};
}

/// The variants of `dense_forward`.
pub(super) static DENSE_FORWARD: [Variant; 5] = of_floats!("dense_forward", &["x", "parameters"]);

/// The variants of `dense_backward_input`.
pub(super) static DENSE_BACKWARD_INPUT: [Variant; 5] =
    of_floats!("dense_backward_input", &["parameters", "dy"]);

/// The variants of `dense_backward_weights`.
pub(super) static DENSE_BACKWARD_WEIGHTS: [Variant; 5] =
    of_floats!("dense_backward_weights", &["dy", "x"]);

/// The variants of `image_forward`.
pub(super) static IMAGE_FORWARD: [Variant; 8] = {
    let [plain, small, textures, lanes] = of_product(
        &[("ROWS", 4), ("COLS", 4)],
        &[("GROUP_X", 8), ("GROUP_Y", 1)],
        &["images", "parameters"],
    );
    let shared = own_file!("image_forward", "shared");
    let wide = own_file!("image_forward", "wide");
    let split = own_file!("image_forward", "split");
    let ink = own_file!("image_forward", "ink");
    let ink = through_textures(ink, &textures);
    [plain, small, shared, wide, split, ink, textures, lanes]
};

/// The variants of `image_backward_weights`.
pub(super) static IMAGE_BACKWARD_WEIGHTS: [Variant; 7] = {
    let [plain, small, textures, lanes] = of_product(
        &[("ROWS", 4)],
        &[("GROUP_X", 8), ("GROUP_Y", 1)],
        &["images", "order", "dy", "parameters"],
    );
    let shared = own_file!("image_backward_weights", "shared");
    let split = own_file!("image_backward_weights", "split");
    let ink = own_file!("image_backward_weights", "ink");
    let ink = through_textures(ink, &textures);
    [plain, small, shared, split, ink, textures, lanes]
};
