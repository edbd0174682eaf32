//! The colours of pages and plots: by day and on paper, and in the dark for those who ask for it.
//!
//! Marks carry their colours by day as attributes, since some servers forbid style sheets within a
//! page. Where a style sheet is allowed, it replaces them in the dark.

use std::fmt::{self, Write};

/// A colour, shown as `#RRGGBB`.
#[derive(Clone, Copy)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(r, g, b) = self;
        write!(f, "#{r:02X}{g:02X}{b:02X}")
    }
}

impl Rgb {
    /// What is on the way to another colour.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between two channels"
    )]
    pub(crate) fn mix(self, to: Self, part: f64) -> Self {
        let channel =
            |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
        Self(
            channel(self.0, to.0),
            channel(self.1, to.1),
            channel(self.2, to.2),
        )
    }
}

pub(crate) const BLACK: Rgb = Rgb(0, 0, 0);
/// What cards and plots are drawn on.
pub(crate) const CARD: Rgb = Rgb(255, 255, 255);
/// Most text.
pub(crate) const INK: Rgb = Rgb(31, 41, 55);
/// Text that steps back.
pub(crate) const FAINT: Rgb = Rgb(91, 99, 112);
/// Axes.
pub(crate) const BOUNDARY: Rgb = Rgb(148, 156, 168);
/// Lines of grids and tables.
pub(crate) const GRID: Rgb = Rgb(226, 230, 236);
/// What is behind a bar.
pub(crate) const TRACK: Rgb = Rgb(236, 239, 243);
/// A light shade of blue, for a bar with a blue edge.
pub(crate) const PALE: Rgb = Rgb(183, 209, 230);
// Distinct for colour-blind readers too.
pub(crate) const BLUE: Rgb = Rgb(0, 98, 168);
pub(crate) const OCHRE: Rgb = Rgb(176, 122, 20);
pub(crate) const PURPLE: Rgb = Rgb(134, 72, 148);
pub(crate) const GREEN: Rgb = Rgb(44, 132, 92);
pub(crate) const GREY: Rgb = Rgb(125, 131, 142);
/// What was forgotten.
pub(crate) const GONE: Rgb = Rgb(184, 51, 106);
/// Classes, by label.
pub(crate) const CLASS: [Rgb; 10] = [
    Rgb(40, 105, 180),
    Rgb(205, 120, 30),
    Rgb(50, 140, 70),
    Rgb(190, 60, 50),
    Rgb(125, 90, 185),
    Rgb(135, 85, 70),
    Rgb(195, 90, 160),
    Rgb(110, 115, 122),
    Rgb(140, 140, 30),
    Rgb(20, 145, 160),
];

