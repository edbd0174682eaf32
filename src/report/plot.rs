//! The curves of a run: accuracy through the phases, mean and standard deviation over learners,
//! as an SVG text and as a PNG file.

mod axis;
mod canvas;
pub(crate) mod chart;
mod panel;

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, DrawingArea, DrawingBackend, IntoDrawingArea, RGBColor, SVGBackend,
};
use plotters::style::text_anchor::HPos;
use std::path::Path;

use super::palette::{self, BLUE, BOUNDARY, CARD, FAINT, GREY, INK, OCHRE};
use crate::error::{Error, Result};
use crate::record::{Arm, Phase};
use crate::run_record::RunRecord;
use axis::{PhaseAxis, Span};
use canvas::{Canvas, Drawn, Lettering, Pen};
use panel::{Panel, draw_curve, draw_frame, draw_stroke, draw_title, panels};

pub(crate) use panel::stroke;

/// Size of most text.
const TEXT: f64 = 13.0;
/// Size of the labels at the axes.
const SMALL: f64 = 12.0;
/// Height of the legend, and of what is below the axis.
const ROW: f64 = 22.0;

/// The colour of an arm in every plot, table and bar.
pub(crate) fn colour(arm: Arm) -> RGBColor {
    match arm {
        Arm::Original => GREY,
        Arm::Retrained => OCHRE,
        Arm::Unlearned | Arm::Relearned => BLUE,
    }
}

/// The measures of a drawing, in logical units.
pub(crate) struct Layout {
    width: f64,
    left: f64,
    right: f64,
    /// Height of a panel, and of its title with the gap above it.
    panel: f64,
    title: f64,
    panels: usize,
    /// Whether it explains itself, with a legend above and a line below.
    alone: bool,
}

impl Layout {
    /// All panels, in a file of their own.
    const WHOLE: Self = Self {
        width: 960.0,
        left: 54.0,
        right: 16.0,
        panel: 176.0,
        title: 40.0,
        panels: 3,
        alone: true,
    };
    /// One panel, at its own size on a phone, and beside the others on larger screens.
    const PANEL: Self = Self {
        width: 320.0,
        left: 45.0,
        right: 8.0,
        panel: 160.0,
        title: 8.0,
        panels: 1,
        alone: false,
    };

    fn top(&self) -> f64 {
        if self.alone { ROW + 22.0 } else { 12.0 }
    }

    /// The upper edge of a panel.
    fn panel_top(&self, number: usize) -> f64 {
        self.top() + 12.0 + self.title + number as f64 * (self.title + self.panel)
    }

    fn bottom(&self) -> f64 {
        self.panel_top(self.panels - 1) + self.panel
    }

    fn height(&self) -> f64 {
        self.bottom() + 46.0 + if self.alone { ROW } else { 0.0 }
    }

    /// A fraction of the x axis.
    fn x(&self, share: f64) -> f64 {
        self.left + (self.width - self.left - self.right) * share
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "both sizes are small positive constants"
    )]
    fn size(&self, scale: u32) -> (u32, u32) {
        let whole = |v: f64| v.ceil() as u32 * scale;
        (whole(self.width), whole(self.height()))
    }
}

/// The curves as an SVG document.
///
/// # Errors
///
/// If plotters refuses to draw.
pub fn curves_svg(record: &RunRecord) -> Result<String> {
    let layout = &Layout::WHOLE;
    let svg = element(
        layout.size(1),
        "Accuracy through the phases",
        |area, pen| draw(area, pen, record, layout),
    )?;
    let style = format!("><style>{}</style>", palette::picture_css());
    Ok(svg.replacen('>', &style, 1))
}

/// A panel of the curves, for a page that says in words what it shows.
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) zoom: Option<String>,
    pub(crate) svg: String,
}

/// The panels of the curves, each by itself.
pub(crate) fn pictures(record: &RunRecord) -> Result<Vec<Picture>> {
    let layout = &Layout::PANEL;
    let axis = PhaseAxis::of(record);
    let picture = |panel: Panel| {
        let label = format!("Accuracy through the phases: {}", panel.title);
        let svg = element(layout.size(1), &label, |area, pen| {
            area.fill(&CARD)?;
            let canvas = Canvas::new(area, pen);
            draw_panel(&canvas, record, layout, &axis, &panel)?;
            draw_phases(&canvas, layout, &axis)
        })?;
        Ok(Picture {
            zoom: panel.zoom(),
            title: panel.title,
            svg,
        })
    };
    panels(record, layout).into_iter().map(picture).collect()
}

/// Plotters has whole coordinates only: eight to a pixel make smooth curves.
const SVG_SCALE: u32 = 8;

/// What `draw` draws, as an SVG element of this size with a name for those who cannot see it.
fn element<'a>(
    (width, height): (u32, u32),
    label: &str,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>, Pen) -> Drawn<SVGBackend<'a>>,
) -> Result<String> {
    let size = (width * SVG_SCALE, height * SVG_SCALE);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&area, Pen::svg(f64::from(SVG_SCALE)))
            .and_then(|()| area.present())
            .map_err(|e| undrawn("draw", Path::new(label), &e))?;
    }
    let body = text.find("<svg").and_then(|at| {
        let end = text[at..].find('>')?;
        text.get(at + end + 1..)
    });
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" \
         stroke-linejoin=\"round\" stroke-linecap=\"round\">",
        size.0,
        size.1,
        label.replace(['"', '<', '&'], " "),
    );
    Ok(head + body.unwrap_or_default())
}

