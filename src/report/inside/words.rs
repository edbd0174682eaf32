//! What changed inside, in words, from the numbers.

use super::About;
use crate::inside::{Figure, Inside, Part, Transplant};
use crate::jackknife::Estimate;
use crate::record::{Arm, Spread};
use crate::statistics::{Difference, Size};
use crate::verdict::fixed;

/// Sentences: what is hidden and what was removed, where it is hidden, what relearning brought back, and
/// whether by old features or new ones.
pub(crate) fn words(about: &About<'_>) -> Vec<String> {
    let parts = [
        disagreement(about),
        knowledge(about),
        place(about),
        again(about),
        features(about),
    ];
    parts.into_iter().flatten().collect()
}

/// A difference of accuracies from which on learners are said to disagree.
const APART: f64 = 0.3;

/// That unlearning worked on some learners only.
fn disagreement(about: &About<'_>) -> Option<String> {
    let own = about.inside.lens.last()?.arm(Arm::Unlearned)?;
    let least = own.learners.iter().copied().fold(f64::INFINITY, f64::min);
    let most = own.learners.iter().copied().fold(0.0, f64::max);
    (most - least > APART).then(|| {
        format!(
            "The learners disagree: after unlearning, they read between {} and {} of the test images of {}. Means \
             describe none of them.",
            percent(least),
            percent(most),
            about.forgotten()
        )
    })
}

/// The difference of two groups, paired by learner; none without finite numbers of both.
fn difference(one: Option<&Spread>, other: Option<&Spread>, images: f64) -> Option<Difference> {
    let (one, other) = (one?, other?);
    let d = Difference::of(&one.learners, &other.learners, images);
    d.mean.is_finite().then_some(d)
}

fn percent(share: f64) -> String {
    format!("{}\u{a0}%", fixed(100.0 * share, 0))
}

/// What a new head on the last hidden layer reads: where it lies between retrained networks and the
/// originals.
fn knowledge(about: &About<'_>) -> Option<String> {
    let i = about.inside;
    let (labels, head) = i.heads.last()?.accuracy.last()?;
    let [o, u, r] = [Arm::Original, Arm::Unlearned, Arm::Retrained].map(|arm| head.arm(arm));
    let said = format!(
        "A new last layer, fitted to {labels} labelled images of each {}, reads {} of the test images of {} from the \
         unlearned networks' last hidden layer; from the originals' {}, from retrained networks' {}.",
        about.classes.noun(),
        percent(u?.mean),
        about.forgotten(),
        percent(o?.mean),
        percent(r?.mean),
    );
    Some(format!("{said} {}", hidden(about, [o?, u?, r?])))
}

/// How much of what originals have beyond retrained networks is still there.
fn hidden(about: &About<'_>, [o, u, r]: [&Spread; 3]) -> String {
    let it = about.it();
    let images = about.inside.images[0] as f64;
    if u.learners.len() < 2 {
        return ONE.to_owned();
    }
    let all = Difference::of(&o.learners, &r.learners, images);
    if !(all.size() == Size::Clear && all.mean > 0.0) {
        return format!(
            "Originals and networks that never saw {it} are too close for this to show what was removed."
        );
    }
    let share = share([o, u, r]).at_least(1.0 / images / all.mean);
    let [low, high] = share.interval(0.05);
    let place = format!(
        "On a scale from 0 (networks that never saw {it}) to 1 (the originals) that is {} (95\u{a0}% CI {} to {})",
        fixed(share.value, 2),
        fixed(low, 2),
        fixed(high, 2)
    );
    let output = about.inside.lens.last();
    let [before, after] =
        [Arm::Original, Arm::Unlearned].map(|arm| output.map_or(f64::NAN, |f| f.mean(arm)));
    let conclusion = match (low, high) {
        _ if after > 0.5 * before => {
            format!(
                "no wonder, as the output itself still reads {}",
                percent(after)
            )
        }
        (low, _) if low > 1.0 => {
            "what the output forgot is still there, hidden, and easier to read than before"
                .to_owned()
        }
        (low, _) if low > 0.5 => "what the output forgot is still there, hidden".to_owned(),
        (low, _) if low > 0.0 => "a part is still there, hidden".to_owned(),
        (_, high) if high < 0.0 => format!("more than {it} was removed"),
        (_, high) if high < 0.5 => "most of it was removed".to_owned(),
        _ => "it does not show whether anything is left".to_owned(),
    };
    format!("{place}: {conclusion}.")
}

