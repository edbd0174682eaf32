//! The font of PNG files, by which texts are measured, too.
//!
//! `fonts/` holds DejaVu Sans 2.37, its licence beside it, cut down to Latin letters and signs by
//! `pyftsubset FILE --unicodes=20-7E,A0-FF,2013,2212 --no-hinting --layout-features=
//! --drop-tables+=kern,FFTM`.

use std::fmt::Write;

use ttf_parser::{Face, FaceParsingError, GlyphId, OutlineBuilder};

use super::stroke::Point;

fn face(bold: bool) -> Result<Face<'static>, FaceParsingError> {
    let bytes: &'static [u8] = match bold {
        false => include_bytes!("../../../fonts/DejaVuSans.ttf"),
        true => include_bytes!("../../../fonts/DejaVuSans-Bold.ttf"),
    };
    Face::parse(bytes, 0)
}

/// A text's glyphs, each with its place and how far on the next one is, in units of the font.
fn glyphs(face: &Face<'_>, text: &str) -> Vec<(GlyphId, f64)> {
    let ids = text.chars().filter_map(|c| face.glyph_index(c));
    let advance = |id| f64::from(face.glyph_hor_advance(id).unwrap_or_default());
    ids.map(|id| (id, advance(id))).collect()
}

/// How wide a text is, in em. The font is wider than those that a browser is likely to choose: what
/// does not collide here collides nowhere.
pub(crate) fn width(text: &str, bold: bool) -> f64 {
    // A font that cannot be read is found by a test.
    face(bold).map_or(0.0, |face| {
        let advances = glyphs(&face, text).into_iter().map(|(_, advance)| advance);
        advances.sum::<f64>() / f64::from(face.units_per_em())
    })
}

/// A text's outlines as SVG path data, with the start of its base line at a point.
pub(crate) fn outline(text: &str, bold: bool, size: f64, at: Point) -> String {
    let Ok(face) = face(bold) else {
        return String::new();
    };
    let scale = size / f64::from(face.units_per_em());
    let mut outline = Outline {
        path: String::new(),
        at,
        scale,
    };
    for (id, advance) in glyphs(&face, text) {
        // A space has no outline.
        let _ = face.outline_glyph(id, &mut outline);
        outline.at.0 += scale * advance;
    }
    outline.path
}

struct Outline {
    path: String,
    at: Point,
    scale: f64,
}

impl Outline {
    fn add(&mut self, command: char, points: &[(f32, f32)]) {
        self.path.push(command);
        for &(x, y) in points {
            let x = self.at.0 + self.scale * f64::from(x);
            let y = self.at.1 - self.scale * f64::from(y);
            // Writing to a String cannot fail.
            let _ = write!(self.path, "{x:.3},{y:.3} ");
        }
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.add('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.add('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.add('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.add('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.add('Z', &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_text_measures_wider() {
        for bold in [false, true] {
            assert!(width("unlearn", bold) > width("learn", bold));
            assert!(width("learn", bold) > 2.0);
        }
    }

    #[test]
    fn a_text_has_an_outline_of_its_width() {
        let path = outline("l l", false, 10.0, (5.0, 20.0));
        assert_eq!(path.matches('M').count(), 2);
        assert!(zeno::validate_svg(&path).is_ok(), "{path}");
    }
}
