//! What changed inside, in words, from the numbers.

use super::About;
use crate::inside::{Part, Transplant};
use crate::record::{Arm, Spread};
use crate::statistics::{Difference, Size};
use crate::verdict::fixed;

/// Sentences: what is hidden and what was removed, where it is hidden, what relearning brought back, and
/// whether by old features or new ones.
pub(crate) fn words(about: &About<'_>) -> Vec<String> {
    let i = about.inside;
    // A method may have left the output as it was.
    let before = i.lens.last().map_or(f64::NAN, |f| f.mean(Arm::Original));
    if before.is_nan() {
        return Vec::new();
    }
    [
        knowledge(about),
        place(about),
        again(about),
        features(about),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The difference of two groups, paired by learner. Two networks per arm at least.
fn difference(one: Option<&Spread>, other: Option<&Spread>, images: f64) -> Option<Difference> {
    let (one, other) = (one?, other?);
    Some(Difference::of(&one.learners, &other.learners, images))
}

fn percent(share: f64) -> String {
    format!("{}\u{a0}%", fixed(100.0 * share, 0))
}

/// Test images of what was forgotten that figures are about.
fn images(about: &About<'_>) -> f64 {
    // Labels of the plane are fewer; the parts look at up to 500.
    500f64.max(about.inside.attributions.images as f64)
}

/// What a new head on the last hidden layer reads, beside retrained networks.
fn knowledge(about: &About<'_>) -> Option<String> {
    let i = about.inside;
    let (labels, head) = i.heads.last()?.accuracy.last()?;
    let [o, u, r] = [Arm::Original, Arm::Unlearned, Arm::Retrained].map(|arm| head.mean(arm));
    let d = difference(
        head.arm(Arm::Unlearned),
        head.arm(Arm::Retrained),
        images(about),
    )?;
    let said = format!(
        "A new last layer, fitted to {labels} labelled images of each {}, reads {} of the test images of {} from the \
         unlearned networks' last hidden layer; from the originals' {}, from retrained networks' {}.",
        about.classes.noun(),
        percent(u),
        about.forgotten(),
        percent(o),
        percent(r),
    );
    let conclusion = match (d.size(), d.mean > 0.0) {
        (Size::Clear, true) => format!(
            "Networks that never saw {} do not have that: it was hidden rather than removed.",
            about.it()
        ),
        (Size::Clear, false) => format!(
            "That is less than in networks that never saw {}: more was removed than {}.",
            about.it(),
            about.forgotten()
        ),
        (Size::Negligible, _) => format!(
            "That is what networks have that never saw {}: by this measure it was removed.",
            about.it()
        ),
        (Size::Unknown, _) => format!(
            "With {} networks of each arm, that is not distinguishable from networks that never saw {}.",
            i.learners,
            about.it()
        ),
    };
    Some(format!("{said} {conclusion}"))
}

/// How far the original's readout still finds it, and which part alone brings it back.
fn place(about: &About<'_>) -> Option<String> {
    let i = about.inside;
    let (output, hidden) = i.lens.split_last()?;
    let read: Vec<String> = (1..)
        .zip(hidden)
        .map(|(number, f)| {
            format!(
                "hidden layer {number} for {}",
                percent(f.mean(Arm::Unlearned))
            )
        })
        .collect();
    let best = i
        .transplants
        .parts
        .iter()
        .filter(|t| matches!(t.part, Part::Layer(_)))
        .max_by(|a, b| back(a, Arm::Unlearned).total_cmp(&back(b, Arm::Unlearned)))?;
    let Part::Layer(number) = best.part else {
        return None;
    };
    let layer = match number == hidden.len() {
        true => "last layer".to_owned(),
        false => format!("layer {}", number + 1),
    };
    let retrained = best.restored.forget.arm(Arm::Retrained);
    let control = retrained.map_or(String::new(), |s| {
        format!(" (in retrained networks {})", percent(s.mean))
    });
    Some(format!(
        "A readout that was fitted to the originals still finds {} in {} of its images, and the output in {}. Putting back \
         the original's {layer} alone returns {} of them{control}.",
        about.it(),
        read.join(", in "),
        percent(output.mean(Arm::Unlearned)),
        percent(back(best, Arm::Unlearned)),
    ))
}

fn back(t: &Transplant, arm: Arm) -> f64 {
    t.restored.forget.mean(arm)
}

/// What relearning brought back.
fn again(about: &About<'_>) -> Option<String> {
    let output = about.inside.lens.last()?;
    let [o, u, b] = [Arm::Original, Arm::Unlearned, Arm::Relearned].map(|arm| output.mean(arm));
    Some(format!(
        "Relearning brought the accuracy on {} from {} to {} (originals {}).",
        about.forgotten(),
        percent(u),
        percent(b),
        percent(o)
    ))
}

/// Old features or new ones, by the last hidden layer: neuron by neuron where neurons correspond.
fn features(about: &About<'_>) -> Option<String> {
    let f = about.inside.likeness.last()?;
    let (likeness, by) = match about.inside.matched {
        true => (&f.neurons, "neuron by neuron the correlation is"),
        false => (&f.cka, "their CKA is"),
    };
    let [again, taught] = [Arm::Relearned, Arm::Retrained].map(|arm| likeness.arm(arm));
    // A likeness has no count of images that could resolve it.
    let d = difference(again, taught, f64::INFINITY)?;
    let conclusion = match d.half.is_finite() {
        false => "With one network of each, that shows nothing",
        true if d.mean - d.half > 0.0 => "The old features came back",
        true if d.mean + d.half < 0.0 => "The features are new ones",
        true => "That is no difference beyond its error: no sign of old features",
    };
    Some(format!(
        "After relearning, the last hidden layer responds to {} as the original's did: {by} {}. In retrained networks that \
         were taught {} for the first time, it is {}. {conclusion}.",
        about.forgotten(),
        fixed(again?.mean, 2),
        about.it(),
        fixed(taught?.mean, 2),
    ))
}
