//! Confusion matrices as tables.

use maud::{Markup, html};

use super::mark::key;
use super::{STAGES, Stage};
use crate::record::{Classes, Outcome};
use crate::report::palette::{BLACK, CARD, Rgb, contrast};
use crate::run_record::RunRecord;

/// The matrices of all stages that the record has.
pub(crate) fn section(record: &RunRecord) -> Markup {
    let classes = &record.data.classes;
    let noun = classes.noun();
    html! {
        section {
            h2 { "What each " (noun) " is read as" }
            p.lead {
                "Percentage of each " (noun) "'s images (row) that were read as each " (noun) " (column): the diagonal "
                "is right, everything else is wrong. Mean over the learners; empty cells are below 0.05 %. "
                "Shades follow the square root, to show rare mistakes too."
                @if let Some(legend) = classes.legend() { " " (legend) "." }
            }
            div.matrices {
                @for stage in &STAGES {
                    @if let Some(outcome) = record.outcome(stage.phase, stage.arm) {
                        (matrix(stage, outcome, &record.config.forget, classes))
                    }
                }
            }
        }
    }
}

fn matrix(stage: &Stage, outcome: &Outcome, forget: &[u8], classes: &Classes) -> Markup {
    let count = classes.count();
    let mark = |digit: usize| forget.iter().any(|&f| usize::from(f) == digit);
    html! {
        figure.card {
            figcaption { (key(stage.arm, stage.faded)) b { (stage.title) } " " span.dim { (stage.when) } }
            table.matrix cellpadding="4" {
                thead {
                    tr { td.corner {} th.axis colspan=(count) scope="colgroup" { "read as" } }
                    tr {
                        th.axis scope="col" { "true" }
                        @for class in 0..count { th.gone[mark(class)] scope="col" title=(classes.name(class)) { (classes.label(class)) } }
                    }
                }
                tbody {
                    @for (class, row) in outcome.mean_confusion().iter().enumerate().take(count) {
                        tr.gone[mark(class)] {
                            th scope="row" title=(classes.name(class)) { (classes.label(class)) }
                            @for &share in &row[..count] { (cell(share)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(share: f64) -> Markup {
    let class = step(share).map(|step| format!("s{step}"));
    html! { td class=[class] { (percent(share)) } }
}

/// Percent without its sign, in three characters.
fn percent(share: f64) -> String {
    match 100.0 * share {
        p if p.is_nan() => crate::report::sheet::NONE.to_owned(),
        p if p < 0.05 => String::new(),
        p if p < 9.95 => format!("{p:.1}"),
        p => format!("{p:.0}"),
    }
}

/// Shades that a cell can have.
const SHADES: u8 = 20;

/// Which shade a share has; none where it is 0 or NaN.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to SHADES"
)]
fn step(share: f64) -> Option<u8> {
    let step = (share.clamp(0.0, 1.0).sqrt() * f64::from(SHADES)).ceil() as u8;
    (step > 0).then_some(step)
}

/// The colours at no share and at a quarter, and from there at the whole: by day and in the dark. Between the
/// two ramps are those on which neither black nor white stands out.
type Stops = [[Rgb; 2]; 2];
const DAY: Stops = [
    [CARD, Rgb(120, 178, 219)],
    [Rgb(26, 96, 156), Rgb(4, 47, 96)],
];
const DARK: Stops = [
    [Rgb(27, 31, 38), Rgb(20, 84, 135)],
    [Rgb(92, 162, 218), Rgb(150, 208, 250)],
];

/// The style sheet of the shades.
pub(crate) fn css() -> String {
    let rules = |stops: Stops| -> String {
        let rule = |step| {
            let ground = shade(step, stops);
            format!(".s{step}{{background:{ground};color:{}}}", ink_on(ground))
        };
        (1..=SHADES).map(rule).collect()
    };
    format!(
        "{}@media screen and (prefers-color-scheme:dark){{{}}}",
        rules(DAY),
        rules(DARK)
    )
}

fn shade(step: u8, [rare, often]: Stops) -> Rgb {
    let strength = f64::from(step) / f64::from(SHADES);
    let ([from, to], part) = match strength <= 0.5 {
        true => (rare, 2.0 * strength),
        false => (often, 2.0 * strength - 1.0),
    };
    from.mix(to, part)
}

/// The text colour with the better contrast.
fn ink_on(ground: Rgb) -> Rgb {
    if contrast(ground, CARD) > contrast(ground, BLACK) {
        CARD
    } else {
        BLACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let texts = [0.0, 0.0004, 0.001, 0.0994, 0.0996, 0.5, 1.0].map(percent);
        assert_eq!(texts, ["", "", "0.1", "9.9", "10", "50", "100"]);
    }

    #[test]
    fn every_cell_can_be_read() {
        for stops in [DAY, DARK] {
            for step in 1..=SHADES {
                let ground = shade(step, stops);
                let contrast = contrast(ground, ink_on(ground));
                // More than the 4.5 of WCAG AA: black on a middle blue has that, and is faint.
                assert!(contrast >= 6.0, "{step}: {contrast}");
            }
        }
        assert_eq!(
            [0.0, 1e-9, 1.0, f64::NAN].map(step),
            [None, Some(1), Some(20), None]
        );
    }
}
