//! Small charts, many of which stand beside each other: lines with bands, and bars with whiskers.

use maud::Markup;

use super::NOTE;
use super::picture::{Anchor, Lettering, Picture, Point, Stroke};
use crate::report::palette::{BOUNDARY, FAINT, GRID, INK, Rgb};

/// Size in logical units.
const SIZE: (u16, u16) = (320, 180);
/// Where lines and bars are in it.
const FRAME: Frame = Frame {
    left: 48.0,
    right: 304.0,
    top: 10.0,
    bottom: 140.0,
};
/// How labels of axes look.
pub(crate) const LABEL: Lettering = NOTE.anchored(Anchor::Middle);

/// The edges of a plot.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    /// The place of fractions of its width and height.
    pub(crate) fn place(self, across: f64, up: f64) -> Point {
        (
            self.left + (self.right - self.left) * across,
            self.bottom + (self.top - self.bottom) * up,
        )
    }

    /// Horizontal lines with their labels, and the base line.
    pub(crate) fn grid(self, picture: &mut Picture, y: &Axis) {
        for (value, text) in &y.marks {
            let at = self.place(0.0, y.share(*value));
            picture.line(&[at, (self.right, at.1)], Stroke::plain(GRID, 1.0));
            let beside = (at.0 - 7.0, at.1);
            picture.text(text, beside, LABEL.anchored(Anchor::End));
        }
        let base = [(self.left, self.bottom), (self.right, self.bottom)];
        picture.line(&base, Stroke::plain(BOUNDARY, 1.0));
    }

    /// The band around a line.
    pub(crate) fn band(
        self,
        picture: &mut Picture,
        (x, y): (&Axis, &Axis),
        line: &Line,
        opacity: f64,
    ) {
        let place = |(at, value): Point| self.place(x.share(at), y.share(value));
        let edge = |sign: f64| {
            let pairs = line.points.iter().zip(&line.band);
            pairs.map(move |(&(at, value), half)| place((at, value + sign * half)))
        };
        if line.band.iter().any(|half| *half > 0.0) {
            let band: Vec<Point> = edge(1.0).chain(edge(-1.0).rev()).collect();
            picture.area(&band, line.stroke.colour, opacity);
        }
    }

    /// A line with its band and its marks.
    pub(crate) fn line(self, picture: &mut Picture, (x, y): (&Axis, &Axis), line: &Line) {
        let place = |(at, value): Point| self.place(x.share(at), y.share(value));
        self.band(picture, (x, y), line, 0.2);
        let points: Vec<Point> = line.points.iter().map(|&p| place(p)).collect();
        picture.line(&points, line.stroke);
        for (mark, &point) in line
            .mark
            .iter()
            .flat_map(|m| points.iter().map(move |p| (m, p)))
        {
            picture.area(&mark.corners(point, 4.0), line.stroke.colour, 1.0);
        }
    }
}

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
    /// Fractions from 0 to 1, in percent.
    pub(crate) fn percents() -> Self {
        Self {
            from: 0.0,
            to: 1.0,
            marks: [0.0, 0.25, 0.5, 0.75, 1.0]
                .map(|share| (share, format!("{:.0} %", 100.0 * share)))
                .to_vec(),
            title: "",
        }
    }

    /// The fraction of the axis at which a value lies.
    pub(crate) fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// A line, with a band around it.
pub(crate) struct Line {
    /// Its points.
    pub(crate) points: Vec<Point>,
    /// Half the band's height at each point.
    pub(crate) band: Vec<f64>,
    /// How it is drawn.
    pub(crate) stroke: Stroke,
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

/// So many corners, the first one so many turns from the right.
const fn mark(corners: u32, turned: f64) -> Mark {
    Mark { corners, turned }
}

/// Marks that can be distinguished without their colours.
pub(crate) const MARKS: [Mark; 5] = [
    mark(24, 0.0),
    mark(4, 0.0),
    mark(3, 0.75),
    mark(4, 0.125),
    mark(3, 0.25),
];

impl Mark {
    /// Its corners, around a point.
    pub(crate) fn corners(self, (x, y): Point, radius: f64) -> Vec<Point> {
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
    pub(crate) chosen: Option<Point>,
}

impl Chart {
    /// The chart as an SVG element.
    pub(crate) fn svg(&self) -> Markup {
        self.picture().element()
    }

