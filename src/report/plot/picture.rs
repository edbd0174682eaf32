//! A picture: shapes in logical units, as SVG and as a PNG file of the same.

use maud::{Markup, PreEscaped, html};

use super::font;
use super::raster::Raster;
pub(crate) use super::stroke::{Point, Stroke};
use crate::report::palette::{self, CARD, Rgb};

/// The fonts of SVG; PNG files have one that the program brings.
const FAMILY: &str = "system-ui, Roboto, Helvetica, Arial, DejaVu Sans, sans-serif";

/// Where the given point lies within a text.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks; the given point is halfway up its capitals.
#[derive(Clone, Copy)]
pub(crate) struct Lettering {
    pub(crate) size: f64,
    pub(crate) colour: Rgb,
    pub(crate) bold: bool,
    pub(crate) anchor: Anchor,
}

impl Lettering {
    /// The same, anchored elsewhere.
    pub(crate) const fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same in another colour.
    pub(crate) const fn coloured(self, colour: Rgb) -> Self {
        Self { colour, ..self }
    }

    /// The width of a text.
    pub(crate) fn width(self, text: &str) -> f64 {
        self.size * font::width(text, self.bold)
    }

    /// Where a text begins of which this point is given.
    fn start(self, text: &str, (x, y): Point) -> Point {
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        };
        (x - before * self.width(text), y)
    }
}

/// What is drawn. Points are kept as SVG writes them.
enum Shape {
    Area(String, Rgb, f64),
    Line(String, Stroke),
    /// With the given point of its base line.
    Text(String, Point, Lettering),
    /// Centres, and the dots' colour, diameter and opacity.
    Dots(Vec<Point>, Rgb, f64, f64),
}

/// Shapes on a card, the last one on top.
pub(crate) struct Picture {
    size: (u16, u16),
    /// What it shows, for those who cannot see it.
    label: String,
    shapes: Vec<Shape>,
}

impl Picture {
    /// An empty card.
    pub(crate) fn new(size: (u16, u16), label: &str) -> Self {
        Self {
            size,
            label: label.to_owned(),
            shapes: Vec::new(),
        }
    }

    /// A polyline.
    pub(crate) fn line(&mut self, points: &[Point], stroke: Stroke) {
        let points = attribute(points, 2);
        self.shapes
            .extend(points.map(|points| Shape::Line(points, stroke)));
    }

    /// A filled polygon.
    pub(crate) fn area(&mut self, corners: &[Point], colour: Rgb, opacity: f64) {
        let corners = attribute(corners, 3);
        let area = |corners| Shape::Area(corners, colour, opacity);
        self.shapes.extend(corners.map(area));
    }

    /// A filled rectangle between two corners.
    pub(crate) fn block(&mut self, a: Point, b: Point, colour: Rgb, opacity: f64) {
        self.area(&[a, (b.0, a.1), b, (a.0, b.1)], colour, opacity);
    }

    /// Round dots of this diameter.
    pub(crate) fn dots(&mut self, centres: &[Point], colour: Rgb, diameter: f64, opacity: f64) {
        let finite = centres.iter().copied().filter(|(x, y)| (x + y).is_finite());
        let dots = Shape::Dots(finite.collect(), colour, diameter, opacity);
        self.shapes.push(dots);
    }

    /// A text.
    pub(crate) fn text(&mut self, text: &str, (x, y): Point, lettering: Lettering) {
        let base = (x, y + 0.36 * lettering.size);
        self.shapes
            .push(Shape::Text(text.to_owned(), base, lettering));
    }

    /// As an element of a page, whose style sheet knows the colours in the dark.
    pub(crate) fn element(&self) -> Markup {
        self.svg(None)
    }

    /// As a file of its own.
    pub(crate) fn document(&self) -> String {
        self.svg(Some(palette::picture_css())).into_string()
    }

