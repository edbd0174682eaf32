//! The roofline: what a kernel does against how many operations it has for each byte, below what memory
//! and arithmetic allow. Source: Williams, Waterman and Patterson, "Roofline: an insightful visual
//! performance model for multicore architectures", CACM 52(4), 2009.

use maud::{Markup, html};

use super::room::Room;
use super::{both, figure, legend, size};
use crate::bench::report::{Ceilings, KernelRow, Report};
use crate::report::palette::{BLUE, BOUNDARY, FAINT, GREY, INK, OCHRE, Rgb};
use crate::report::plot::chart::{Axis, Frame, LABEL};
use crate::report::plot::picture::{Picture, Point, Stroke};

/// A variant of a kernel in the roofline.
pub(super) struct Dot {
    /// Its row in the report.
    pub(super) row: usize,
    /// The number of its kernel and shape, from 1.
    pub(super) group: usize,
    /// Operations for each byte, and 10⁹ operations a second.
    at: Point,
    share: f64,
    colour: Rgb,
    /// Whether it is the fastest of its group.
    fastest: bool,
}

/// A dot for each row that has a time, operations and bytes.
pub(super) fn dots(report: &Report) -> Vec<Dot> {
    let mut dots: Vec<Dot> = Vec::new();
    let same = |a: &KernelRow, b: &KernelRow| a.kernel == b.kernel && a.shape == b.shape;
    for (row, kernel) in report.kernels.iter().enumerate() {
        let measured = kernel.measured.as_ref().filter(|m| m.gflops > 0.0);
        let Some(m) = measured.filter(|_| kernel.bytes > 0) else {
            continue;
        };
        let last = dots.last().map_or(0, |dot| dot.group);
        let known = dots
            .iter()
            .find(|dot| same(&report.kernels[dot.row], kernel));
        dots.push(Dot {
            row,
            group: known.map_or(last + 1, |dot| dot.group),
            at: (kernel.flops as f64 / kernel.bytes as f64, m.gflops),
            share: m.share,
            colour: colour(&m.bound_by),
            fastest: false,
        });
    }
    for number in 0..dots.len() {
        let own = &dots[number];
        let mut rivals = dots.iter().filter(|dot| dot.group == own.group);
        let fastest = !rivals.any(|rival| rival.at.1 > own.at.1);
        dots[number].fastest = fastest;
    }
    dots
}

/// The colour of what binds a kernel.
fn colour(bound_by: &str) -> Rgb {
    match bound_by {
        "compute" => BLUE,
        "memory" => OCHRE,
        _ => GREY,
    }
}

/// A memory level: the rate of working sets up to a size.
struct Level {
    name: String,
    gbs: f64,
}

/// The levels of the curve: a new one begins where the rate falls by a quarter.
fn levels(c: &Ceilings) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    let mut highest = f64::NAN;
    for (number, rate) in c.curve.iter().enumerate() {
        let roof = c.memory_roof(rate.bytes);
        let last = number + 1 == c.curve.len();
        let name = match last {
            true => "memory".to_owned(),
            false => format!("to {}", size(rate.bytes)),
        };
        match levels.last_mut() {
            Some(level) if roof > 0.75 * highest => level.name = name,
            _ => {
                highest = roof;
                levels.push(Level { name, gbs: roof });
            }
        }
    }
    if levels.is_empty() {
        let (name, gbs) = ("memory".to_owned(), c.memory_roof(u64::MAX));
        levels.push(Level { name, gbs });
    }
    levels
}

pub(super) fn section(report: &Report, c: &Ceilings, dots: &[Dot]) -> Markup {
    let colours = [
        (BLUE, "bound by arithmetic"),
        (OCHRE, "by memory"),
        (GREY, "by launch"),
    ];
    let idle = report.kernels.iter().filter(|row| row.flops == 0);
    let mut idle: Vec<&str> = idle.map(|row| row.kernel.as_str()).collect();
    idle.dedup();
    html! {
        section {
            h2 { "Roofline" }
            p.lead {
                "Each dot is a variant of a kernel: how many operations it has for each byte, and how many it does a "
                "second. No dot can be above the roof of the memory level that holds its working set. Large dots, with "
                "the number of the table, are the fastest variants, and the percentage is the share of the bound."
            }
            (legend(&colours))
            (both([picture(c, dots, WIDE), picture(c, dots, NARROW)]))
            @if !idle.is_empty() { p.under { "Without floating-point operations: " (idle.join(", ")) "." } }
        }
    }
}

