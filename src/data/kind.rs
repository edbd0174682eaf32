//! The two kinds of idx files.

use super::PIXELS;

/// The kind of data in an idx file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Images,
    Labels,
}

impl Kind {
    /// What it holds.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// The third byte says "unsigned bytes", the fourth is the number of dimensions.
    pub(super) fn magic(self) -> [u8; 4] {
        match self {
            Self::Images => [0, 0, 8, 3],
            Self::Labels => [0, 0, 8, 1],
        }
    }

    /// The other kind.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Images => Self::Labels,
            Self::Labels => Self::Images,
        }
    }

    /// Bytes before the data: the magic number and the sizes.
    pub(super) fn header(self) -> usize {
        4 + 4 * usize::from(self.magic()[3])
    }

    /// Bytes of one image or label.
    pub(super) fn item(self) -> usize {
        match self {
            Self::Images => PIXELS,
            Self::Labels => 1,
        }
    }
}
