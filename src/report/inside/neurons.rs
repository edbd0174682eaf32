//! Pictures of first-layer neurons, and of what logits rest on.

use maud::{Markup, html};

use super::pixels::{image, signed};
use super::{ARMS, About, Unit};
use crate::inside::{Map, Neuron, Pixels};
use crate::record::Arm;
use crate::verdict::fixed;

/// Cards with the neurons that mattered most to what was forgotten.
pub(super) fn cards(about: &About<'_>) -> Markup {
    let n = &about.inside.neurons;
    let what = about.forgotten();
    let (part, even) = (n.strongest, n.strongest as f64 / n.width.max(1) as f64);
    html! {
        h3 { "The neurons that mattered most to " (what) }
        p.lead {
            "The weights of a first-layer neuron are a picture of what it looks for: green adds, purple takes away. Shown "
            "are learner 0's neurons with the most empirical Fisher information on " (what)
            @if about.inside.matched { ": what was learned on top of the random start (from the left: original, unlearned, relearned, retrained)" }
            ", and below how that differs from the original (on a scale of its own; blank is no change). Choose a card to enlarge it"
            @if about.inside.matched { " and see the whole weights" } "."
        }
        div.neurons { @for neuron in &n.shown { (card(neuron)) } }
        p.under {
            "The " (part) " strongest of " (n.width) " neurons have " (super::percents(n.information))
            " of that information in the originals. Of the layer's squared change from the original, they have "
            @for (number, (arm, _)) in n.share.arms.iter().enumerate() {
                @if number > 0 { ", " }
                (Unit::Percent.show(&n.share, *arm)) " in " (arm.name()) " networks"
            }
            " (noise floor " (Unit::Percent.floor(&n.share)) "; spread evenly, it would be " (super::percents(even)) ")."
        }
    }
}

fn card(neuron: &Neuron) -> Markup {
    let id = format!("neuron-{}", neuron.number);
    let properties = |name: char, all: &[(Arm, Pixels)]| -> String {
        let one = |(arm, pixels): &(Arm, Pixels)| {
            format!("--{name}{}:url({});", arm.name(), signed(pixels))
        };
        all.iter().map(one).collect()
    };
    let style = properties('w', &neuron.weights)
        + &properties('l', &neuron.learned)
        + &properties('d', &neuron.changes);
    html! {
        div.neuron.card style=(style) {
            button.open type="button" popovertarget=(id) aria-label={ "Enlarge neuron " (neuron.number) } { (pictures(neuron, false)) }
            div.large.card popover id=(id) role="dialog" aria-label={ "Neuron " (neuron.number) } {
                (pictures(neuron, true)) (caption(neuron))
                button.close type="button" popovertarget=(id) popovertargetaction="hide" { "Close" }
            }
            (caption(neuron))
        }
    }
}

/// What was learned, how it differs, and the whole weights in the large form.
fn pictures(neuron: &Neuron, large: bool) -> Markup {
    let learned = !neuron.learned.is_empty();
    let picture = |kind: char, arm: Arm, label: String| {
        html! {
            i.px role="img" aria-label=(label) style={ "background-image:var(--" (kind) (arm.name()) ")" } {}
        }
    };
    let weights = |arm: Arm| format!("Weights of neuron {} in {}", neuron.number, arm.name());
    let what = |arm: Arm| format!("What neuron {} learned in {}", neuron.number, arm.name());
    let change = |arm: Arm| format!("Neuron {}: {} minus original", neuron.number, arm.name());
    html! {
        span.grid {
            @for arm in ARMS { span.dim { (arm.name()) } }
            @for (arm, _) in &neuron.learned { (picture('l', *arm, what(*arm))) }
            @if !learned { @for (arm, _) in &neuron.weights { (picture('w', *arm, weights(*arm))) } }
            span.dim.change { "minus original" }
            @for (arm, _) in &neuron.changes { (picture('d', *arm, change(*arm))) }
            @if large && learned {
                @for _ in neuron.changes.len()..3 { span {} }
                @for (arm, _) in &neuron.weights { (picture('w', *arm, weights(*arm))) }
            }
        }
    }
}

fn caption(neuron: &Neuron) -> Markup {
    let f = &neuron.change;
    let show = |arm| {
        f.arm(arm)
            .map(|s| format!("{} %", fixed(100.0 * s.mean, 0)))
    };
    let floor = f
        .floor
        .map(|floor| format!("; noise floor {} %", fixed(100.0 * floor, 0)));
    html! {
        p.under {
            b { "neuron " (neuron.number) } " changed by "
            @if let Some(u) = show(Arm::Unlearned) { (u) }
            @if let Some(r) = show(Arm::Retrained) { " (retrained: " (r) @if let Some(floor) = floor { (floor) } ")" }
        }
    }
}

/// What the forgotten classes' logits rest on, for some test images.
pub(super) fn maps(about: &About<'_>) -> Markup {
    let a = &about.inside.attributions;
    let what = about.forgotten();
    let arms = [Arm::Unlearned, Arm::Relearned, Arm::Retrained];
    html! {
        h3 { "Where they look" }
        p.lead {
            "Integrated gradients: which pixels raise (green) or lower (purple) the logit of "
            @if about.forget.len() == 1 { (what) } @else { "the image's own " (about.classes.noun()) } ", starting from an "
            "empty image; the mean over learners. A row has one scale. A map's numbers sum to the difference of the logits: "
            "within " (super::percents(a.incomplete)) " for 95 % of the originals' maps."
        }
        div.maps.card {
            span {} @for arm in ARMS { span.dim { (arm.name()) } }
            @for map in &a.shown { (row(map, about)) }
        }
        p.under {
            "Correlation with the original's map, over " (a.images) " images: "
            @for (number, arm) in arms.iter().enumerate() {
                @if number > 0 { ", " }
                (arm.name()) " " (Unit::Number.show(&a.likeness, *arm))
            }
            " (noise floor " (Unit::Number.floor(&a.likeness)) "). In networks with random weights it is " (fixed(a.randomised.mean, 2)) ": the maps show "
            @if a.randomised.mean.abs() < 0.5 * a.likeness.mean(Arm::Relearned) { "what was learned, not only where the ink is." }
            @else { "where the ink is as much as what was learned." }
        }
    }
}

fn row(map: &Map, about: &About<'_>) -> Markup {
    let class = about.classes.name(map.image.label.into());
    html! {
        img.px.ink src=(image(&map.image)) alt={ "A test image: " (class) };
        @for (arm, pixels) in &map.arms {
            i.px role="img" aria-label={ "What " (arm.name()) " rests on" }
                style={ "background-image:url(" (signed(pixels)) ")" } {}
        }
    }
}