const WIDE: (u16, u16) = (960, 560);
const NARROW: (u16, u16) = (340, 420);

fn picture(c: &Ceilings, dots: &[Dot], extent: (u16, u16)) -> Picture {
    let mut picture = Picture::new(extent, "Roofline of all kernels");
    let frame = Frame {
        left: 52.0,
        right: f64::from(extent.0) - 18.0,
        top: 16.0,
        bottom: f64::from(extent.1) - 46.0,
    };
    let levels = levels(c);
    let (x, y) = axes(c, dots, &levels);
    frame.grid(&mut picture, &y);
    for (at, label) in &x.marks {
        let (x, y) = frame.place(x.share(*at), 0.0);
        picture.line(&[(x, y), (x, y + 4.0)], Stroke::plain(BOUNDARY, 1.0));
        picture.text(label, (x, y + 14.0), LABEL);
    }
    let (middle, base) = frame.place(0.5, 0.0);
    let title = "operations for each byte (GFLOP/s upwards)";
    picture.text(title, (middle, base + 33.0), LABEL);
    let place =
        |(ratio, gflops): Point| frame.place(x.share(ratio.log2()), y.share(gflops.log10()));
    let mut room = Room::new(frame);
    let places: Vec<Point> = dots.iter().map(|dot| place(dot.at)).collect();
    for (dot, (x, y)) in dots.iter().zip(&places) {
        let half = if dot.fastest { 6.0 } else { 3.5 };
        room.taken.push([x - half, y - half, x + half, y + half]);
    }
    roofs(&mut picture, c, &levels, (&x, &place), &mut room);
    for fastest in [false, true] {
        for (dot, at) in dots
            .iter()
            .zip(&places)
            .filter(|(dot, _)| dot.fastest == fastest)
        {
            let (diameter, opacity) = if fastest { (10.0, 1.0) } else { (6.0, 0.5) };
            picture.dots(&[*at], dot.colour, diameter, opacity);
        }
    }
    for (dot, at) in dots.iter().zip(&places).filter(|(dot, _)| dot.fastest) {
        let label = match extent == WIDE && dot.share.is_finite() {
            true => format!("{}: {:.0} %", dot.group, 100.0 * dot.share),
            false => dot.group.to_string(),
        };
        room.label(&mut picture, &label, *at);
    }
    picture
}

/// The roofs, with their names.
fn roofs(
    picture: &mut Picture,
    c: &Ceilings,
    levels: &[Level],
    (x, place): (&Axis, &dyn Fn(Point) -> Point),
    room: &mut Room,
) {
    let [from, to] = [x.from, x.to].map(f64::exp2);
    let mut ridge = to;
    for level in levels {
        let top = c.gflops.min(level.gbs * to);
        let corner = top / level.gbs;
        ridge = ridge.min(corner);
        let ends = [(from, from * level.gbs), (corner, top)].map(place);
        picture.line(&ends, Stroke::plain(FAINT, 1.5));
        let name = format!("{} {} GB/s", level.name, figure(level.gbs));
        // Below the slope, from its upper end on: there the levels are farthest from the dots.
        let along = |share: f64| {
            let ratio = from * (corner / from).powf(share);
            place((ratio, ratio * level.gbs))
        };
        let spots = [0.12, 0.3, 0.5, 0.7, 0.85, 0.02].map(along);
        room.beside(picture, &name, &spots, false);
    }
    let flat = [(ridge, c.gflops), (to, c.gflops)].map(place);
    picture.line(&flat, Stroke::plain(INK, 1.5));
    let name = format!("arithmetic {} GFLOP/s", figure(c.gflops));
    let spots = [0.5, 0.75, 0.9, 0.25, 0.1].map(|share: f64| {
        let ratio = ridge * (to / ridge).powf(share);
        place((ratio, c.gflops))
    });
    room.beside(picture, &name, &spots, true);
}

