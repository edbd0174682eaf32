//! A thin layer over a plotters backend that draws in logical units, with the same text geometry
//! on both backends.

use plotters::coord::Shift;
use plotters::prelude::{
    DrawingArea, DrawingAreaErrorKind, DrawingBackend, FontStyle, IntoFont, PathElement, Polygon,
    RGBAColor, RGBColor, ShapeStyle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::sync::Once;

/// What a drawing step on backend `DB` gives back.
pub(crate) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// The font stack of the SVG; the embedded font of the PNG is registered under the same name.
const FAMILY: &str = "system-ui, Roboto, Helvetica, Arial, DejaVu Sans, sans-serif";

/// How logical units become backend units.
#[derive(Clone, Copy)]
pub(crate) struct Pen {
    /// Backend units per logical unit.
    pub(crate) scale: f64,
    /// The plotters font size of a font whose em is one unit.
    pub(crate) per_em: f64,
    /// How far text must be lowered, in em.
    pub(crate) lower: f64,
}

impl Pen {
    /// For the SVG backend, which divides the font size by 1.24.
    pub(crate) fn svg(scale: f64) -> Self {
        Self {
            scale,
            per_em: 1.24,
            lower: 0.0,
        }
    }

    /// For the bitmap backend, which takes the font size for ascent plus descent (1.164 em in
    /// DejaVu Sans) and sets text higher than the SVG backend does.
    pub(crate) fn bitmap(scale: f64) -> Self {
        Self {
            scale,
            per_em: 1.164,
            lower: 0.15,
        }
    }
}

/// How a text looks; its vertical anchor is always its middle.
#[derive(Clone, Copy)]
pub(crate) struct Lettering {
    /// Font size in logical units.
    pub(crate) size: f64,
    /// Colour.
    pub(crate) colour: RGBColor,
    /// Bold instead of regular.
    pub(crate) bold: bool,
    /// Where the given point lies within the text.
    pub(crate) anchor: HPos,
}

impl Lettering {
    /// Regular, starting at the given point.
    pub(crate) fn plain(size: f64, colour: RGBColor) -> Self {
        Self {
            size,
            colour,
            bold: false,
            anchor: HPos::Left,
        }
    }

    /// The same, bold.
    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same, anchored elsewhere.
    pub(crate) fn anchored(self, anchor: HPos) -> Self {
        Self { anchor, ..self }
    }

    fn style(self) -> FontStyle {
        if self.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        }
    }

    /// The width of `text` in logical units, in the embedded font, which is wider than the fonts
    /// that a browser is likely to choose: what does not collide here collides nowhere.
    pub(crate) fn width(self, text: &str) -> f64 {
        register_fonts();
        let font = (FAMILY, 1000.0 * 1.164, self.style()).into_font();
        // Without a measurable font, a generous guess keeps texts apart.
        let guess = 0.65 * text.chars().count() as f64;
        let em = font
            .layout_box(text)
            .map_or(guess, |((x0, _), (x1, _))| f64::from(x1 - x0) / 1000.0);
        em * self.size
    }
}

/// Makes the embedded font known to plotters, once.
pub(crate) fn register_fonts() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        for (style, bytes) in [
            (FontStyle::Normal, dejavu::sans::regular()),
            (FontStyle::Bold, dejavu::sans::bold()),
        ] {
            // A font that cannot be read shows up as an error of the first text drawn with it.
            drop(plotters::style::register_font(FAMILY, style, bytes));
        }
    });
}

/// A drawing area in logical units.
pub(crate) struct Canvas<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    pen: Pen,
}

impl<'a, DB: DrawingBackend> Canvas<'a, DB> {
    /// Draws on `area` with `pen`.
    pub(crate) fn new(area: &'a DrawingArea<DB, Shift>, pen: Pen) -> Self {
        register_fonts();
        Self { area, pen }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "coordinates are a few thousand at most, and `as` saturates"
    )]
    fn place(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let unit = |v: f64| (v * self.pen.scale).round() as i32;
        (unit(x), unit(y))
    }

    fn places(&self, points: &[(f64, f64)]) -> Vec<(i32, i32)> {
        let mut places: Vec<_> = points.iter().map(|&p| self.place(p)).collect();
        // The bitmap backend cannot find the direction of a step of length zero.
        places.dedup();
        places
    }

    /// A polyline.
    pub(crate) fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) -> Drawn<DB> {
        let places = self.places(points);
        if places.len() < 2 {
            return Ok(());
        }
        let style = ShapeStyle {
            color: colour.into(),
            filled: false,
            stroke_width: self.place((width, 0.0)).0.unsigned_abs().max(1),
        };
        self.area.draw(&PathElement::new(places, style))
    }

    /// A dashed polyline.
    pub(crate) fn dashes(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) -> Drawn<DB> {
        for dash in dashes(points, 6.0, 4.0) {
            self.line(&dash, colour, width)?;
        }
        Ok(())
    }

    /// A filled polygon.
    pub(crate) fn fill(&self, corners: &[(f64, f64)], colour: RGBAColor) -> Drawn<DB> {
        let places = self.places(corners);
        if places.len() < 3 {
            return Ok(());
        }
        self.area.draw(&Polygon::new(places, colour))
    }

    /// A filled rectangle between two corners.
    pub(crate) fn block(&self, a: (f64, f64), b: (f64, f64), colour: RGBAColor) -> Drawn<DB> {
        self.fill(&[a, (b.0, a.1), b, (a.0, b.1)], colour)
    }

    /// A text whose vertical middle is at `at`.
    pub(crate) fn text(&self, text: &str, at: (f64, f64), lettering: Lettering) -> Drawn<DB> {
        let size = lettering.size * self.pen.scale * self.pen.per_em;
        let font = (FAMILY, size, lettering.style()).into_font();
        let style = font
            .color(&lettering.colour)
            .pos(Pos::new(lettering.anchor, VPos::Center));
        let at = self.place((at.0, at.1 + self.pen.lower * lettering.size));
        self.area.draw(&Text::new(text.to_owned(), at, style))
    }
}

/// Cuts a polyline into dashes of length `on`, with gaps of length `off`.
fn dashes(points: &[(f64, f64)], on: f64, off: f64) -> Vec<Vec<(f64, f64)>> {
    let mut done = Vec::new();
    let mut dash: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let (mut left, mut drawing) = (on, true);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut length = (to.0 - from.0).hypot(to.1 - from.1);
        while length > left {
            let share = left / length;
            from = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            length -= left;
            if drawing {
                dash.push(from);
                done.push(std::mem::take(&mut dash));
            } else {
                dash = vec![from];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length;
        if drawing {
            dash.push(to);
        }
    }
    done.push(dash);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::palette::INK;

    #[test]
    fn dashes_keep_the_ends_and_leave_gaps() {
        let cut = dashes(&[(0.0, 0.0), (7.0, 0.0), (16.0, 0.0)], 6.0, 4.0);
        assert_eq!(cut[0], vec![(0.0, 0.0), (6.0, 0.0)]);
        assert_eq!(cut[1], vec![(10.0, 0.0), (16.0, 0.0)]);
    }

    #[test]
    fn wider_text_measures_wider() {
        let plain = Lettering::plain(12.0, INK);
        assert!(plain.width("unlearn") > plain.width("learn"));
        assert!(plain.width("learn") > 20.0);
    }
}
