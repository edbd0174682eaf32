//! Confusion matrices as tables.

use maud::{Markup, html};

use super::{STAGES, Stage, key};
use crate::record::{CLASSES, Outcome, Record};

/// The matrices of all stages that the record has.
pub(crate) fn section(record: &Record) -> Markup {
    html! {
        section {
            h2 { "What each digit is read as" }
            p.lead {
                "Of the images of a digit (row), how many percent were read as each digit (column): "
                "the diagonal is right, everything else is mistaken. Mean over the learners; empty "
                "cells are below 0.05 %. Colours grow with the square root, so that rare mistakes \
                 show too."
            }
            div.matrices {
                @for stage in &STAGES {
                    @if let Some(outcome) = record.outcome(stage.phase, stage.arm) {
                        (matrix(stage, outcome, &record.config.forget))
                    }
                }
            }
            (scale())
        }
    }
}

fn matrix(stage: &Stage, outcome: &Outcome, forget: &[u8]) -> Markup {
    let mark = |digit: usize| forget.iter().any(|&f| usize::from(f) == digit);
    html! {
        figure.card {
            figcaption { (key(stage.arm, stage.faded)) b { (stage.title) } " " span.dim { (stage.when) } }
            table.matrix {
                thead {
                    tr { td.corner {} th.axis colspan="10" scope="colgroup" { "read as" } }
                    tr {
                        th.axis scope="col" { "true" }
                        @for digit in 0..CLASSES { th.gone[mark(digit)] scope="col" { (digit) } }
                    }
                }
                tbody {
                    @for (digit, row) in outcome.mean_confusion().iter().enumerate() {
                        tr.gone[mark(digit)] {
                            th scope="row" { (digit) }
                            @for &share in row { (cell(share)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(share: f64) -> Markup {
    let ground = shade(share);
    let ink = ink_on(ground);
    let colours = format!("background:{};color:{ink}", hex(ground));
    html! { td style=(colours) { (label(share)) } }
}

/// Percent without its sign, in three characters.
fn label(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p.is_nan() => super::format::NONE.to_owned(),
        p if p < 0.05 => String::new(),
        p if p < 9.95 => format!("{p:.1}"),
        p => format!("{p:.0}"),
    }
}

/// The colour of a share: from white to a dark blue.
fn shade(share: f64) -> [f64; 3] {
    let strength = share.clamp(0.0, 1.0).sqrt();
    let stops = [[255.0; 3], [120.0, 178.0, 219.0], [4.0, 47.0, 96.0]];
    let (from, to, part) = if strength < 0.5 {
        (stops[0], stops[1], 2.0 * strength)
    } else {
        (stops[1], stops[2], 2.0 * strength - 1.0)
    };
    let mut mixed = [0.0; 3];
    for (channel, value) in mixed.iter_mut().enumerate() {
        // NaN shares stay white.
        *value = (from[channel] + (to[channel] - from[channel]) * part).max(0.0);
    }
    if share.is_nan() { [255.0; 3] } else { mixed }
}

fn hex(colour: [f64; 3]) -> String {
    let [r, g, b] = colour.map(f64::round);
    format!("rgb({r},{g},{b})")
}

/// The text colour with the better contrast, by the luminance that WCAG defines.
fn ink_on(ground: [f64; 3]) -> &'static str {
    let light = luminance(ground);
    if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 {
        "#fff"
    } else {
        "#000"
    }
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [r, g, b] = colour.map(|value| {
        let value = value / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The colours of some shares.
fn scale() -> Markup {
    let steps = [
        (0.0, "0"),
        (0.01, "1"),
        (0.05, "5"),
        (0.2, "20"),
        (0.5, "50"),
        (1.0, "100 %"),
    ];
    html! {
        p.scale aria-label="colour scale" {
            @for (share, text) in steps {
                @let ground = shade(share);
                span style=(format!("background:{};color:{}", hex(ground), ink_on(ground))) { (text) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let texts = [0.0, 0.0004, 0.001, 0.0994, 0.0996, 0.5, 1.0].map(label);
        assert_eq!(texts, ["", "", "0.1", "9.9", "10", "50", "100"]);
    }

    #[test]
    fn every_cell_can_be_read() {
        for step in 0..=1000 {
            let light = luminance(shade(f64::from(step) / 1000.0));
            let contrast = (1.05 / (light + 0.05)).max((light + 0.05) / 0.05);
            assert!(contrast >= 4.5, "{step}: {contrast}");
        }
    }
}