/// Both axes: everything is within, and the ridge, too.
fn axes(c: &Ceilings, dots: &[Dot], levels: &[Level]) -> (Axis, Axis) {
    let mut ratios: Vec<f64> = dots.iter().map(|dot| dot.at.0).collect();
    ratios.extend(levels.iter().map(|level| 2.0 * c.gflops / level.gbs));
    let mut rates: Vec<f64> = dots.iter().map(|dot| dot.at.1).collect();
    rates.push(1.5 * c.gflops);
    let (from, to) = ends(&ratios);
    let (from, to) = (from.log2().floor(), to.log2().ceil());
    let every = ((to - from) / 7.0).ceil().max(1.0);
    let ticks = (0..).map(|n| from + every * f64::from(n));
    let x = Axis {
        from,
        to,
        marks: ticks
            .take_while(|at| *at < to)
            .map(|at| (at, fraction(at)))
            .collect(),
        title: "",
    };
    let (low, high) = ends(&rates);
    let (low, high) = (low.log10().floor(), high.log10());
    let decades = (0..).map(|n| low + f64::from(n));
    let y = Axis {
        from: low,
        to: high,
        marks: decades
            .take_while(|at| *at <= high)
            .map(|at| (at, decimal(at)))
            .collect(),
        title: "",
    };
    (x, y)
}

fn ends(values: &[f64]) -> (f64, f64) {
    let usable = values
        .iter()
        .filter(|value| value.is_finite() && **value > 0.0);
    usable.fold((f64::INFINITY, f64::MIN_POSITIVE), |(low, high), value| {
        (low.min(*value), high.max(*value))
    })
}

/// A power of two: 1/8, 4.
fn fraction(power: f64) -> String {
    match power < 0.0 {
        true => format!("1/{:.0}", (-power).exp2()),
        false => format!("{:.0}", power.exp2()),
    }
}

/// A power of ten.
fn decimal(power: f64) -> String {
    let value = format!("{:.9}", 10f64.powf(power));
    value.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
impl Dot {
    /// A dot that is the fastest of a group of its own.
    fn alone(group: usize, at: Point) -> Self {
        Self {
            row: group,
            group,
            at,
            share: 0.5,
            colour: BLUE,
            fastest: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::Rate;

    #[test]
    fn labels_stand_on_nothing_however_close_the_dots_are() {
        let rate = |(bytes, gbs)| Rate { bytes, gbs };
        let c = Ceilings {
            gflops: 36.0,
            gbs: 9.0,
            curve: [(1 << 14, 80.0), (1 << 20, 40.0), (1 << 25, 9.0)]
                .map(rate)
                .to_vec(),
            ..Ceilings::default()
        };
        // Forty dots, most of them on two heaps.
        let dot = |number: usize| {
            let part = 1.0 + 0.01 * (number % 7) as f64;
            let at = match number % 2 {
                0 => (0.25 * part, 1.1 * part),
                _ => (30.0 * part, 20.0 * part),
            };
            Dot::alone(number + 1, at)
        };
        let dots: Vec<Dot> = (0..40).map(dot).collect();
        for extent in [WIDE, NARROW] {
            let picture = picture(&c, &dots, extent);
            picture.assert_legible();
            let svg = picture.element().into_string();
            assert!(svg.contains("memory 9.00 GB/s") && svg.contains("arithmetic 36.0 GFLOP/s"));
            let labels = dots.iter().filter(|dot| {
                svg.contains(&format!(">{}:", dot.group))
                    || svg.contains(&format!(">{}<", dot.group))
            });
            let labels = labels.count();
            let least = if extent == WIDE { 30 } else { 20 };
            assert!(labels >= least, "{labels}");
        }
    }
}