    /// The chart as a picture.
    pub(crate) fn picture(&self) -> Picture {
        let mut picture = framed(&self.label, &self.y, self.x.title);
        for (x, label) in &self.x.marks {
            let (x, y) = FRAME.place(self.x.share(*x), 0.0);
            picture.line(&[(x, y), (x, y + 4.0)], Stroke::plain(BOUNDARY, 1.0));
            picture.text(label, (x, y + 14.0), LABEL);
        }
        if let Some(level) = self.level {
            let ends = [0.0, 1.0].map(|end| FRAME.place(end, self.y.share(level)));
            let dashed = true;
            picture.line(
                &ends,
                Stroke {
                    dashed,
                    ..Stroke::plain(FAINT, 0.75)
                },
            );
        }
        for line in &self.lines {
            FRAME.line(&mut picture, (&self.x, &self.y), line);
        }
        if let Some((x, y)) = self.chosen {
            let at = FRAME.place(self.x.share(x), self.y.share(y));
            let mut ring = MARKS[0].corners(at, 7.0);
            ring.extend(ring.first().copied());
            picture.line(&ring, Stroke::plain(INK, 1.75));
        }
        picture
    }
}

/// A bar.
#[derive(Clone, Copy)]
pub(crate) struct Bar {
    /// Its height.
    pub(crate) value: f64,
    /// Half the length of its whisker.
    pub(crate) std: f64,
    /// Its colour.
    pub(crate) colour: Rgb,
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

impl Bars {
    /// The bars as a picture.
    pub(crate) fn picture(&self) -> Picture {
        let mut picture = framed(&self.label, &self.y, self.title);
        let room = (FRAME.right - FRAME.left) / self.groups.len().max(1) as f64;
        for (number, (label, bars)) in self.groups.iter().enumerate() {
            let left = FRAME.left + room * number as f64;
            picture.text(label, (left + room / 2.0, FRAME.bottom + 14.0), LABEL);
            let width = 0.8 * room / bars.len().max(1) as f64;
            for (place, bar) in bars.iter().enumerate() {
                let x = left + 0.1 * room + width * place as f64;
                self.draw(&mut picture, bar, (x, x + width));
            }
        }
        picture
    }

    fn draw(&self, picture: &mut Picture, bar: &Bar, (from, to): (f64, f64)) {
        let y = |value| FRAME.place(0.0, self.y.share(value)).1;
        picture.block((from, y(bar.value)), (to, FRAME.bottom), bar.colour, 0.85);
        if bar.std > 0.0 {
            let x = f64::midpoint(from, to);
            let ends = [-1.0, 1.0].map(|sign| (x, y(bar.value + sign * bar.std)));
            picture.line(&ends, Stroke::plain(INK, 1.0));
        }
    }
}

/// A picture with the vertical axis, and what is below the horizontal one.
fn framed(label: &str, y: &Axis, below: &str) -> Picture {
    let mut picture = Picture::new(SIZE, label);
    FRAME.grid(&mut picture, y);
    let (middle, base) = FRAME.place(0.5, 0.0);
    picture.text(below, (middle, base + 31.0), LABEL);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: f64, to: f64) -> Axis {
        Axis {
            from,
            to,
            marks: vec![(from, "100 %".to_owned()), (to, "4096".to_owned())],
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
                points: vec![(0.0, 0.0), (1.0, 250.0), (f64::NAN, 1.0)],
                band: vec![1.0, 1.0, 1.0],
                stroke: Stroke::plain(INK, 2.0),
                mark: Some(MARKS[0]),
            }],
            level: Some(95.0),
            chosen: Some((0.5, 50.0)),
        };
        chart.picture().assert_legible();
        let svg = chart.svg().into_string();
        assert!(svg.starts_with("<svg ") && svg.contains("steps"));
        assert!(svg.contains("aria-label=\"a &quot;chart&quot;\""));
        // What is beyond the axis stays at its end, and what is nowhere is not drawn.
        assert!(svg.contains("<polyline points=\"48,140 304,10\" fill=\"none\""));
        assert!(!svg.contains("NaN"));
        let bar = Bar {
            value: 0.5,
            std: 0.1,
            colour: INK,
        };
        let bars = Bars {
            label: "bars".to_owned(),
            y: axis(0.0, 1.0),
            title: "answer",
            groups: (0..10).map(|n| (n.to_string(), vec![bar; 2])).collect(),
        };
        bars.picture().assert_legible();
        assert_eq!(
            bars.picture()
                .element()
                .into_string()
                .matches("<polygon")
                .count(),
            20
        );
    }
}
