//! What the references of several kernels share: padding, shapes at the edges of tiles, inputs.

use super::Kernel;
use super::shape::{Shape, Source, at_tiles};
use super::{FORGET, OTHER, SOFT};

pub(super) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Shapes of a matrix product at the edges of its tiles, and more: `shape` makes them from the extents in
/// x and y, the contracted size and the learners, of which there are one, odd and several.
pub(super) fn at_product_tiles(
    kernel: &Kernel,
    more: impl IntoIterator<Item = Shape>,
    shape: fn([u32; 2], u32, u32) -> Shape,
) -> Vec<Shape> {
    const DEPTHS: [u32; 6] = [1, 4, 7, 20, 33, 68];
    const LEARNERS: [u32; 5] = [1, 3, 2, 1, 5];
    at_tiles(kernel, more, |place, extent| {
        shape(extent, DEPTHS[place % 6], LEARNERS[place % 5])
    })
}

/// A dense layer's shape, padded as the program pads.
pub(super) fn padded(shape: Shape) -> Shape {
    Shape {
        inputs: shape.inputs.next_multiple_of(4),
        outputs: shape.outputs.next_multiple_of(4),
        ..shape
    }
}

/// The shape of a layer that reads images: a word has four pixels, and a vector four words.
pub(super) fn padded_pixels(shape: Shape) -> Shape {
    Shape {
        inputs: shape.inputs.next_multiple_of(16),
        ..padded(shape)
    }
}

/// What a kernel compares must not depend on whether a device takes subnormal numbers for zero.
pub(super) fn normal(values: Vec<f32>) -> Vec<f32> {
    let zero = |v: f32| if v.is_subnormal() { 0.0 } else { v };
    values.into_iter().map(zero).collect()
}

/// Images that a case's order names: few, or more than MNIST has, of 16 pixels each, where there are
/// samples enough to name numbers with every bit.
pub(super) fn images_of(shape: Shape) -> u32 {
    match shape.inputs == 16 && shape.rows * shape.learners >= 600 {
        true => 100_003,
        false => 23,
    }
}

/// What an order entry says. Cases write it as one word; references read its parts, and no bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The image's number.
    pub(super) image: u32,
    /// Another label than the image's, and one more: 1 to 15; or 0.
    pub(super) other: u32,
    /// Whether it asks for the learner's second weight.
    pub(super) forget: bool,
    /// Whether it asks for a soft target.
    pub(super) soft: bool,
}

impl Entry {
    /// The word that kernels read.
    pub(super) fn word(self) -> u32 {
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        self.image + (self.other << OTHER) + flag(self.forget, FORGET) + flag(self.soft, SOFT)
    }
}

/// The words of entries.
pub(super) fn words(entries: &[Entry]) -> Vec<u32> {
    entries.iter().map(|entry| entry.word()).collect()
}

/// An order over so many images, with every bit of an entry in use, whatever a kernel reads of it:
/// half of the entries name another label.
pub(super) fn order(source: &mut Source, entries: u32, images: u32) -> Vec<Entry> {
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

/// So many images of so many random pixels, as packed words and as bytes. Large images have about as many
/// zeros as handwritten digits: of fours of neighbours the 32 that follow the first 32 and three in
/// eight of the others in all images, and half of the rest.
pub(super) fn images(source: &mut Source, images: u32, pixels: u32) -> (Vec<u32>, Vec<u8>) {
    let quads = pixels / 4;
    let mut words = source.below(images * quads, u32::MAX);
    if quads > 64 {
        let margin = source.below(quads, 8);
        let blank = source.below(images * quads, 2);
        for (at, word) in words.iter_mut().enumerate() {
            let quad = at % quads as usize;
            // The one before the 32, and the last one, have ink in some images.
            let some = quad == 31 || quad + 1 == quads as usize;
            let never = (32..64).contains(&quad) || !some && margin[quad] < 3;
            if never || blank[at] == 0 {
                *word = 0;
            }
        }
    }
    let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    (words, bytes)
}

#[cfg(test)]
mod tests {
    use crate::kernels::KERNELS;

    #[test]
    fn fitting_shapes_stay_as_they_are() {
        for spec in KERNELS {
            for shape in (spec.shapes)() {
                let fitted = (spec.fit)(shape);
                assert_eq!(fitted, (spec.fit)(fitted), "{}", spec.kernel.name);
            }
        }
    }
}