/// A name in the style sheets, with the colours by day and in the dark.
type Named = (&'static str, Rgb, Rgb);

/// What marks are drawn in.
const MARKS: [Named; 23] = [
    ("card", CARD, Rgb(27, 31, 38)),
    ("ink", INK, Rgb(228, 231, 236)),
    ("dim", FAINT, Rgb(166, 174, 187)),
    ("axis", BOUNDARY, Rgb(107, 115, 128)),
    ("line", GRID, Rgb(50, 56, 66)),
    ("track", TRACK, Rgb(44, 50, 59)),
    ("pale", PALE, Rgb(36, 80, 111)),
    ("blue", BLUE, Rgb(90, 169, 230)),
    ("ochre", OCHRE, Rgb(221, 169, 68)),
    ("purple", PURPLE, Rgb(199, 146, 214)),
    ("green", GREEN, Rgb(92, 187, 142)),
    ("grey", GREY, Rgb(154, 161, 174)),
    ("gone", GONE, Rgb(240, 113, 159)),
    ("class-0", CLASS[0], Rgb(110, 160, 220)),
    ("class-1", CLASS[1], Rgb(240, 170, 90)),
    ("class-2", CLASS[2], Rgb(120, 200, 130)),
    ("class-3", CLASS[3], Rgb(230, 130, 120)),
    ("class-4", CLASS[4], Rgb(180, 150, 225)),
    ("class-5", CLASS[5], Rgb(200, 150, 130)),
    ("class-6", CLASS[6], Rgb(235, 150, 205)),
    ("class-7", CLASS[7], Rgb(170, 175, 185)),
    ("class-8", CLASS[8], Rgb(205, 205, 110)),
    ("class-9", CLASS[9], Rgb(100, 205, 215)),
];

/// What only style sheets use.
const OTHERS: [Named; 13] = [
    ("ground", Rgb(245, 246, 248), Rgb(18, 21, 26)),
    ("gone-ink", CARD, Rgb(43, 10, 24)),
    ("gone-tint", Rgb(253, 242, 246), Rgb(43, 26, 34)),
    ("warning", Rgb(255, 216, 77), Rgb(255, 216, 77)),
    ("warning-ink", Rgb(43, 33, 0), Rgb(43, 33, 0)),
    ("inside", Rgb(217, 239, 220), Rgb(24, 62, 39)),
    ("inside-ink", Rgb(20, 54, 28), Rgb(190, 234, 203)),
    ("near", Rgb(251, 241, 207), Rgb(77, 66, 18)),
    ("near-ink", Rgb(74, 58, 0), Rgb(246, 230, 168)),
    ("far", Rgb(248, 217, 189), Rgb(98, 56, 20)),
    ("far-ink", Rgb(90, 38, 0), Rgb(253, 218, 188)),
    ("farther", Rgb(238, 180, 174), Rgb(117, 33, 29)),
    ("farther-ink", Rgb(92, 11, 6), Rgb(255, 214, 209)),
];

/// The palette as the style sheet of a page. Paper is always light.
pub(crate) fn css() -> String {
    let (mut day, mut dark) = (String::new(), String::new());
    for (name, light, night) in MARKS.into_iter().chain(OTHERS) {
        // Writing to a String cannot fail.
        let _ = write!(day, "--{name}:{light};");
        let _ = write!(dark, "--{name}:{night};");
    }
    let marks = dark_marks();
    format!(":root{{{day}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}{marks}}}")
}

/// The style sheet of a picture that is a file of its own.
pub(crate) fn picture_css() -> String {
    format!(
        "@media screen and (prefers-color-scheme:dark){{{}}}",
        dark_marks()
    )
}

fn dark_marks() -> String {
    let rules = MARKS.map(|(_, light, dark)| {
        ["fill", "stroke"].map(|what| format!("[{what}=\"{light}\"]{{{what}:{dark}}}"))
    });
    rules.concat().concat()
}

/// WCAG's contrast of two colours: from 1, none, to 21, black and white.
pub(crate) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(Rgb(r, g, b): Rgb) -> f64 {
    let [r, g, b] = [r, g, b].map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrasts of two named colours, by day and in the dark.
    fn contrasts(a: &str, b: &str) -> [f64; 2] {
        let of = |name: &str| {
            let mut all = MARKS.iter().chain(&OTHERS).filter(|c| c.0 == name);
            all.next().unwrap_or_else(|| panic!("{name}"))
        };
        let (a, b) = (of(a), of(b));
        [contrast(a.1, b.1), contrast(a.2, b.2)]
    }

    fn assert_contrast(least: f64, a: &str, b: &str) {
        let found = contrasts(a, b);
        assert!(
            found.iter().all(|c| *c >= least),
            "{a} on {b}: {found:.2?}, {least} is needed"
        );
    }

    #[test]
    fn text_has_the_contrast_of_wcag_aa() {
        for ground in ["card", "ground", "gone-tint"] {
            for ink in ["ink", "dim", "gone"] {
                assert_contrast(4.5, ink, ground);
            }
        }
        for ground in ["gone", "warning", "inside", "near", "far", "farther"] {
            assert_contrast(4.5, &format!("{ground}-ink"), ground);
        }
    }

    #[test]
    fn marks_stand_out_from_what_they_are_drawn_on() {
        for mark in ["blue", "ochre", "purple", "green", "grey"] {
            for ground in ["card", "track"] {
                assert_contrast(3.0, mark, ground);
            }
        }
        assert!((contrast(BLACK, CARD) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn every_mark_has_a_colour_in_the_dark() {
        let mut record = crate::report::sample::record();
        record.inside = Some(crate::report::sample::inside(4));
        let page = crate::report::html::page(&record, None);
        let picture = crate::report::plot::curves_svg(&record);
        let css = css();
        for text in [&page, &picture] {
            assert!(text.contains("@media screen and (prefers-color-scheme:dark)"));
            for mark in [" fill=\"", " stroke=\""] {
                for rest in text.split(mark).skip(1) {
                    let colour = rest.split('"').next().unwrap_or_default();
                    let rule = format!("[{}{colour}\"]", &mark[1..]);
                    assert!(colour == "none" || css.contains(&rule), "{colour}");
                }
            }
        }
    }

    #[test]
    fn every_colour_of_a_style_sheet_is_of_the_palette() {
        let colours = MARKS.iter().chain(&OTHERS);
        let names: Vec<String> = colours.map(|c| format!("--{})", c.0)).collect();
        let sheets = [
            include_str!("html/style.css"),
            include_str!("html/comparison.css"),
            include_str!("html/benchmark.css"),
            include_str!("html/inside.css"),
            include_str!("html/draw/draw.css"),
        ];
        for line in sheets.concat().lines() {
            assert!(!line.contains("#"), "a colour without a dark one: {line}");
            for used in line.split("var(").skip(1) {
                let known = names.iter().any(|name| used.starts_with(name));
                assert!(known || used.starts_with("--c)"), "{line}");
            }
        }
    }
}