/// (u − r) / (o − r) of the means, with the error of leaving out one learner of all arms at a time.
fn share([o, u, r]: [&Spread; 3]) -> Estimate {
    let ratio = |o: f64, u: f64, r: f64| (u - r) / (o - r);
    let without = |s: &Spread, k: usize| {
        let sum: f64 = s.learners.iter().sum();
        (sum - s.learners[k]) / (s.learners.len() - 1) as f64
    };
    let left = |k| ratio(without(o, k), without(u, k), without(r, k));
    let left: Vec<f64> = (0..u.learners.len()).map(left).collect();
    Estimate::of_group(ratio(o.mean, u.mean, r.mean), &left)
}

/// What is said of a single network.
const ONE: &str = "With one network of each arm there is no interval: this may be luck.";

/// How far the original's readout finds it, and what the best layer alone brings back.
fn place(about: &About<'_>) -> Option<String> {
    let i = about.inside;
    let (output, hidden) = i.lens.split_last()?;
    let read: Vec<String> = (1..)
        .zip(hidden)
        .map(|(number, f)| {
            let retrained = f.arm(Arm::Retrained).map(|s| percent(s.mean));
            let retrained = retrained.map_or(String::new(), |r| format!(" (retrained {r})"));
            let share = percent(f.mean(Arm::Unlearned));
            format!("in hidden layer {number} for {share}{retrained}")
        })
        .collect();
    let mut said = format!(
        "A readout that was fitted to the originals finds {} {} of the images; the unlearned networks' own output \
         for {}.",
        about.it(),
        read.join(" and "),
        percent(output.mean(Arm::Unlearned)),
    );
    if let Some(best) = best_layer(i, Arm::Unlearned) {
        said += &format!(" {}", restored(about, best, hidden.len()));
    }
    Some(said)
}

/// What one layer of the original brings back.
fn restored(about: &About<'_>, best: &Transplant, hidden: usize) -> String {
    let whole = &about.inside.transplants.whole.forget;
    let layer = match best.part {
        Part::Layer(number) if number < hidden => format!("layer {}", number + 1),
        _ => "last layer".to_owned(),
    };
    let change = |arm| {
        let after = best.restored.forget.arm(arm)?.mean;
        Some(format!(
            "from {} to {}",
            percent(whole.mean(arm)),
            percent(after)
        ))
    };
    let control = change(Arm::Retrained).map_or(String::new(), |c| {
        format!("; in retrained networks it takes it {c}")
    });
    format!(
        "The original's {layer} alone, put back, takes the output {} (the other {} keep {}){control}.",
        change(Arm::Unlearned).unwrap_or_default(),
        about.classes.nouns(),
        percent(best.restored.keep.mean(Arm::Unlearned)),
    )
}

/// How much accuracy on the other classes a part may cost that counts as put back.
const COST: f64 = 0.05;

/// The layer of the original that brings most back into an arm's networks, without costing them much of
/// the other classes.
pub(crate) fn best_layer(i: &Inside, arm: Arm) -> Option<&Transplant> {
    let least = i.transplants.whole.keep.mean(arm) - COST;
    let back = |t: &Transplant| t.restored.forget.mean(arm);
    let layers = i.transplants.parts.iter();
    let layers = layers.filter(|t| matches!(t.part, Part::Layer(_)));
    let sound = layers.filter(|t| t.restored.keep.mean(arm) >= least);
    sound.max_by(|a, b| back(a).total_cmp(&back(b)))
}

