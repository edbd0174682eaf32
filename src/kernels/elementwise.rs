//! What kernels share that go through a learner's numbers four at a time: their form on the CPU,
//! their shapes and the shape that they fit. Such a kernel's first parameter is the number of fours,
//! and its shape's inputs are a learner's numbers.

use super::Kernel;
use super::cpu::{Part, Touch};
use super::shape::{Shape, around};
use crate::model::Model;

/// Units of a dispatch: fours of numbers.
pub(super) fn units(params: &[u8]) -> usize {
    let first = params.first_chunk().copied().unwrap_or_default();
    u32::from_ne_bytes(first) as usize
}

/// The numbers of a part.
pub(super) fn words(params: &[u8], part: &Part) -> Touch {
    Touch::Words(part.rows(units(params), 4))
}

/// Shapes at the edges of the kernel's tiles, a large one and one of many learners.
pub(super) fn shapes(kernel: &Kernel) -> Vec<Shape> {
    let tiles = around(kernel).into_iter().enumerate();
    let mut shapes: Vec<Shape> = tiles
        .map(|(place, [x, _])| Shape::new(1, 4 * x, 1, [1, 3, 2, 5][place % 4]))
        .collect();
    shapes.extend([Shape::new(1, 65_532, 1, 2), Shape::new(1, 4, 1, 33_000)]);
    shapes
}

/// Whole fours.
pub(super) fn fit(shape: Shape) -> Shape {
    Shape {
        rows: 1,
        inputs: shape.inputs.next_multiple_of(4),
        outputs: 1,
        ..shape
    }
}

/// A sixth of a network: more is no shape that `--shape` takes, whatever the kernel.
pub(super) fn training(_: &Model, learners: u32) -> Vec<Shape> {
    vec![Shape::new(1, 16_384, 1, learners)]
}
