//! Pictures as networks know them: from a PNG file of any size (a drawing, a scan, a photo of a digit
//! on paper) to 28 x 28 pixels, made as MNIST's were. There, a digit was scaled to fit 20 x 20 pixels,
//! keeping its proportions, and put where its centre of mass is the centre of the image (LeCun et al.,
//! Gradient-based learning applied to document recognition, 1998).

mod file;
mod ink;
mod parts;
mod place;
mod plane;

use std::path::Path;

use crate::data::{PIXELS, SIDE};
use crate::error::{Error, Result};
use place::Placed;
use plane::Plane;

/// A picture as networks see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// `PIXELS` of them, row by row; 0 is paper, 255 is ink.
    pub pixels: Vec<u8>,
    /// What was changed beyond scaling and moving, in words.
    pub notes: Vec<&'static str>,
}

/// Reads a PNG file. One of 28 x 28 pixels in which light ink is in its place stays as it is.
///
/// # Errors
/// `File` if it cannot be read; `Data` if it is no PNG file, damaged, too large, or has no ink.
pub fn read(path: &Path) -> Result<Photo> {
    let gray = file::read(path)?;
    see(&gray).ok_or_else(|| {
        Error::Data(format!(
            "{} has no ink: nothing in it stands out from its background. Draw darker, or take the \
             photo in better light and closer",
            path.display()
        ))
    })
}

/// None if there is no ink. `gray` is 0 for black to 255 for white.
fn see(gray: &Plane) -> Option<Photo> {
    if let Some(photo) = unchanged(gray) {
        return Some(photo);
    }
    let found = ink::find(gray)?;
    let (ink, left_out) = parts::main(&found.ink);
    let Placed { pixels, thickened } = place::place(&ink)?;
    let notes = [
        (found.dark, INVERTED),
        (found.uneven, "uneven light evened out"),
        (left_out, "specks left out"),
        (thickened, "thin strokes thickened"),
    ];
    let notes = notes.into_iter().filter(|(made, _)| *made);
    Some(Photo {
        pixels,
        notes: notes.map(|(_, note)| note).collect(),
    })
}

const INVERTED: &str = "dark on light, so inverted";

/// An image of a data set, perhaps inverted, has nothing to be changed.
fn unchanged(gray: &Plane) -> Option<Photo> {
    if (gray.width, gray.height) != (SIDE, SIDE) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 255"
    )]
    let own: Vec<u8> = gray.values.iter().map(|&v| v.round() as u8).collect();
    let inverted: Vec<u8> = own.iter().map(|v| 255 - v).collect();
    debug_assert_eq!(own.len(), PIXELS);
    let candidates = [(own, vec![]), (inverted, vec![INVERTED])];
    let mut found = candidates.into_iter();
    let (pixels, notes) = found.find(|(pixels, _)| place::is_in_place(pixels))?;
    Some(Photo { pixels, notes })
}

#[cfg(test)]
mod tests;
