//! What a kernel is on the CPU: a function for a part of a dispatch, and what such a part touches.

use std::ops::Range;

use super::Variant;
use super::slot::Slot;

/// The most bindings that a kernel has.
pub(crate) const MOST_BINDINGS: usize = 8;

/// Does a part of a dispatch, with the bytes of the parameter struct and the buffers by binding.
pub(crate) type Work = fn(&[u8], &Part, &mut [Slot<'_>; MOST_BINDINGS]);

/// A kernel on the CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// How many learners a dispatch covers, from its parameters and its extent.
    pub(crate) learners: fn(&[u8], [u32; 3]) -> usize,
    /// Units into which a learner's share of the work may be divided, such as samples or outputs.
    pub(crate) units: fn(&[u8]) -> usize,
    /// What a part touches, by binding. What one part writes no other part may touch.
    pub(crate) touches: fn(&[u8], &Part) -> Vec<Touch>,
    /// The fast way, where plain loops are too slow.
    pub(crate) library: Option<Work>,
    /// Plain loops: the reference.
    pub(crate) twin: Work,
}

/// Plain loops.
const TWIN: Variant = Variant {
    name: "twin",
    ..Variant::PLAIN
};

/// Matrix products by a library.
const LIBRARY: Variant = Variant {
    name: "gemm",
    ..Variant::PLAIN
};

/// The variants of the kernels on a CPU; those without a fast way have the last one only.
pub(crate) static VARIANTS: [Variant; 2] = [LIBRARY, TWIN];

impl Form {
    /// A kernel that has plain loops alone, over learners that lie in z.
    pub(super) const fn loops(
        units: fn(&[u8]) -> usize,
        touches: fn(&[u8], &Part) -> Vec<Touch>,
        twin: Work,
    ) -> Self {
        Self {
            learners: depth,
            units,
            touches,
            library: None,
            twin,
        }
    }

    /// The ways that there are, the one that the CPU chooses by itself first.
    pub(crate) fn variants(&self) -> &'static [Variant] {
        &VARIANTS[usize::from(self.library.is_none())..]
    }

    /// The work of a variant; without any, of the one that the CPU chooses by itself.
    pub(crate) fn work(&self, variant: Option<&Variant>) -> Work {
        match self.library {
            Some(library) if variant.is_none_or(|v| v.name != TWIN.name) => library,
            _ => self.twin,
        }
    }
}

/// The learners of a dispatch whose extent has them in z.
pub(super) fn depth(_: &[u8], extent: [u32; 3]) -> usize {
    extent[2] as usize
}

/// Units of a kernel whose work for a learner stays in one piece.
pub(super) fn one(_: &[u8]) -> usize {
    1
}

/// A part of a dispatch: some units of one learner.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The learner.
    pub(crate) learner: usize,
    /// Its units.
    pub(crate) units: Range<usize>,
}

impl Part {
    /// The elements of this learner, in an array with `each` for every learner.
    pub(super) fn own(&self, each: usize) -> Range<usize> {
        self.learner * each..(self.learner + 1) * each
    }

    /// The elements of these units, in an array [learners, units, width].
    pub(super) fn rows(&self, units: usize, width: usize) -> Range<usize> {
        let first = self.learner * units;
        (first + self.units.start) * width..(first + self.units.end) * width
    }

    /// The elements of these units, in an array whose learners begin `stride` apart from `start` on.
    pub(super) fn strided(&self, start: u32, stride: u32) -> Range<usize> {
        let first = start as usize + self.learner * stride as usize;
        first + self.units.start..first + self.units.end
    }

    /// Pieces, each from its offset on and of its length, of the `each` elements of this learner.
    pub(super) fn pieces<const N: usize>(
        &self,
        each: u32,
        pieces: [(u32, u32); N],
    ) -> [Range<usize>; N] {
        pieces.map(|(offset, length)| {
            let first = self.learner * each as usize + offset as usize;
            first..first + length as usize
        })
    }

    /// The elements of these units in an array [units, width] that starts at `offset` among the
    /// `each` elements of every learner.
    pub(super) fn inner(&self, each: usize, offset: usize, width: usize) -> Range<usize> {
        let first = self.learner * each + offset;
        first + self.units.start * width..first + self.units.end * width
    }
}

/// What a part touches of a binding, in words from the binding's start.
#[derive(Clone, Debug)]
pub(crate) enum Touch {
    /// Any of it.
    Whole,
    /// These words.
    Words(Range<usize>),
    /// The words in any of these ranges.
    Ranges(Vec<Range<usize>>),
}