/// The curves as a PNG file.
///
/// # Errors
///
/// If plotters refuses to draw.
pub fn curves_png(record: &RunRecord) -> Result<Vec<u8>> {
    let path = Path::new("curves.png");
    let layout = &Layout::WHOLE;
    let (large, small) = (layout.size(4), layout.size(2));
    let mut pixels = vec![255; 3 * large.0 as usize * large.1 as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, large).into_drawing_area();
        draw(&area, Pen::bitmap(4.0), record, layout)
            .and_then(|()| area.present())
            .map_err(|e| undrawn("draw", path, &e))?;
    }
    encode(small, &halve(&pixels, large.0 as usize)).map_err(|e| undrawn("encode", path, &e))
}

/// An RGB picture as PNG.
fn encode(
    (width, height): (u32, u32),
    pixels: &[u8],
) -> std::result::Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

fn undrawn(action: &'static str, path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::file(action, path)(std::io::Error::other(why.to_string()))
}

/// An RGB picture at half its size: plotters does not smooth the edges of polygons, this does.
fn halve(pixels: &[u8], width: usize) -> Vec<u8> {
    let stride = 3 * width;
    let mut halved = Vec::with_capacity(pixels.len() / 4);
    for rows in pixels.chunks_exact(2 * stride) {
        for x in (0..stride).step_by(6) {
            for channel in x..x + 3 {
                let four = [channel, channel + 3, channel + stride, channel + stride + 3];
                let sum: u16 = four.iter().map(|&i| u16::from(rows[i])).sum();
                halved.push(u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX));
            }
        }
    }
    halved
}

/// Draws everything, on any backend.
fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    pen: Pen,
    record: &RunRecord,
    layout: &Layout,
) -> Drawn<DB> {
    area.fill(&CARD)?;
    let canvas = Canvas::new(area, pen);
    let axis = PhaseAxis::of(record);
    draw_legend(&canvas, record, layout)?;
    for panel in panels(record, layout) {
        draw_title(&canvas, layout, &panel)?;
        draw_panel(&canvas, record, layout, &axis, &panel)?;
    }
    draw_phases(&canvas, layout, &axis)?;
    let small = Lettering::plain(SMALL - 0.5, FAINT);
    canvas.text(&foot(record), (4.0, layout.bottom() + 58.0), small)
}

fn draw_panel<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    record: &RunRecord,
    layout: &Layout,
    axis: &PhaseAxis,
    panel: &Panel,
) -> Drawn<DB> {
    draw_frame(canvas, layout, axis, panel)?;
    for arm in [Arm::Original, Arm::Retrained, Arm::Unlearned] {
        let dots = axis::curve(record, axis, arm, panel.figure);
        draw_curve(canvas, layout, panel, arm, &dots)?;
    }
    Ok(())
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

fn draw_legend<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    record: &RunRecord,
    layout: &Layout,
) -> Drawn<DB> {
    let (mut x, y) = (layout.left, ROW / 2.0 + 2.0);
    for (arm, text) in legend(record) {
        draw_stroke(canvas, arm, &[(x, y), (x + 26.0, y)])?;
        let lettering = Lettering::plain(TEXT, INK);
        canvas.text(text, (x + 34.0, y), lettering)?;
        x += 34.0 + lettering.width(text) + 24.0;
    }
    Ok(())
}

fn draw_phases<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    axis: &PhaseAxis,
) -> Drawn<DB> {
    axis.spans
        .iter()
        .try_for_each(|span| draw_phase(canvas, layout, span))
}

/// A phase's name above the panels, and its epochs below them.
fn draw_phase<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    span: &Span,
) -> Drawn<DB> {
    let (from, to) = (layout.x(span.from), layout.x(span.to));
    let name = Lettering::plain(TEXT, INK).bold().anchored(HPos::Center);
    let y = layout.top();
    canvas.text(span.phase.name(), (f64::midpoint(from, to), y), name)?;
    let (rule, end) = (y + 12.0, if span.to < 0.999 { to - 4.0 } else { to });
    canvas.line(&[(from, rule), (end, rule)], BOUNDARY, 1.5)?;
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for epoch in span.ticks() {
        let x = layout.x(span.at_epoch(epoch));
        let text = axis::epochs_text(epoch);
        draw_tick(canvas, layout, (from, x, to), &text, &mut taken)?;
    }
    let under = (f64::midpoint(from, to), layout.bottom() + 34.0);
    let faint = Lettering::plain(SMALL, FAINT).anchored(HPos::Center);
    canvas.text("epochs", under, faint)
}

/// A mark below the panels, where there is room for its label.
fn draw_tick<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout,
    (from, x, to): (f64, f64, f64),
    text: &str,
    taken: &mut Vec<(f64, f64)>,
) -> Drawn<DB> {
    if !x.is_finite() {
        return Ok(());
    }
    let plain = Lettering::plain(SMALL, FAINT);
    let width = plain.width(text);
    // At a boundary two phases have labels: the end of one beside the start of the next.
    let inset = |edge: f64, outer: f64| if edge == outer { -width / 2.0 } else { 4.0 };
    let first = from + inset(from, layout.x(0.0));
    let last = to - inset(to, layout.x(1.0)) - width;
    let start = (x - width / 2.0).clamp(first, last.max(first));
    let end = start + width;
    if taken.iter().any(|&(a, b)| start < b + 7.0 && a < end + 7.0) {
        return Ok(());
    }
    taken.push((start, end));
    let y = layout.bottom();
    canvas.line(&[(x, y), (x, y + 5.0)], BOUNDARY, 1.0)?;
    canvas.text(text, (start, y + 16.0), plain)
}

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
