//! Small charts, many of which stand beside each other: lines with bands, and bars with whiskers.

use plotters::coord::Shift;
use plotters::prelude::{Color, DrawingArea, DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Drawn, Lettering, Pen};
use super::element;
use crate::error::Result;
use crate::report::palette::{BOUNDARY, CARD, FAINT, GRID, INK};

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
    /// Its width, and whether it has gaps.
    pub(crate) stroke: (f64, bool),
    /// What its points are marked with.
    pub(crate) mark: Option<Mark>,
}

/// What marks a point: a polygon.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    corners: u32,
    /// Where its first corner is, in turns.
    turned: f64,
}

/// Marks that can be distinguished without their colours.
pub(crate) const MARKS: [Mark; 5] = [
    Mark {
        corners: 24,
        turned: 0.0,
    },
    Mark {
        corners: 4,
        turned: 0.0,
    },
    Mark {
        corners: 3,
        turned: 0.75,
    },
    Mark {
        corners: 4,
        turned: 0.125,
    },
    Mark {
        corners: 3,
        turned: 0.25,
    },
];

impl Mark {
    /// Its corners, around a point.
    pub(crate) fn corners(self, (x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
        let corner = |number: u32| {
            let turns = self.turned + f64::from(number) / f64::from(self.corners);
            let (sin, cos) = (turns * std::f64::consts::TAU).sin_cos();
            (x + radius * cos, y + radius * sin)
        };
        (0..self.corners).map(corner).collect()
    }
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
        area.fill(&CARD)?;
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
            Some(chosen) => {
                let ring = MARKS[0].corners(self.place(chosen), 7.0);
                let ring: Vec<_> = ring.iter().chain(ring.first()).copied().collect();
                canvas.line(&ring, INK, 1.75)
            }
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
        match line.stroke {
            (width, true) => canvas.dashes(&points, line.colour, width)?,
            (width, false) => canvas.line(&points, line.colour, width)?,
        }
        let Some(mark) = line.mark else {
            return Ok(());
        };
        let colour = line.colour.to_rgba();
        let mut points = points.into_iter();
        points.try_for_each(|point| canvas.fill(&mark.corners(point, 4.0), colour))
    }
}

impl Bars {
    /// The bars as an SVG element.
    pub(crate) fn svg(&self) -> Result<String> {
        element(SIZE, &self.label, |area, pen| self.draw(area, pen))
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, pen: Pen) -> Drawn<DB> {
        area.fill(&CARD)?;
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
                stroke: (2.0, false),
                mark: Some(MARKS[0]),
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
