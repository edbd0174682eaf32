//! A benchmark as one self-contained page.

mod curve;
mod roofline;
mod room;
mod tables;

use maud::{Markup, html};

use super::html::mark::square;
use super::palette::Rgb;
use super::plot::picture::Picture;
use super::sheet::page::{document, section, warnings};
use super::sheet::{Part, Section, Sheet};
use crate::bench::report::{Report, Verdict};
use roofline::Dot;

const STYLE: &str = include_str!("html/benchmark.css");

/// The page of all devices that were measured.
pub fn page(reports: &[Report]) -> String {
    let title = match reports {
        [only] => format!("How fast is {}?", only.device.name),
        several => format!("How fast are these {} devices?", several.len()),
    };
    let body = html! {
        header {
            p.eyebrow { "unlearn" span.dim { " · bench" } }
            h1 { (title) }
            @if let [only] = reports { (about(only)) }
        }
        @if let [only] = reports { (device(only)) } @else {
            @for report in reports {
                details open { summary { (report.device.name) } (about(report)) (device(report)) }
            }
        }
    };
    document(&title, STYLE, None, &body)
}

/// What was measured where, when, and how to do so again.
fn about(report: &Report) -> Markup {
    let device = &report.device;
    let machine = [&report.cpu, &report.os, &report.arch];
    let machine: Vec<&str> = machine
        .iter()
        .map(|part| part.as_str())
        .filter(|part| !part.is_empty())
        .collect();
    html! {
        p.sub {
            (device.backend) @if !device.driver.is_empty() { " · " (device.driver) } " · "
            (machine.join(", ")) " · unlearn " (report.version)
            @if !report.started.is_empty() { " · " span.whole { (report.started) " UTC" } }
        }
        @if !report.command.is_empty() { pre.command { code { (report.command) } } }
    }
}

fn device(report: &Report) -> Markup {
    let dots = roofline::dots(report);
    let brief = |title, parts| section(&Section::brief(title, parts), None);
    html! {
        (warnings(&Sheet { warnings: warned(report), ..Sheet::default() }))
        @if let Some(lead) = lead(report) { div.verdict { p { (lead) } } }
        @if let Some(comparison) = &report.comparison {
            (brief("Comparison", tables::comparison(comparison)))
        }
        @if let Some(ceilings) = &report.ceilings {
            (brief("Ceilings", tables::ceilings(ceilings, &report.timing)))
            @if !dots.is_empty() && ceilings.gflops.is_finite() { (roofline::section(report, ceilings, &dots)) }
            @if ceilings.curve.len() > 1 { (curve::section(report, ceilings)) }
        }
        @if !report.kernels.is_empty() { (brief("Kernels", tables::kernels(report, &dots))) }
        @if !report.steps.is_empty() { (brief("Training steps", tables::steps(report))) }
        (brief("The clock", tables::clock(report)))
    }
}

/// What a reader must know first.
fn warned(report: &Report) -> Vec<String> {
    let stopped = report.stopped.iter();
    let mut all: Vec<String> = stopped
        .map(|why| format!("It ended early: {why}"))
        .collect();
    let wrong = report.kernels.iter().filter(|row| row.failure.is_some());
    let wrong: Vec<String> = wrong
        .map(|row| format!("{} {} {}", row.kernel, row.variant, row.shape))
        .collect();
    if !wrong.is_empty() {
        let text = "Wrong results, and therefore no times:";
        all.push(format!("{text} {}.", wrong.join(", ")));
    }
    all
}

/// What the tables come to.
fn lead(report: &Report) -> Option<String> {
    if let Some(comparison) = &report.comparison {
        let count = |verdict| {
            let rows = comparison.rows.iter();
            rows.filter(|row| row.verdict == verdict).count()
        };
        return Some(format!(
            "Compared with {}: {} faster, {} slower, {} the same; of {} nothing can be said.",
            comparison.with,
            count(Verdict::Faster),
            count(Verdict::Slower),
            count(Verdict::Same),
            count(Verdict::CannotSay),
        ));
    }
    let fastest: Vec<f64> = tables::fastest(report)
        .filter(|row| row.bound_by != "launch" && row.share.is_finite())
        .map(|row| row.share)
        .collect();
    let half = fastest.iter().filter(|share| **share >= 0.5).count();
    (!fastest.is_empty()).then(|| {
        format!(
            "Of {} kernels that no launch binds, the fastest variants of {half} reach at least half of what \
             arithmetic and memory allow.",
            fastest.len()
        )
    })
}

/// The same picture for large screens and for phones.
fn both(pictures: [Picture; 2]) -> Markup {
    let [wide, narrow] = pictures;
    html! {
        figure.card {
            div.wide { (wide.element()) }
            div.narrow { (narrow.element()) }
        }
    }
}

/// A legend of colours.
fn legend(all: &[(Rgb, &str)]) -> Markup {
    html! { ul.legend { @for (colour, text) in all { li { (square(*colour, *colour)) (text) } } } }
}

/// A figure to about three digits.
fn figure(value: f64) -> String {
    match value {
        n if !n.is_finite() => super::sheet::NONE.to_owned(),
        n if n < 0.1 => format!("{n:.3}"),
        n if n < 10.0 => format!("{n:.2}"),
        n if n < 100.0 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

/// Microseconds in a unit that suits them.
fn time(us: f64) -> String {
    match us.abs() {
        n if !n.is_finite() => super::sheet::NONE.to_owned(),
        n if n < 1e3 => format!("{} µs", figure(us)),
        n if n < 1e6 => format!("{} ms", figure(1e-3 * us)),
        _ => format!("{} s", figure(1e-6 * us)),
    }
}

/// Bytes in a unit that suits them.
fn size(bytes: u64) -> String {
    match bytes {
        0 => super::sheet::NONE.to_owned(),
        n if n < 1 << 10 => format!("{n} B"),
        n if n < 10 << 20 => unit(n, 10, "KiB"),
        n if n < 10 << 30 => unit(n, 20, "MiB"),
        n => unit(n, 30, "GiB"),
    }
}

/// In units of 2 to a power; of a whole power of the next unit, in that.
fn unit(bytes: u64, power: u32, name: &str) -> String {
    match bytes.is_multiple_of(1 << 20) && power == 10 {
        true => format!("{} MiB", bytes >> 20),
        false => format!("{:.0} {name}", bytes as f64 / f64::from(1u32 << power)),
    }
}

/// A paragraph of a section.
fn text(text: impl Into<String>) -> Part {
    Part::text(text)
}

/// The number of a row in the roofline, if it is there.
fn number(dots: &[Dot], row: usize) -> Option<usize> {
    dots.iter().find(|dot| dot.row == row).map(|dot| dot.group)
}

#[cfg(test)]
mod tests;
