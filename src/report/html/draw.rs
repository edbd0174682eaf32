//! A digit that the reader draws, and what the run's networks make of it. The page carries the networks
//! and a script that runs them; nothing else on it needs scripts.

mod data;
mod networks;

use std::path::Path;

use maud::{Markup, PreEscaped, html};

use super::mark::square;
use super::{Stage, css_class};
use crate::inside::Example;
use crate::record::Classes;
use crate::report::palette::{GREEN, PURPLE};
use crate::run_record::RunRecord;
pub use networks::Network;

pub(crate) const STYLE: &str = include_str!("draw/draw.css");

/// The script, whose parts share a function's scope, so that it has one global name.
pub(crate) const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("draw/network.js"),
    include_str!("draw/ink.js"),
    include_str!("draw/sheet.js"),
    include_str!("draw/page.js"),
    "})();\n"
);

/// How many neurons the section shows at once.
const SHOWN: usize = 8;

/// What the section shows.
#[derive(Clone, Debug)]
pub struct Drawing<'a> {
    classes: &'a Classes,
    forget: &'a [u8],
    networks: Vec<Network>,
    /// Stages that the page cannot have, by their titles.
    absent: Vec<&'static str>,
    examples: &'a [Example],
}

impl<'a> Drawing<'a> {
    /// Learner 0 of every stage, from the run's folder; `examples` are test images to begin with. None where
    /// no network can be had.
    pub fn open(record: &'a RunRecord, folder: &Path, examples: &'a [Example]) -> Option<Self> {
        let (networks, absent) = networks::open(record, folder);
        (!networks.is_empty()).then_some(Self {
            classes: &record.data.classes,
            forget: &record.config.forget,
            networks,
            absent,
            examples,
        })
    }
}

/// "digit", or "picture" of what is no digit.
fn noun(classes: &Classes) -> &'static str {
    match classes.noun() {
        "digit" => "digit",
        _ => "picture",
    }
}

/// The section, with its data; the page needs `STYLE` and `SCRIPT` too.
pub(crate) fn section(drawing: &Drawing<'_>) -> Markup {
    let noun = noun(drawing.classes);
    html! {
        section.drawing {
            h2 { "A " (noun) " that you draw" }
            p.lead {
                "What you draw is scaled and centred as MNIST's images were, and read by learner 0 of each arm, "
                "here on this page; other learners may answer otherwise. Bars are softmax outputs, of which confidence is the largest."
                @if let Some(legend) = drawing.classes.legend() { " " (legend) "." }
                @if !drawing.absent.is_empty() {
                    " Not here, for want of a checkpoint, of room, or of weights that 16 bits can hold: " (drawing.absent.join(", ")) "."
                }
            }
            // Seen unless the script hides it: whatever keeps the script from running, the reader learns of it.
            p.card.draw-off #draw-off {
                "Drawing needs JavaScript, which does not run here. Nothing else on this page needs it."
            }
            div.draw-all.named[drawing.classes.legend().is_some()] #draw-all hidden {
                (board(noun))
                div.draw-cards { @for network in &drawing.networks { (card(network.stage, drawing)) } }
                (tools(drawing))
                (neurons())
            }
            script type="application/json" id="draw-data" { (PreEscaped(data::json(drawing))) }
        }
    }
}

/// The pad, with the image that the networks see.
fn board(noun: &str) -> Markup {
    html! {
        div.draw-board {
            div.card.draw-pad {
                canvas #draw-pad role="img" aria-describedby="draw-status"
                    aria-label={ "A pad to draw a " (noun) " on, by mouse, finger or pen" } {}
                p.dim.draw-hint #draw-hint aria-hidden="true" { "Draw a " (noun) " here" }
            }
            div.draw-side {
                figure.draw-seen {
                    canvas #draw-seen width="28" height="28" role="img" aria-label="The image of 28 × 28 pixels that the networks see" {}
                    figcaption.dim { "what they see" }
                }
                div.draw-buttons {
                    button #draw-undo type="button" disabled { "Undo" }
                    button #draw-clear type="button" disabled { "Clear" }
                }
            }
            p.draw-said #draw-status role="status" {}
        }
    }
}

/// A network's answer: a bar per class.
fn card(stage: &Stage, drawing: &Drawing<'_>) -> Markup {
    let gone = |class: usize| drawing.forget.iter().any(|&f| usize::from(f) == class);
    html! {
        div.step.draw-card.(css_class(stage.arm)).faded[stage.faded] role="group" aria-label=(stage.title) {
            div.draw-head {
                p.name { b { (stage.title) } " " span.dim { (stage.when) } }
                p.draw-top aria-hidden="true" { b { "–" } " " span.dim {} }
            }
            div {
                @for class in 0..drawing.classes.count() {
                    button.draw-row.gone[gone(class)] type="button" tabindex=(if class == 0 { "0" } else { "-1" })
                        title=(drawing.classes.name(class)) {
                        span.draw-label { (drawing.classes.label(class)) }
                        span.draw-bar { i {} }
                        span {}
                    }
                }
            }
        }
    }
}

/// Examples, and the buttons that follow gradients.
fn tools(drawing: &Drawing<'_>) -> Markup {
    let classes = drawing.classes;
    let first = drawing.forget.first().map_or(0, |&class| class.into());
    html! {
        div.draw-tools {
            @if !drawing.examples.is_empty() {
                div {
                    h3 { "Or take a test image" }
                    div.draw-examples { @for example in drawing.examples {
                        button.draw-example type="button" aria-label={ "A test image of " (classes.name(example.label.into())) } {
                            canvas width="28" height="28" {}
                        }
                    } }
                }
            }
            div {
                h3 { "Or change the image" }
                div.draw-push {
                    button #draw-more type="button" {}
                    button #draw-less type="button" {}
                }
                p.draw-choice {
                    label { (classes.noun()) " " select #draw-class { @for class in 0..classes.count() {
                        option value=(class) selected[class == first] { (classes.name(class)) }
                    } } }
                    " "
                    label { "gradient of " select #draw-network {
                        @for (number, network) in drawing.networks.iter().enumerate() {
                            option value=(number) { (network.stage.title) }
                        }
                    } }
                }
                p.under {
                    "A press moves the pixels twelve small steps along that network's gradient of log p(" (classes.noun())
                    "), or against it; press again for more. What changes an answer may not change what you see."
                }
            }
        }
    }
}

/// The neurons behind a bar.
fn neurons() -> Markup {
    html! {
        div.card.draw-inside {
            p.dim #draw-wait { "Once there is an image, the neurons behind an answer appear here." }
            div #draw-why hidden {
                h3 #draw-title {}
                ol.draw-neurons { @for _ in 0..SHOWN {
                    li.draw-neuron { canvas width="28" height="28" aria-hidden="true" {} b {} " " span.dim {} }
                } }
                p.draw-sum #draw-sum {}
                p.under {
                    "Point at a bar, tap it or move to it with Tab and arrows to see what is behind it. A number is "
                    "the value of a neuron of the first hidden layer times the logit's slope in it; with the biases "
                    "of the later layers these add up to the logit. Pictures are a neuron's weights on the pixels: "
                    span.whole { (square(GREEN, GREEN)) "above zero, " }
                    span.whole { (square(PURPLE, PURPLE)) "below." }
                }
            }
        }
    }
}
