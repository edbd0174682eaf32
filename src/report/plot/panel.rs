//! One panel of the curves: its frame, and the line and band of an arm.

use super::axis::{self, Dot, Figure, PhaseAxis};
use super::chart::{Axis, Frame, Line};
use super::picture::{Picture, Stroke};
use super::{BOLD, NOTE, stroke};
use crate::record::{Arm, Phase};
use crate::report::palette::{BLUE, BOUNDARY};
use crate::run_record::RunRecord;

/// One of the three panels.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What its curves show.
    figure: Figure,
    y: Axis,
    /// How opaque its bands are.
    band: f64,
}

/// The panels, from top to bottom.
pub(crate) fn panels(record: &RunRecord) -> [Panel; 3] {
    let (classes, forget) = (&record.data.classes, &record.config.forget);
    let (noun, nouns) = (classes.noun(), classes.nouns());
    let what = if forget.len() == 1 { noun } else { nouns };
    let named: Vec<String> = forget.iter().map(|&c| classes.name(c.into())).collect();
    let forgotten = format!("Forgotten {what}: {}", named.join(", "));
    let figures: [(String, Figure, Ends, f64); 3] = [
        (format!("All {nouns}"), |f| &f.test_accuracy, up_to_100, 0.2),
        (forgotten, |f| &f.forget_accuracy, up_to_100, 0.2),
        (
            format!("The other {nouns}"),
            |f| &f.retain_accuracy,
            axis::close,
            0.1,
        ),
    ];
    figures.map(|(title, figure, ends, band)| Panel {
        title,
        figure,
        y: percents(ends(record, figure)),
        band,
    })
}

/// What finds the ends of a y axis.
type Ends = fn(&RunRecord, Figure) -> (f64, f64);

fn up_to_100(record: &RunRecord, figure: Figure) -> (f64, f64) {
    (axis::floor(record, figure), 100.0)
}

/// The y axis between two percentages.
fn percents((from, to): (f64, f64)) -> Axis {
    let step = axis::nice_step(to - from, 5.0);
    let marks = (0..).map(|i| to - step * f64::from(i));
    let marks = marks.take_while(|&p| p >= from - 1e-9);
    Axis {
        from,
        to,
        marks: marks.map(|p| (p, format!("{p} %"))).collect(),
        title: "",
    }
}

impl Panel {
    /// What must be said of its axis.
    pub(crate) fn zoom(&self) -> Option<String> {
        let (from, to) = (self.y.from, self.y.to);
        match (from > 0.0, to < 100.0) {
            (_, true) => Some(format!("axis {from}–{to} %")),
            (true, false) => Some(format!("axis starts at {from} %")),
            (false, false) => None,
        }
    }

    /// What it shows, above it.
    pub(crate) fn draw_title(&self, picture: &mut Picture, frame: Frame) {
        let (x, y) = (frame.left, frame.top - 14.0);
        picture.text(&self.title, (x, y), BOLD);
        if let Some(zoom) = self.zoom() {
            let beside = x + BOLD.width(&self.title) + 10.0;
            picture.text(&zoom, (beside, y), NOTE);
        }
    }

    /// The grid, the boundaries of phases, and the curves.
    pub(crate) fn draw(
        &self,
        picture: &mut Picture,
        frame: Frame,
        axis: &PhaseAxis,
        record: &RunRecord,
    ) {
        let x = |share| frame.place(share, 0.0).0;
        for span in axis.spans.iter().filter(|s| s.phase == Phase::Unlearn) {
            let corners = ((x(span.from), frame.top), (x(span.to), frame.bottom));
            picture.block(corners.0, corners.1, BLUE, 0.045);
        }
        frame.grid(picture, &self.y);
        for span in axis.spans.iter().skip(1) {
            let x = x(span.from);
            let ends = [(x, frame.top), (x, frame.bottom)];
            picture.line(&ends, Stroke::plain(BOUNDARY, 1.0));
        }
        let lines: Vec<Line> = [Arm::Original, Arm::Retrained, Arm::Unlearned]
            .into_iter()
            .flat_map(|arm| {
                let dots = axis::curve(record, axis, arm, self.figure);
                let pieces = above(&dots, self.y.from).into_iter();
                pieces.map(move |piece| line(arm, &piece))
            })
            .collect();
        // Where bands lie on each other, lines must not be below them.
        let axes = (&WHOLE, &self.y);
        for line in &lines {
            frame.band(picture, axes, line, self.band);
        }
        for line in lines {
            let band = Vec::new();
            frame.line(picture, axes, &Line { band, ..line });
        }
    }
}

/// Curves have their places in fractions of the x axis.
const WHOLE: Axis = Axis {
    from: 0.0,
    to: 1.0,
    marks: Vec::new(),
    title: "",
};

fn line(arm: Arm, dots: &[Dot]) -> Line {
    Line {
        points: dots.iter().map(|d| (d.x, d.mean)).collect(),
        band: dots.iter().map(|d| d.std).collect(),
        stroke: stroke(arm),
        mark: None,
    }
}

/// The pieces of a curve that are not below `floor`, cut where it crosses.
pub(crate) fn above(dots: &[Dot], floor: f64) -> Vec<Vec<Dot>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Dot> = Vec::new();
    for (number, &dot) in dots.iter().enumerate() {
        let before = number.checked_sub(1).map(|n| dots[n]);
        let crossing = before.filter(|b| (b.mean < floor) != (dot.mean < floor));
        piece.extend(crossing.map(|b| {
            let share = (floor - b.mean) / (dot.mean - b.mean);
            Dot {
                x: b.x + share * (dot.x - b.x),
                mean: floor,
                std: b.std + share * (dot.std - b.std),
            }
        }));
        if dot.mean >= floor {
            piece.push(dot);
        } else if !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    pieces.push(piece);
    pieces
}