    fn svg(&self, style: Option<String>) -> Markup {
        let (width, height) = self.size;
        html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(self.label)
                font-family=(FAMILY) stroke-linejoin="round" {
                @if let Some(style) = style { style { (PreEscaped(style)) } }
                rect width=(width) height=(height) fill=(CARD) {}
                @for shape in &self.shapes { (shape.svg()) }
            }
        }
    }

    /// As a PNG file with so many pixels to a unit.
    pub(crate) fn png(&self, scale: u16) -> Result<Vec<u8>, png::EncodingError> {
        let mut raster = Raster::new(self.size, scale, CARD);
        for shape in &self.shapes {
            shape.paint(&mut raster);
        }
        raster.png()
    }
}

impl Shape {
    fn svg(&self) -> Markup {
        match self {
            Self::Area(points, colour, opacity) => html! {
                polygon points=(points) fill=(colour) fill-opacity=[(*opacity < 1.0).then_some(opacity)] {}
            },
            Self::Dots(centres, colour, diameter, opacity) => html! {
                path d=(centres.iter().map(|(x, y)| format!("M{} {}h0", tenth(*x), tenth(*y))).collect::<String>()) fill="none" stroke=(colour) stroke-width=(diameter) stroke-opacity=(opacity)
                    stroke-linecap="round" {}
            },
            Self::Line(points, stroke) => html! {
                polyline points=(points) fill="none" stroke=(stroke.colour) stroke-width=(stroke.width)
                    stroke-dasharray=[stroke.dashes()] {}
            },
            Self::Text(text, (x, y), lettering) => html! {
                text x=(short(*x)) y=(short(*y)) fill=(lettering.colour) font-size=(lettering.size)
                    font-weight=[lettering.bold.then_some("bold")]
                    text-anchor=[match lettering.anchor {
                        Anchor::Start => None,
                        Anchor::Middle => Some("middle"),
                        Anchor::End => Some("end"),
                    }] { (text) }
            },
        }
    }

    fn paint(&self, raster: &mut Raster) {
        match self {
            Self::Area(points, colour, opacity) => {
                raster.fill(&format!("M{points}Z"), *colour, *opacity);
            }
            Self::Dots(centres, colour, diameter, opacity) => {
                for &(x, y) in centres {
                    let half = diameter / 2.0;
                    // Two half circles.
                    let path = format!(
                        "M{} {y}a{half} {half} 0 0 1 {diameter} 0a{half} {half} 0 0 1 -{diameter} 0Z",
                        x - half
                    );
                    raster.fill(&path, *colour, *opacity);
                }
            }
            Self::Line(points, stroke) => raster.line(&format!("M{points}"), *stroke),
            Self::Text(text, base, lettering) => {
                let start = lettering.start(text, *base);
                let path = font::outline(text, lettering.bold, lettering.size, start);
                raster.fill(&path, lettering.colour, 1.0);
            }
        }
    }
}

/// Points as an attribute, without those that are nowhere; none where there are too few.
fn attribute(points: &[Point], least: usize) -> Option<String> {
    let finite = points.iter().filter(|(x, y)| (x + y).is_finite());
    let pairs: Vec<String> = finite
        .map(|(x, y)| format!("{},{}", short(*x), short(*y)))
        .collect();
    (pairs.len() >= least).then(|| pairs.join(" "))
}

/// In tenths, which dots do not need more exactly.
fn tenth(value: f64) -> f64 {
    (10.0 * value).round() / 10.0
}

/// In hundredths, of which nobody sees more.
fn short(value: f64) -> f64 {
    (100.0 * value).round() / 100.0
}

#[cfg(test)]
impl Picture {
    /// Fails where a text is cut off, or over another one.
    pub(crate) fn assert_legible(&self) {
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let mut before: Vec<(&str, [f64; 4])> = Vec::new();
        for shape in &self.shapes {
            if let Shape::Text(text, base, l) = shape {
                let (x, y) = l.start(text, *base);
                let own @ [left, top, right, bottom] =
                    [x, y - 0.75 * l.size, x + l.width(text), y + 0.24 * l.size];
                let inside = left >= 0.0 && top >= 0.0 && right <= width && bottom <= height;
                assert!(inside, "{text} is cut off: {own:?}");
                for (other, [a, b, c, d]) in &before {
                    let apart = left >= *c || right <= *a || top >= *d || bottom <= *b;
                    assert!(apart, "{text} is over {other}");
                }
                before.push((text, own));
            }
        }
    }
}
