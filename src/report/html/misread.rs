//! Test images that unlearned networks misread, with what every network answered.

use maud::{Markup, html};

use crate::inside::Misread;
use crate::record::Classes;
use crate::report::inside::pixels;
use crate::run_record::RunRecord;

/// A card per image, forgotten classes first. Nothing where none was looked at.
pub(crate) fn section(record: &RunRecord) -> Markup {
    let Some(inside) = record.inside.as_ref().filter(|i| !i.misread.is_empty()) else {
        return html! {};
    };
    let (classes, forget) = (&record.data.classes, &record.config.forget);
    let networks = match inside.learners {
        1 => "Every answer is that of one network".to_owned(),
        n => format!("An answer stands for each of {n} networks, in the order of their learners"),
    };
    let kept = inside
        .misread
        .iter()
        .any(|m| !forget.contains(&m.image.label));
    html! {
        section {
            h2 { "Images that unlearning made misread" }
            p.lead {
                "Test images of " (classes.words(forget)) " that most originals read and most unlearned networks misread; "
                @if kept {
                    "then some of the other " (classes.nouns()) " that all originals read, and not all unlearned networks. "
                } @else {
                    "of the other " (classes.nouns()) ", all unlearned networks read what all originals did. "
                }
                "They are the first in the order of the test images, not chosen. "
                (networks) "; wrong ones are underlined."
                @if let Some(legend) = classes.legend() { " " (legend) "." }
            }
            div.misread.many[inside.learners > 4] { @for misread in &inside.misread { (card(misread, classes)) } }
        }
    }
}

fn card(misread: &Misread, classes: &Classes) -> Markup {
    let label = misread.image.label;
    let name = classes.name(label.into());
    html! {
        figure.card {
            div {
                img.px.ink src=(pixels::image(&misread.image)) width="72" height="72" alt={ "A test image of " (name) };
                figcaption { b { (name) } }
            }
            table cellpadding="4" { tbody { @for (arm, answers) in &misread.answers { tr {
                th scope="row" { (arm.name()) }
                td { @for &answer in answers {
                    span class=[(answer != label).then_some("wrong")] { (classes.label(answer.into())) } " "
                } }
            } } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_image_has_the_answers_of_every_arm_and_there_is_room_for_many() {
        let mut record = sample::record();
        assert_eq!(section(&record).into_string(), "");
        let mut inside = sample::inside(8);
        // The largest pictures are those that do not compress.
        let noise = (0u32..784).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[2]);
        inside.misread[0].image.pixels = noise.collect();
        let one = inside.misread[0].clone();
        record.inside = Some(inside);
        let page = section(&record).into_string();
        assert_eq!(page.matches("<img").count(), 2);
        assert!(page.contains("then some of the other digits"));
        assert!(page.contains("alt=\"A test image of 5\""));
        let row = |answer, class| format!("<span{class}>{answer}</span> ").repeat(8);
        for (arm, answers) in [
            ("original", row(5, "")),
            ("unlearned", row(3, " class=\"wrong\"")),
            ("relearned", row(5, "")),
            ("retrained", row(8, " class=\"wrong\"")),
        ] {
            let cells = format!("<th scope=\"row\">{arm}</th><td>{answers}</td>");
            assert!(page.contains(&cells), "{arm}: {page}");
        }
        record.inside.as_mut().unwrap().misread = vec![one; 12];
        let page = section(&record).into_string();
        assert!(page.contains("of the other digits, all unlearned networks read"));
        assert!(page.len() < 40_000, "{}", page.len());
    }
}
