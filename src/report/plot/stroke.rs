//! Points, and how a line between them is drawn.

use crate::report::palette::Rgb;

/// A place: to the right, and down.
pub(crate) type Point = (f64, f64);

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Stroke {
    pub(crate) colour: Rgb,
    pub(crate) width: f32,
    pub(crate) dashed: bool,
}

impl Stroke {
    /// Dashes and the gaps between them.
    pub(crate) const DASHES: [f32; 2] = [6.0, 4.0];

    /// Without gaps.
    pub(crate) fn plain(colour: Rgb, width: f32) -> Self {
        let dashed = false;
        Self {
            colour,
            width,
            dashed,
        }
    }

    /// Dashes as an attribute.
    pub(crate) fn dashes(self) -> Option<String> {
        let [dash, gap] = Self::DASHES;
        self.dashed.then(|| format!("{dash} {gap}"))
    }
}
