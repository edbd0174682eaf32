//! The curves of a run: accuracy through the phases, mean and standard deviation over learners,
//! as an SVG text and as a PNG file.

mod axis;
pub(crate) mod chart;
mod font;
mod panel;
pub(crate) mod picture;
mod raster;
mod stroke;

use std::path::Path;

use super::palette::{BLUE, BOUNDARY, FAINT, GREY, INK, OCHRE, Rgb};
use crate::error::{Error, Result};
use crate::record::{Arm, Phase};
use crate::run_record::RunRecord;
use axis::{PhaseAxis, Span};
use chart::{Frame, LABEL};
use panel::panels;
use picture::{Anchor, Lettering, Picture, Stroke};

/// Most text.
const TEXT: Lettering = Lettering {
    size: 13.0,
    colour: INK,
    bold: false,
    anchor: Anchor::Start,
};
/// Titles.
const BOLD: Lettering = Lettering { bold: true, ..TEXT };
/// What steps back.
pub(crate) const NOTE: Lettering = Lettering {
    size: 12.0,
    colour: FAINT,
    ..TEXT
};

/// How an arm's line is drawn; its colour is that of every plot, table and bar.
pub(crate) fn stroke(arm: Arm) -> Stroke {
    let (width, dashed) = match arm {
        Arm::Original => (1.75, false),
        Arm::Retrained => (1.75, true),
        Arm::Unlearned | Arm::Relearned => (2.75, false),
    };
    Stroke {
        colour: colour(arm),
        width,
        dashed,
    }
}

/// The colour of an arm in every plot, table and bar.
pub(crate) fn colour(arm: Arm) -> Rgb {
    match arm {
        Arm::Original => GREY,
        Arm::Retrained => OCHRE,
        Arm::Unlearned | Arm::Relearned => BLUE,
    }
}

/// The curves as an SVG document.
pub fn curves_svg(record: &RunRecord) -> String {
    curves(record).document()
}

/// The curves as a PNG file.
///
/// # Errors
/// `File` where the encoder fails.
pub fn curves_png(record: &RunRecord) -> Result<Vec<u8>> {
    let failed = |e| Error::file("encode", Path::new("curves.png"))(std::io::Error::other(e));
    curves(record).png(2).map_err(failed)
}

/// All panels, with a legend above and a line of explanation below.
fn curves(record: &RunRecord) -> Picture {
    const FIRST: Frame = Frame {
        left: 54.0,
        right: 944.0,
        top: 96.0,
        bottom: 272.0,
    };
    let mut picture = Picture::new((960, 780), "Accuracy through the phases");
    draw_legend(&mut picture, record, FIRST.left);
    let axis = PhaseAxis::of(record);
    let mut frame = FIRST;
    for (number, panel) in panels(record).iter().enumerate() {
        let down = 216.0 * number as f64;
        (frame.top, frame.bottom) = (FIRST.top + down, FIRST.bottom + down);
        panel.draw_title(&mut picture, frame);
        panel.draw(&mut picture, frame, &axis, record);
    }
    frame.top = 58.0;
    draw_phases(&mut picture, frame, &axis);
    let under = (frame.left, frame.bottom + 58.0);
    picture.text(&foot(record), under, NOTE);
    picture
}

/// A panel of the curves, for a page that says in words what it shows.
pub(crate) struct Part {
    pub(crate) title: String,
    pub(crate) zoom: Option<String>,
    pub(crate) picture: Picture,
}

/// The panels of the curves, each by itself: at its own size on a phone, and beside the others on
/// larger screens.
pub(crate) fn parts(record: &RunRecord) -> [Part; 3] {
    let frame = Frame {
        left: 48.0,
        right: 312.0,
        top: 32.0,
        bottom: 192.0,
    };
    let axis = PhaseAxis::of(record);
    panels(record).map(|panel| {
        let label = format!("Accuracy through the phases: {}", panel.title);
        let mut picture = Picture::new((320, 238), &label);
        panel.draw(&mut picture, frame, &axis, record);
        let top = frame.top - 8.0;
        draw_phases(&mut picture, Frame { top, ..frame }, &axis);
        Part {
            zoom: panel.zoom(),
            title: panel.title,
            picture,
        }
    })
}

