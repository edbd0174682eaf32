//! What each kernel must compute: a file per kernel with its reference in f64, plain loops, the
//! derivation of its bounds, and its shapes.

mod close_step;
mod dampen_weights;
mod dense_backward_input;
mod dense_backward_weights;
mod dense_forward;
mod gradient_products;
mod head;
mod image_backward_weights;
mod image_forward;
mod initialise;
mod log_changes;
mod mix_weights;
mod noise_weights;
mod project_gradients;
mod restore_weights;
mod sample_order;
mod score;
mod select_threshold;
mod sgd;
mod shrink_weights;
mod square;
mod step_images;
mod unpack_images;

use super::case::Case;
use super::shape::{Fill, Shape, Source, around};
use crate::kernel::{FORGET, KERNELS, Kernel, OTHER, SOFT};

/// How a kernel is checked.
pub(crate) struct Family {
    /// Its row.
    pub(crate) kernel: &'static Kernel,
    /// The shapes that are always run, in any padding.
    pub(crate) shapes: fn() -> Vec<Shape>,
    /// A shape as the kernel can take it: padded as the program pads.
    pub(crate) fit: fn(Shape) -> Shape,
    /// The case of a fitting shape.
    pub(crate) case: fn(Shape, Fill, u32) -> Case,
}

impl Family {
    /// The case of any shape.
    pub(crate) fn build(&self, shape: Shape, fill: Fill, seed: u32) -> Case {
        (self.case)((self.fit)(shape), fill, seed)
    }
}

/// The families, in the table's order.
pub(crate) static FAMILIES: &[Family] = &[
    initialise::FAMILY,
    sample_order::FAMILY,
    image_forward::FAMILY,
    dense_forward::FAMILY,
    head::FAMILY,
    dense_backward_input::FAMILY,
    dense_backward_weights::FAMILY,
    image_backward_weights::FAMILY,
    close_step::FAMILY,
    mix_weights::FAMILY,
    shrink_weights::FAMILY,
    select_threshold::FAMILY,
    restore_weights::FAMILY,
    dampen_weights::FAMILY,
    noise_weights::FAMILY,
    unpack_images::FAMILY,
    square::FAMILY,
    step_images::FAMILY,
    log_changes::FAMILY,
    gradient_products::FAMILY,
    project_gradients::FAMILY,
    score::FAMILY,
];

// A row without a family, or out of order, does not compile.
const _: () = {
    assert!(FAMILIES.len() == KERNELS.len());
    let mut row = 0;
    while row < KERNELS.len() {
        assert!(same(FAMILIES[row].kernel.name, KERNELS[row].name));
        row += 1;
    }
};

/// `==`, which strings do not have at compile time.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Shapes at the edges of a kernel's tiles: `shape` makes them from the extents in x and y, the
/// contracted size and the learners, of which there are one, odd and several.
fn at_tiles(kernel: &Kernel, shape: fn([u32; 2], u32, u32) -> Shape) -> Vec<Shape> {
    const DEPTHS: [u32; 6] = [1, 4, 7, 20, 33, 68];
    const LEARNERS: [u32; 5] = [1, 3, 2, 1, 5];
    let tiles = around(kernel).into_iter().enumerate();
    tiles
        .map(|(place, extent)| shape(extent, DEPTHS[place % 6], LEARNERS[place % 5]))
        .collect()
}

/// A dense layer's shape, padded as the program pads.
fn padded(shape: Shape) -> Shape {
    Shape {
        inputs: shape.inputs.next_multiple_of(4),
        outputs: shape.outputs.next_multiple_of(4),
        ..shape
    }
}

/// The shape of a layer that reads images: a word has four pixels, and a vector four words.
fn padded_pixels(shape: Shape) -> Shape {
    Shape {
        inputs: shape.inputs.next_multiple_of(16),
        ..padded(shape)
    }
}

/// Shapes of a kernel that goes through a learner's numbers, which are its inputs, four at a time.
fn vectors(kernel: &Kernel) -> Vec<Shape> {
    let tiles = around(kernel).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, _])| Shape::new(1, 4 * x, 1, [1, 3, 2, 5][place % 4]))
        .collect();
    shapes.extend([Shape::new(1, 65_532, 1, 2), Shape::new(1, 4, 1, 33_000)]);
    shapes
}

/// The shape of such a kernel: whole vectors.
fn in_vectors(shape: Shape) -> Shape {
    Shape {
        rows: 1,
        inputs: shape.inputs.next_multiple_of(4),
        outputs: 1,
        ..shape
    }
}

/// What a kernel compares must not depend on whether a device takes subnormal numbers for zero.
fn normal(values: Vec<f32>) -> Vec<f32> {
    let zero = |v: f32| if v.is_subnormal() { 0.0 } else { v };
    values.into_iter().map(zero).collect()
}

/// Images that a case's order names: few, or more than MNIST has, of 16 pixels each, where there are
/// samples enough to name numbers with every bit.
pub(crate) fn images_of(shape: Shape) -> u32 {
    match shape.inputs == 16 && shape.rows * shape.learners >= 600 {
        true => 100_003,
        false => 23,
    }
}

/// What an order entry says. Cases write it as one word; references read its parts, and no bits.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The image's number.
    image: u32,
    /// Another label than the image's, and one more: 1 to 15; or 0.
    other: u32,
    /// Whether it asks for the learner's second weight.
    forget: bool,
    /// Whether it asks for a soft target.
    soft: bool,
}

impl Entry {
    /// The word that kernels read.
    fn word(self) -> u32 {
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        self.image + (self.other << OTHER) + flag(self.forget, FORGET) + flag(self.soft, SOFT)
    }
}

/// The words of entries.
fn words(entries: &[Entry]) -> Vec<u32> {
    entries.iter().map(|entry| entry.word()).collect()
}

/// An order over so many images, with every bit of an entry in use, whatever a kernel reads of it:
/// half of the entries name another label.
fn order(source: &mut Source, entries: u32, images: u32) -> Vec<Entry> {
    let entry = |word: u32| {
        let (image, rest) = (word % images, word / images);
        let other = rest / 4 % 30;
        Entry {
            image,
            other: if other < 15 { 1 + other } else { 0 },
            forget: rest % 2 == 1,
            soft: rest / 2 % 2 == 1,
        }
    };
    let words = source.below(entries, u32::MAX);
    words.into_iter().map(entry).collect()
}

/// So many images of so many random pixels, as packed words and as bytes.
fn images(source: &mut Source, images: u32, pixels: u32) -> (Vec<u32>, Vec<u8>) {
    let words = source.below(images * pixels / 4, u32::MAX);
    let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    (words, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::shape::Fill;

    #[test]
    fn fitting_shapes_stay_as_they_are() {
        for family in FAMILIES {
            for shape in (family.shapes)() {
                let fitted = (family.fit)(shape);
                assert_eq!(fitted, (family.fit)(fitted), "{}", family.kernel.name);
                if fitted.rows * fitted.learners < 1000 {
                    let case = family.build(shape, Fill::Random, 1);
                    assert_eq!(case.shape, fitted);
                }
            }
        }
    }
}
