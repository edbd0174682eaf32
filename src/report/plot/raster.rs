//! Pixels, on which paths are drawn with smooth edges.

use zeno::{Fill, Join, Mask, Style, Transform};

use super::stroke::Stroke;
use crate::report::palette::Rgb;

/// An image.
pub(crate) struct Raster {
    width: u16,
    height: u16,
    /// Pixels to a unit.
    scale: f32,
    pixels: Vec<Rgb>,
}

impl Raster {
    /// An image of this size in units, of one colour.
    pub(crate) fn new((width, height): (u16, u16), scale: u16, ground: Rgb) -> Self {
        let (width, height) = (width * scale, height * scale);
        Self {
            width,
            height,
            scale: scale.into(),
            pixels: vec![ground; usize::from(width) * usize::from(height)],
        }
    }

    /// Fills a path, which is SVG path data.
    pub(crate) fn fill(&mut self, path: &str, colour: Rgb, opacity: f64) {
        self.cover(path, Fill::NonZero.into(), colour, opacity);
    }

    /// Draws along a path.
    pub(crate) fn line(&mut self, path: &str, stroke: Stroke) {
        let mut pen = zeno::Stroke::new(stroke.width);
        pen.join(Join::Round);
        if stroke.dashed {
            pen.dash(&Stroke::DASHES, 0.0);
        }
        self.cover(path, (&pen).into(), stroke.colour, 1.0);
    }

    fn cover(&mut self, path: &str, style: Style<'_>, colour: Rgb, opacity: f64) {
        let scale = Transform::scale(self.scale, self.scale);
        let (mask, at) = Mask::new(path).style(style).transform(Some(scale)).render();
        for (y, row) in (at.top..).zip(mask.chunks(at.width.max(1) as usize)) {
            for (x, covered) in (at.left..).zip(row).filter(|(_, covered)| **covered > 0) {
                if let Some(pixel) = self.pixel(x, y) {
                    *pixel = pixel.mix(colour, opacity * f64::from(*covered) / 255.0);
                }
            }
        }
    }

    fn pixel(&mut self, x: i32, y: i32) -> Option<&mut Rgb> {
        let (x, y) = (u16::try_from(x).ok()?, usize::try_from(y).ok()?);
        let place = (x < self.width).then(|| y * usize::from(self.width) + usize::from(x))?;
        self.pixels.get_mut(place)
    }

    /// As a PNG file.
    pub(crate) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let channels: Vec<u8> = self.pixels.iter().flat_map(|p| [p.0, p.1, p.2]).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width.into(), self.height.into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(&channels)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::palette::{CARD, INK};

    #[test]
    fn edges_are_smooth_and_what_is_outside_is_left_out() {
        let mut raster = Raster::new((4, 1), 1, CARD);
        raster.fill("M-5,-5 1.5,-5 1.5,9 -5,9Z", INK, 1.0);
        let red: Vec<u8> = raster.pixels.iter().map(|p| p.0).collect();
        assert_eq!(red, [INK.0, 143, CARD.0, CARD.0]);
    }

    #[test]
    fn dashes_leave_gaps() {
        let mut raster = Raster::new((20, 2), 1, CARD);
        let mut stroke = Stroke::plain(INK, 2.0);
        stroke.dashed = true;
        raster.line("M0,1 20,1", stroke);
        let drawn: Vec<bool> = raster.pixels[..20].iter().map(|p| p.0 == INK.0).collect();
        assert_eq!(
            drawn,
            [[true; 6].as_slice(), &[false; 4], &[true; 6], &[false; 4]].concat()
        );
    }
}