/// The arms that have a line of their own, and what the legend says of them.
pub(crate) fn legend(record: &RunRecord) -> Vec<(Arm, &'static str)> {
    let all = [
        (Arm::Unlearned, "unlearned, then relearned"),
        (Arm::Original, "original (never unlearned)"),
        (Arm::Retrained, "retrained (never saw it until relearn)"),
    ];
    let drawn = |(arm, _): &(Arm, _)| record.points.iter().any(|p| p.arm == *arm);
    all.into_iter().filter(drawn).collect()
}

fn draw_legend(picture: &mut Picture, record: &RunRecord, left: f64) {
    let (mut x, y) = (left, 18.0);
    for (arm, text) in legend(record) {
        picture.line(&[(x, y), (x + 26.0, y)], stroke(arm));
        picture.text(text, (x + 34.0, y), TEXT);
        x += 34.0 + TEXT.width(text) + 24.0;
    }
}

/// The phases' names above a frame that all panels share, and their epochs below it.
fn draw_phases(picture: &mut Picture, frame: Frame, axis: &PhaseAxis) {
    for span in &axis.spans {
        let x = |share| frame.place(share, 0.0).0;
        let (from, to) = (x(span.from), x(span.to));
        let middle = f64::midpoint(from, to);
        picture.text(
            span.phase.name(),
            (middle, frame.top - 12.0),
            BOLD.anchored(Anchor::Middle),
        );
        let end = if span.to < 0.999 { to - 4.0 } else { to };
        let rule = [(from, frame.top), (end, frame.top)];
        picture.line(&rule, Stroke::plain(BOUNDARY, 1.5));
        draw_ticks(picture, frame, span);
        picture.text("epochs", (middle, frame.bottom + 34.0), LABEL);
    }
}

/// Marks below the panels, where there is room for their labels.
fn draw_ticks(picture: &mut Picture, frame: Frame, span: &Span) {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for epoch in span.ticks() {
        let (x, y) = frame.place(span.at_epoch(epoch), 0.0);
        let text = axis::epochs_text(epoch);
        let width = NOTE.width(&text);
        // At a boundary two phases have labels: the end of one beside the start of the next.
        let inset = |outer: bool| if outer { -width / 2.0 } else { 4.0 };
        let first = frame.place(span.from, 0.0).0 + inset(span.from <= 0.0);
        let last = frame.place(span.to, 0.0).0 - inset(span.to >= 1.0) - width;
        let start = (x - width / 2.0).clamp(first, last.max(first));
        let end = start + width;
        let free = |&(a, b): &(f64, f64)| start >= b + GAP || a >= end + GAP;
        if x.is_finite() && taken.iter().all(free) {
            taken.push((start, end));
            picture.line(&[(x, y), (x, y + 5.0)], Stroke::plain(BOUNDARY, 1.0));
            picture.text(&text, (start, y + 16.0), NOTE);
        }
    }
}

/// What is between two labels at least.
const GAP: f64 = 5.0;

/// What lines, bands and scales are.
pub(crate) fn foot(record: &RunRecord) -> String {
    let learners = record.config.learners;
    let mut text = if learners > 1 {
        format!("Lines: mean of {learners} learners. Bands: ± one standard deviation.")
    } else {
        "Lines: a single learner, so there are no bands.".to_owned()
    };
    if record.points.iter().any(|p| p.phase != Phase::Learn) {
        text += " Unlearn and relearn: square-root scale, so that the first steps can be seen.";
    }
    text
}

#[cfg(test)]
mod tests;
