//! One panel of the curves: its frame, and the line and band of an arm.

use plotters::prelude::{Color, DrawingBackend};
use plotters::style::text_anchor::HPos;

use super::axis::{self, Dot, Figure, PhaseAxis};
use super::canvas::{Canvas, Drawn, Lettering};
use super::{Layout, SMALL, TEXT, colour};
use crate::record::{Arm, Phase};
use crate::report::palette::{BOUNDARY, FAINT, GRID, INK};
use crate::run_record::RunRecord;

/// One of the three panels.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What its curves show.
    pub(crate) figure: Figure,
    top: f64,
    height: f64,
    floor: f64,
}

impl Panel {
    /// What must be said of its axis.
    pub(crate) fn zoom(&self) -> Option<String> {
        (self.floor > 0.0).then(|| format!("axis starts at {} %", self.floor))
    }

    /// The position of a percentage.
    fn y(&self, percent: f64) -> f64 {
        let share = (percent - self.floor) / (100.0 - self.floor);
        self.top + self.height * (1.0 - share.clamp(0.0, 1.0))
    }
}

/// The panels, from top to bottom.
pub(crate) fn panels(record: &RunRecord, layout: &Layout) -> [Panel; 3] {
    let digits: Vec<String> = record.config.forget.iter().map(u8::to_string).collect();
    let plural = if digits.len() == 1 { "" } else { "s" };
    let forgotten = format!("Forgotten digit{plural}: {}", digits.join(", "));
    let figures: [(String, Figure); 3] = [
        ("All digits".to_owned(), |f| &f.test_accuracy),
        (forgotten, |f| &f.forget_accuracy),
        ("The other digits".to_owned(), |f| &f.retain_accuracy),
    ];
    let mut number = 0;
    figures.map(|(title, figure)| {
        let panel = Panel {
            title,
            figure,
            top: layout.panel_top(number % layout.panels),
            height: layout.panel,
            floor: axis::floor(record, figure),
        };
        number += 1;
        panel
    })
}

/// How wide an arm's line is, and whether it has gaps.
pub(crate) fn stroke(arm: Arm) -> (f64, bool) {
    match arm {
        Arm::Original => (1.75, false),
        Arm::Retrained => (1.75, true),
        Arm::Unlearned | Arm::Relearned => (2.75, false),
    }
}

/// An arm's line, in its own manner.
pub(crate) fn draw_stroke<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    arm: Arm,
    points: &[(f64, f64)],
) -> Drawn<DB> {
    match stroke(arm) {
        (width, true) => canvas.dashes(points, colour(arm), width),
        (width, false) => canvas.line(points, colour(arm), width),
    }
}

/// A panel without its curves: grid, labels, phase boundaries.
pub(crate) fn draw_frame<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    axis: &PhaseAxis,
    panel: &Panel,
) -> Drawn<DB> {
    let (left, right) = (layout.x(0.0), layout.x(1.0));
    let bottom = panel.top + panel.height;
    for span in axis.spans.iter().filter(|s| s.phase == Phase::Unlearn) {
        let (a, b) = (layout.x(span.from), layout.x(span.to));
        let tint = colour(Arm::Unlearned).mix(0.045);
        canvas.block((a, panel.top), (b, bottom), tint)?;
    }
    draw_grid(canvas, layout, panel)?;
    for span in axis.spans.iter().skip(1) {
        let x = layout.x(span.from);
        canvas.line(&[(x, panel.top), (x, bottom)], BOUNDARY, 1.0)?;
    }
    canvas.line(&[(left, bottom), (right, bottom)], BOUNDARY, 1.0)?;
    Ok(())
}

/// What a panel shows, above it.
pub(crate) fn draw_title<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    panel: &Panel,
) -> Drawn<DB> {
    let title = Lettering::plain(TEXT + 1.0, INK).bold();
    let (left, y) = (layout.x(0.0), panel.top - 14.0);
    canvas.text(&panel.title, (left, y), title)?;
    if let Some(zoom) = panel.zoom() {
        let x = left + title.width(&panel.title) + 10.0;
        canvas.text(&zoom, (x, y), Lettering::plain(SMALL, FAINT))?;
    }
    Ok(())
}

/// Horizontal lines and their labels.
fn draw_grid<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    panel: &Panel,
) -> Drawn<DB> {
    let (left, right) = (layout.x(0.0), layout.x(1.0));
    let lettering = Lettering::plain(SMALL, FAINT).anchored(HPos::Right);
    let step = axis::nice_step(100.0 - panel.floor, 5.0);
    let marks = (0..).map(|i| 100.0 - step * f64::from(i));
    for percent in marks.take_while(|&p| p >= panel.floor - 1e-9) {
        let y = panel.y(percent);
        canvas.line(&[(left, y), (right, y)], GRID, 1.0)?;
        canvas.text(&format!("{percent} %"), (left - 8.0, y), lettering)?;
    }
    Ok(())
}

/// The band and the line of one arm.
pub(crate) fn draw_curve<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    panel: &Panel,
    arm: Arm,
    dots: &[Dot],
) -> Drawn<DB> {
    for piece in above(dots, panel.floor) {
        if piece.iter().any(|d| d.std > 0.0) {
            let edge = |sign: f64| move |d: &Dot| (layout.x(d.x), panel.y(d.mean + sign * d.std));
            let upper = piece.iter().map(edge(1.0));
            let lower = piece.iter().rev().map(edge(-1.0));
            let band: Vec<_> = upper.chain(lower).collect();
            canvas.fill(&band, colour(arm).mix(0.22))?;
        }
        let place = |d: &Dot| (layout.x(d.x), panel.y(d.mean));
        let points: Vec<_> = piece.iter().map(place).collect();
        draw_stroke(canvas, arm, &points)?;
    }
    Ok(())
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
