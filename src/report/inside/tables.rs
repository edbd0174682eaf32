//! What was moved between networks, and whether features are old or new.

use maud::{Markup, html};

use super::{About, Unit, table};
use crate::inside::{Figure, Likeness, Part, Transplant};
use crate::record::Arm;

pub(super) fn transplants(about: &About<'_>) -> Markup {
    let i = about.inside;
    let what = about.forgotten();
    let arms = [(Arm::Unlearned, "unlearned"), (Arm::Retrained, "retrained")];
    let layers = i.heads.len() + 1;
    let rows = |of: fn(&Transplant) -> &Figure| -> Vec<(String, &Figure)> {
        let part = |t| (name(t, layers, i.neurons.strongest), of(t));
        i.transplants.parts.iter().map(part).collect()
    };
    let whole = &i.transplants.whole.forget;
    let mut restored = vec![("nothing".to_owned(), whole)];
    restored.extend(rows(|t| &t.restored.forget));
    let least = |arm| {
        let parts = i.transplants.parts.iter();
        let keep = parts.flat_map(|t| [&t.restored, &t.ablated].map(|both| both.keep.mean(arm)));
        keep.fold(f64::INFINITY, f64::min)
    };
    html! {
        h3 { "Put back and taken out" }
        p.lead {
            "A part of the original is put into an unlearned network" @if i.matched { " or a retrained one" }
            ", at its place: how much of " (what) " comes back? And "
            "the other way round: their part is put into the original, how much is left? The "
            "strongest neurons are those of the first layer with the most empirical Fisher information on " (what) ", with "
            "all weights to and from them; random ones are the control. With all parts of the original, the network is "
            "the original, with " (Unit::Percent.show(whole, Arm::Original)) "."
        }
        div.pair {
            div {
                h4 { "Put back: a part of the original in" }
                (table("part", &arms, &restored, Unit::Percent))
            }
            div {
                h4 { "Taken out: the original with a part from" }
                (table("part", &arms, &rows(|t| &t.ablated.forget), Unit::Percent))
            }
        }
        p.under {
            "Accuracy on test images of " (what) ". The other " (about.classes.nouns()) " keep at least "
            (super::percents(least(Arm::Unlearned))) " in all of these networks with parts of unlearned ones"
            @if i.matched { ", and " (super::percents(least(Arm::Retrained))) " with parts of retrained ones" }
            "."
        }
    }
}

/// A part's name in a network of so many layers.
fn name(t: &Transplant, layers: usize, neurons: usize) -> String {
    match t.part {
        Part::Layer(number) if number + 1 == layers => "last layer".to_owned(),
        Part::Layer(number) => format!("layer {}", number + 1),
        Part::Strongest => format!("{neurons} strongest neurons"),
        Part::Random => format!("{neurons} random neurons"),
    }
}

pub(super) fn likeness(about: &About<'_>) -> Markup {
    let i = about.inside;
    let what = about.forgotten();
    let others = about.classes.nouns();
    let of_layer = |(number, layer): (usize, &'_ Likeness)| {
        [
            (
                format!("same neurons, hidden layer {number}"),
                layer.neurons.clone(),
            ),
            (
                format!("same neurons, hidden layer {number}, other {others}"),
                layer.neurons_on_kept.clone(),
            ),
            (format!("CKA, hidden layer {number}"), layer.cka.clone()),
        ]
    };
    let owned: Vec<(String, Figure)> = (1..).zip(&i.likeness).flat_map(of_layer).collect();
    let rows: Vec<(String, &Figure)> = owned.iter().map(|(n, f)| (n.clone(), f)).collect();
    let arms = [
        (Arm::Unlearned, "unlearned"),
        (Arm::Relearned, "relearned"),
        (Arm::Retrained, "retrained, then taught"),
    ];
    html! {
        h3 { "Old features or new ones" }
        p.lead {
            "Do the same neurons respond to the same test images of " (what) " as in the original? The correlation, "
            "neuron by neuron: in unlearned and relearned networks, and in retrained ones after they were taught " (what)
            " for the first time. Relearned networks descend from the original, so they are like it on the other "
            (about.classes.nouns()) " as well. CKA asks the same of the layer as a whole, whichever neurons it is written in."
        }
        (table("likeness to the original", &arms, &rows, Unit::Number))
    }
}
