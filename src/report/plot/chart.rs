//! Small charts, many of which stand beside each other: lines with bands, and bars with whiskers.

use plotters::coord::Shift;
use plotters::prelude::{Color, DrawingArea, DrawingBackend, RGBColor, WHITE};
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Drawn, FAINT, INK, Lettering, Pen};
use super::panel::GRID;
use super::{BOUNDARY, element};
use crate::error::Result;

/// Size in logical units.
const SIZE: (u32, u32) = (320, 180);
/// Edges of the plot within.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 310.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 140.0;
/// Size of text.
const TEXT: f64 = 11.5;

/// An axis, with marks at some of its places.
pub(crate) struct Axis {
    /// Where it begins.
    pub(crate) from: f64,
    /// Where it ends.
    pub(crate) to: f64,
    /// Places with their labels.
    pub(crate) marks: Vec<(f64, String)>,
    /// What it shows.
    pub(crate) title: &'static str,
}

impl Axis {
    /// The fraction of the axis at which a value lies.
    fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// A line, with a band around it.
pub(crate) struct Line {
    /// Its points.
    pub(crate) points: Vec<(f64, f64)>,
    /// Half the band's height at each point.
    pub(crate) band: Vec<f64>,
    /// Its colour.
    pub(crate) colour: RGBColor,
    /// Whether it has gaps.
    pub(crate) dashed: bool,
    /// Whether points have dots.
    pub(crate) dots: bool,
}

/// Lines in a frame.
pub(crate) struct Chart {
    /// What it shows, for those who cannot see it.
    pub(crate) label: String,
    /// The horizontal axis.
    pub(crate) x: Axis,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// The lines, the last one on top.
    pub(crate) lines: Vec<Line>,
    /// A level to look out for.
    pub(crate) level: Option<f64>,
    /// A point that is marked.
    pub(crate) chosen: Option<(f64, f64)>,
}

/// A bar.
#[derive(Clone, Copy)]
pub(crate) struct Bar {
    /// Its height.
    pub(crate) value: f64,
    /// Half the length of its whisker.
    pub(crate) std: f64,
    /// Its colour.
    pub(crate) colour: RGBColor,
}

/// Groups of bars in a frame.
pub(crate) struct Bars {
    /// What it shows, for those who cannot see it.
    pub(crate) label: String,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// What is below the groups.
    pub(crate) title: &'static str,
    /// Groups with their labels.
    pub(crate) groups: Vec<(String, Vec<Bar>)>,
}

impl Chart {
    /// The chart as an SVG element.
    pub(crate) fn svg(&self) -> Result<String> {
        element(SIZE, &self.label, |area, pen| self.draw(area, pen))
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let across = LEFT + (RIGHT - LEFT) * self.x.share(x);
        (across, height(&self.y, y))
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, pen: Pen) -> Drawn<DB> {
        area.fill(&WHITE)?;
        let canvas = Canvas::new(area, pen);
        frame(&canvas, &self.y, self.x.title)?;
        for (x, label) in &self.x.marks {
            let (x, _) = self.place((*x, 0.0));
            canvas.line(&[(x, BOTTOM), (x, BOTTOM + 4.0)], BOUNDARY, 1.0)?;
            mark(&canvas, label, x)?;
        }
        if let Some(level) = self.level {
            let y = height(&self.y, level);
            canvas.dashes(&[(LEFT, y), (RIGHT, y)], FAINT, 0.75)?;
        }
        for line in &self.lines {
            self.draw_line(&canvas, line)?;
        }
        match self.chosen {
            Some(chosen) => dot(&canvas, self.place(chosen), 5.5, INK),
            None => Ok(()),
        }
    }

    fn draw_line<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>, line: &Line) -> Drawn<DB> {
        let edge = |sign: f64| {
            let pairs = line.points.iter().zip(&line.band);
            pairs.map(move |(&(x, y), half)| self.place((x, y + sign * half)))
        };
        let band: Vec<_> = edge(1.0).chain(edge(-1.0).rev()).collect();
        if line.band.iter().any(|half| *half > 0.0) {
            canvas.fill(&band, line.colour.mix(0.18))?;
        }
        let points: Vec<_> = line.points.iter().map(|&p| self.place(p)).collect();
        match line.dashed {
            true => canvas.dashes(&points, line.colour, 1.75)?,
            false => canvas.line(&points, line.colour, 2.25)?,
        }
        for &point in points.iter().filter(|_| line.dots) {
            dot(canvas, point, 2.75, line.colour)?;
        }
        Ok(())
    }
}