/// What relearning brought back.
fn again(about: &About<'_>) -> Option<String> {
    let output = about.inside.lens.last()?;
    let [o, u, b] = [Arm::Original, Arm::Unlearned, Arm::Relearned].map(|arm| output.mean(arm));
    Some(format!(
        "Relearning took the accuracy on {} test images of {} from {} to {} (originals {}).",
        about.inside.images[0],
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
        true => (&f.neurons, "neuron by neuron, the correlation"),
        false => (&f.cka, "the CKA"),
    };
    let [before, again, taught] =
        [Arm::Unlearned, Arm::Relearned, Arm::Retrained].map(|arm| likeness.arm(arm));
    // A likeness has no count of images that could resolve it.
    let beyond = difference(again, taught, f64::INFINITY)?;
    let gained = difference(again, before, f64::INFINITY)?;
    let on_kept = match about.inside.matched {
        true => kept(about, &f.neurons_on_kept),
        false => String::new(),
    };
    let descent = match more_than_kept(&f.neurons, &f.neurons_on_kept) {
        Some(false) => format!(
            " The same holds on the other {}, which were never forgotten.",
            about.classes.nouns()
        ),
        _ => String::new(),
    };
    Some(format!(
        "How much the last hidden layer responds to {} as the original's does ({by}): {} after unlearning, {} after \
         relearning, and {} in retrained networks that were taught {} for the first time{on_kept}. {}",
        about.forgotten(),
        fixed(before?.mean, 2),
        fixed(again?.mean, 2),
        fixed(taught?.mean, 2),
        about.it(),
        match old_or_new(&beyond, &gained) {
            (true, said) => format!("{said}{descent}"),
            (false, said) => said.to_owned(),
        }
    ))
}

/// The same numbers for what was never forgotten: what relearned networks owe to their descent alone.
fn kept(about: &About<'_>, f: &Figure) -> String {
    let [before, again, taught] =
        [Arm::Unlearned, Arm::Relearned, Arm::Retrained].map(|arm| fixed(f.mean(arm), 2));
    format!(
        " (on the other {}: {before}, {again} and {taught})",
        about.classes.nouns()
    )
}

/// Whether relearned networks are nearer to the original than networks taught for the first time by more
/// on what was forgotten than on the rest; none where that cannot be compared.
fn more_than_kept(forgotten: &Figure, kept: &Figure) -> Option<bool> {
    let gap = |f: &Figure| -> Option<Vec<f64>> {
        let (again, taught) = (f.arm(Arm::Relearned)?, f.arm(Arm::Retrained)?);
        let pairs = again.learners.iter().zip(&taught.learners);
        Some(pairs.map(|(a, t)| a - t).collect())
    };
    let d = Difference::of(&gap(forgotten)?, &gap(kept)?, f64::INFINITY);
    d.half.is_finite().then_some(d.mean - d.half > 0.0)
}

/// From the likeness of relearned networks beyond that of networks taught for the first time, and what
/// relearning added to it: whether the features are old ones, and what is said.
fn old_or_new(beyond: &Difference, gained: &Difference) -> (bool, &'static str) {
    let clear = |d: &Difference| d.mean - d.half > 0.0;
    match (clear(beyond), clear(gained)) {
        _ if !beyond.half.is_finite() => (false, ONE),
        (true, true) => (
            true,
            "Unlearning moved the responses away, and relearning brought them back, nearer to the old ones than \
             in networks that learn it for the first time.",
        ),
        (true, false) => (
            true,
            "Relearning brought them no nearer: they are already nearer to the old ones than in networks that learn it \
             for the first time.",
        ),
        (false, _) if beyond.mean + beyond.half < 0.0 => (
            false,
            "The responses are new ones, farther from the old ones than in networks that learn it for the \
             first time.",
        ),
        (false, _) => (
            false,
            "The difference from a first time is within its error.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Classes;
    use crate::report::sample;

    /// What is said of the sample after a change of its numbers.
    fn said(change: impl FnOnce(&mut Inside)) -> String {
        let mut inside = sample::inside(3);
        change(&mut inside);
        let about = About {
            inside: &inside,
            classes: &Classes::default(),
            forget: &[5],
        };
        words(&about).join(" ")
    }

    fn set(f: &mut Figure, arm: Arm, values: [f64; 3]) {
        let own = f.arms.iter_mut().find(|(other, _)| *other == arm);
        own.unwrap().1 = Spread::of(values.to_vec());
    }

    /// The sample: retrained networks read about .5, originals .9.
    #[test]
    fn the_place_between_retrained_and_original_decides_what_is_hidden() {
        for (read, conclusion) in [
            (
                [0.9, 0.9, 0.92],
                "what the output forgot is still there, hidden",
            ),
            ([0.6, 0.62, 0.61], "a part is still there, hidden"),
            ([0.5, 0.52, 0.49], "most of it was removed"),
            ([0.3, 0.3, 0.31], "more than it was removed"),
            ([0.3, 0.9, 0.6], "it does not show whether anything is left"),
        ] {
            let words = said(|i| {
                let head = &mut i.heads.last_mut().unwrap().accuracy.last_mut().unwrap().1;
                set(head, Arm::Unlearned, read);
            });
            assert!(words.contains(conclusion), "{read:?}: {words}");
        }
        let open = said(|i| set(i.lens.last_mut().unwrap(), Arm::Unlearned, [0.8, 0.9, 0.85]));
        assert!(open.contains("the output itself still reads 85"), "{open}");
        let apart = said(|i| set(i.lens.last_mut().unwrap(), Arm::Unlearned, [0.0, 0.9, 0.1]));
        assert!(apart.contains("The learners disagree"), "{apart}");
        let close = said(|i| {
            let head = &mut i.heads.last_mut().unwrap().accuracy.last_mut().unwrap().1;
            set(head, Arm::Original, [0.5, 0.52, 0.49]);
        });
        assert!(close.contains("too close for this to show"), "{close}");
    }

    #[test]
    fn features_are_old_only_beyond_networks_that_were_taught_for_the_first_time() {
        let old = [0.8, 0.81, 0.8];
        for (unlearned, relearned, conclusion) in [
            ([0.6, 0.61, 0.6], old, "and relearning brought them back"),
            (old, old, "Relearning brought them no nearer"),
            ([0.6, 0.61, 0.6], [0.6, 0.7, 0.5], "is within its error"),
            (
                [0.6, 0.61, 0.6],
                [0.3, 0.3, 0.31],
                "The responses are new ones",
            ),
        ] {
            let words = said(|i| {
                let own = &mut i.likeness.last_mut().unwrap().neurons;
                set(own, Arm::Unlearned, unlearned);
                set(own, Arm::Relearned, relearned);
            });
            assert!(words.contains(conclusion), "{relearned:?}: {words}");
        }
    }

    /// A layer that makes the network answer 5 to everything is not the one that brings the 5 back.
    #[test]
    fn a_layer_that_ruins_the_rest_brings_nothing_back() {
        let words = said(|i| {
            let part = &mut i.transplants.parts[0].restored;
            set(&mut part.forget, Arm::Unlearned, [1.0; 3]);
            set(&mut part.keep, Arm::Unlearned, [0.1; 3]);
        });
        assert!(words.contains("The original's last layer alone"), "{words}");
    }

    #[test]
    fn one_network_and_numbers_that_are_missing_conclude_nothing() {
        let inside = sample::inside(1);
        let about = About {
            inside: &inside,
            classes: &Classes::named(["cat", "dog"]),
            forget: &[0, 1],
        };
        let words = words(&about).join(" ");
        assert!(
            words.contains(ONE) && words.contains("classes cat and dog"),
            "{words}"
        );
        assert!(!words.contains("NaN") && !words.contains("inf"), "{words}");
        let missing = said(|i| {
            set(
                &mut i.likeness.last_mut().unwrap().neurons,
                Arm::Relearned,
                [f64::NAN; 3],
            )
        });
        assert!(
            !missing.contains("NaN") && !missing.contains("responds to"),
            "{missing}"
        );
    }
}
