//! What a part of a dispatch sees of a buffer.

use std::ops::Range;

use bytemuck::Pod;

/// A buffer as a part of a dispatch sees it: words, taken for whatever the kernel declares.
#[derive(Debug, Default)]
pub(crate) enum Slot<'a> {
    /// Nothing: the kernel has no such binding.
    #[default]
    None,
    /// All of it, to read, as everyone else does.
    Shared(&'a [u32]),
    /// Some pieces of it, each with the place of its first word; no one else sees them.
    Own(Vec<(usize, &'a mut [u32])>),
}

impl<'a> Slot<'a> {
    /// Hands it to a kernel; what is owned is gone from here until it is put back.
    pub(crate) fn lend(&mut self) -> Self {
        match self {
            Self::Shared(words) => Self::Shared(words),
            other => std::mem::take(other),
        }
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, first: usize, words: &'a mut [u32]) {
        match self {
            Self::Own(pieces) => pieces.push((first, words)),
            other => *other = Self::Own(vec![(first, words)]),
        }
    }

    /// All of a buffer that is only read, as `T`s.
    pub(super) fn all<T: Pod>(&self) -> &[T] {
        match self {
            Self::Shared(words) => bytemuck::cast_slice(words),
            _ => &[],
        }
    }

    /// The `T`s in this range, to read. What the part did not say that it touches is empty.
    pub(crate) fn read<T: Pod>(&self, range: Range<usize>) -> &[T] {
        let range = in_words::<T>(range);
        let words = match self {
            Self::Shared(words) => &words[range],
            Self::Own(pieces) => pieces
                .iter()
                .find_map(|(first, words)| words.get(within(&range, *first)?))
                .unwrap_or_default(),
            Self::None => &[],
        };
        bytemuck::cast_slice(words)
    }

    /// The `T`s in this range, to write.
    pub(crate) fn write<T: Pod>(&mut self, range: Range<usize>) -> &mut [T] {
        let range = in_words::<T>(range);
        let words = match self {
            Self::Own(pieces) => pieces
                .iter_mut()
                .find_map(|(first, words)| words.get_mut(within(&range, *first)?))
                .unwrap_or_default(),
            _ => &mut [],
        };
        bytemuck::cast_slice_mut(words)
    }
}

/// A range of `T`s in words.
fn in_words<T>(range: Range<usize>) -> Range<usize> {
    let words = size_of::<T>() / size_of::<u32>();
    range.start * words..range.end * words
}

/// A range counted from `first` on.
fn within(range: &Range<usize>, first: usize) -> Option<Range<usize>> {
    Some(range.start.checked_sub(first)?..range.end.checked_sub(first)?)
}
