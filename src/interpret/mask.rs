//! Sets of a workgroup's invocations.

use std::ops::{BitAnd, BitOr, Not};

/// The most invocations that a workgroup may have.
pub(super) const MOST: usize = 1024;
const WORDS: usize = MOST / 64;

/// A set of invocations, by their local index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask([u64; WORDS]);

impl Mask {
    pub(super) const EMPTY: Self = Self([0; WORDS]);

    /// The first `lanes` invocations.
    pub(super) fn all(lanes: usize) -> Self {
        let mut mask = Self::EMPTY;
        (0..lanes).for_each(|lane| mask.insert(lane));
        mask
    }

    pub(super) fn insert(&mut self, lane: usize) {
        self.0[lane / 64] |= 1 << (lane % 64);
    }

    pub(super) fn has(&self, lane: usize) -> bool {
        self.0[lane / 64] >> (lane % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Calls `f` with each invocation, in order.
    #[inline]
    pub(super) fn each(&self, mut f: impl FnMut(usize)) {
        for (word, &bits) in self.0.iter().enumerate() {
            let mut left = bits;
            while left != 0 {
                f(64 * word + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }

    /// The first one.
    pub(super) fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|&bits| bits != 0)?;
        Some(64 * word + self.0[word].trailing_zeros() as usize)
    }

    /// Those that are not in `other`.
    pub(super) fn without(self, other: Self) -> Self {
        self & !other
    }
}

impl BitAnd for Mask {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }
}

impl BitOr for Mask {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }
}

impl Not for Mask {
    type Output = Self;
    fn not(self) -> Self {
        Self(self.0.map(|word| !word))
    }
}