impl Bars {
    /// The bars as an SVG element.
    pub(crate) fn svg(&self) -> Result<String> {
        element(SIZE, &self.label, |area, pen| self.draw(area, pen))
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, pen: Pen) -> Drawn<DB> {
        area.fill(&WHITE)?;
        let canvas = Canvas::new(area, pen);
        frame(&canvas, &self.y, self.title)?;
        let room = (RIGHT - LEFT) / self.groups.len().max(1) as f64;
        for (number, (label, bars)) in self.groups.iter().enumerate() {
            let left = LEFT + room * number as f64;
            mark(&canvas, label, left + room / 2.0)?;
            let width = 0.8 * room / bars.len().max(1) as f64;
            for (place, bar) in bars.iter().enumerate() {
                let x = left + 0.1 * room + width * place as f64;
                self.draw_bar(&canvas, bar, (x, x + width))?;
            }
        }
        Ok(())
    }

    fn draw_bar<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        bar: &Bar,
        (from, to): (f64, f64),
    ) -> Drawn<DB> {
        let y = |value| height(&self.y, value);
        canvas.block((from, y(bar.value)), (to, BOTTOM), bar.colour.mix(0.85))?;
        if bar.std <= 0.0 {
            return Ok(());
        }
        let x = f64::midpoint(from, to);
        let ends = [(x, y(bar.value - bar.std)), (x, y(bar.value + bar.std))];
        canvas.line(&ends, INK, 1.0)
    }
}

/// The vertical place of a value.
fn height(y: &Axis, value: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * y.share(value)
}

/// The grid with its labels, the base line, and what is below it.
fn frame<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, y: &Axis, below: &str) -> Drawn<DB> {
    let label = Lettering::plain(TEXT, FAINT).anchored(HPos::Right);
    for (value, text) in &y.marks {
        let at = height(y, *value);
        canvas.line(&[(LEFT, at), (RIGHT, at)], GRID, 1.0)?;
        canvas.text(text, (LEFT - 6.0, at), label)?;
    }
    canvas.line(&[(LEFT, BOTTOM), (RIGHT, BOTTOM)], BOUNDARY, 1.0)?;
    let title = Lettering::plain(TEXT, FAINT).anchored(HPos::Center);
    let middle = f64::midpoint(LEFT, RIGHT);
    canvas.text(below, (middle, BOTTOM + 31.0), title)
}

/// A label below the base line.
fn mark<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, text: &str, x: f64) -> Drawn<DB> {
    let lettering = Lettering::plain(TEXT, FAINT).anchored(HPos::Center);
    canvas.text(text, (x, BOTTOM + 14.0), lettering)
}

/// A disc, as a polygon of many corners.
fn dot<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    (x, y): (f64, f64),
    radius: f64,
    colour: RGBColor,
) -> Drawn<DB> {
    let corner = |number: i32| {
        let angle = f64::from(number) * std::f64::consts::TAU / 24.0;
        (x + radius * angle.cos(), y + radius * angle.sin())
    };
    let corners: Vec<_> = (0..24).map(corner).collect();
    canvas.fill(&corners, colour.to_rgba())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: f64, to: f64) -> Axis {
        Axis {
            from,
            to,
            marks: vec![(from, "low".to_owned())],
            title: "steps",
        }
    }

    #[test]
    fn lines_and_bars_are_drawn_within_their_frame() {
        let chart = Chart {
            label: "a \"chart\"".to_owned(),
            x: axis(0.0, 1.0),
            y: axis(0.0, 100.0),
            lines: vec![Line {
                points: vec![(0.0, 0.0), (1.0, 250.0)],
                band: vec![1.0, 1.0],
                colour: INK,
                dashed: false,
                dots: true,
            }],
            level: Some(95.0),
            chosen: Some((0.5, 50.0)),
        };
        // What is beyond the axis stays at its end.
        assert_eq!(chart.place((1.0, 250.0)), (RIGHT, TOP));
        let svg = chart.svg().unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("steps"));
        assert!(svg.contains("aria-label=\"a  chart \""));
        let bar = Bar {
            value: 0.5,
            std: 0.1,
            colour: INK,
        };
        let bars = Bars {
            label: "bars".to_owned(),
            y: axis(0.0, 1.0),
            title: "answer",
            groups: vec![("3".to_owned(), vec![bar; 2])],
        };
        assert_eq!(bars.svg().unwrap().matches("<polygon").count(), 2);
    }
}
