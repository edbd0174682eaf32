//! How fast working sets are read, from those that the smallest cache holds to those that none does.

use maud::{Markup, html};

use super::{both, figure, legend, size};
use crate::bench::report::{Ceilings, Report};
use crate::report::palette::{BLUE, BOUNDARY, GREEN, GREY, OCHRE, Rgb};
use crate::report::plot::chart::{Axis, Frame, LABEL, Line, MARKS};
use crate::report::plot::picture::{Picture, Stroke};

const READ: Rgb = BLUE;
const WRITTEN: Rgb = OCHRE;
const COPIED: Rgb = GREEN;
const KERNELS: Rgb = GREY;

pub(super) fn section(report: &Report, c: &Ceilings) -> Markup {
    let colours = [
        (READ, "read"),
        (WRITTEN, "written"),
        (COPIED, "copied"),
        (KERNELS, "kernels' working sets"),
    ];
    html! {
        section {
            h2 { "Working sets" }
            p.lead {
                "GB/s that are read of a working set, over and over. Each step down is a cache that no longer holds it. "
                "Writing and copying were measured of buffers that no cache holds. A kernel's bound takes the rate of "
                "its own working set."
            }
            (legend(&colours))
            (both([picture(report, c, (960, 360)), picture(report, c, (340, 300))]))
        }
    }
}

/// Where the curve is in a picture of this size.
fn frame((width, height): (u16, u16)) -> Frame {
    Frame {
        left: 52.0,
        right: f64::from(width) - 18.0,
        top: 14.0,
        bottom: f64::from(height) - 44.0,
    }
}

fn picture(report: &Report, c: &Ceilings, extent: (u16, u16)) -> Picture {
    let mut picture = Picture::new(extent, "Read bandwidth by the size of the working set");
    let frame = frame(extent);
    let (x, y) = (sizes(c, extent.0 < 500), rates(c));
    frame.grid(&mut picture, &y);
    for (at, label) in &x.marks {
        let (x, y) = frame.place(x.share(*at), 0.0);
        picture.line(&[(x, y), (x, y + 4.0)], Stroke::plain(BOUNDARY, 1.0));
        picture.text(label, (x, y + 14.0), LABEL);
    }
    let (middle, base) = frame.place(0.5, 0.0);
    picture.text("working set (GB/s upwards)", (middle, base + 32.0), LABEL);
    for (gbs, colour) in [(c.write_gbs, WRITTEN), (c.gbs, COPIED)] {
        let ends = [0.75, 1.0].map(|end| frame.place(end, y.share(gbs.log10())));
        picture.line(&ends, Stroke::plain(colour, 2.0));
    }
    let sets = report.kernels.iter().filter(|row| row.working_set > 0);
    let mut sets: Vec<u64> = sets.map(|row| row.working_set).collect();
    sets.sort_unstable();
    sets.dedup();
    for set in sets {
        let (x, base) = frame.place(x.share((set as f64).log2()), 0.0);
        picture.line(&[(x, base), (x, base - 8.0)], Stroke::plain(KERNELS, 1.5));
    }
    let line = Line {
        points: c
            .curve
            .iter()
            .map(|rate| ((rate.bytes as f64).log2(), rate.gbs.log10()))
            .collect(),
        band: Vec::new(),
        stroke: Stroke::plain(READ, 2.5),
        mark: Some(MARKS[0]),
    };
    frame.line(&mut picture, (&x, &y), &line);
    picture
}

/// The horizontal axis.
fn sizes(c: &Ceilings, narrow: bool) -> Axis {
    let end = |rate: Option<&crate::bench::report::Rate>| {
        rate.map_or(0.0, |rate| (rate.bytes as f64).log2())
    };
    let every = if narrow { 4 } else { 2 };
    let marks = c.curve.iter().step_by(every);
    Axis {
        from: end(c.curve.first()) - 0.3,
        to: end(c.curve.last()) + 0.3,
        marks: marks
            .map(|rate| ((rate.bytes as f64).log2(), size(rate.bytes)))
            .collect(),
        title: "",
    }
}

/// The vertical axis, logarithmic: 1, 2 and 5 times powers of ten.
fn rates(c: &Ceilings) -> Axis {
    let all = c.curve.iter().map(|rate| rate.gbs);
    let all = all
        .chain([c.write_gbs, c.gbs])
        .filter(|gbs| gbs.is_finite());
    let (low, high) = all.fold((f64::INFINITY, 0.0f64), |(low, high), gbs| {
        (low.min(gbs), high.max(gbs))
    });
    let steps = (-3..6).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(power)));
    let steps: Vec<f64> = steps.collect();
    let from = steps.iter().rev().find(|step| **step <= 0.9 * low);
    let to = steps.iter().find(|step| **step >= 1.1 * high);
    let (from, to) = (from.copied().unwrap_or(1e-3), to.copied().unwrap_or(1e6));
    let within = steps.into_iter().filter(|step| (from..=to).contains(step));
    Axis {
        from: from.log10(),
        to: to.log10(),
        marks: within.map(|step| (step.log10(), short(step))).collect(),
        title: "",
    }
}

/// A round figure without zeros behind its point.
fn short(value: f64) -> String {
    match value >= 1.0 {
        true => format!("{value:.0}"),
        false => figure(value).trim_end_matches('0').to_owned(),
    }
}
