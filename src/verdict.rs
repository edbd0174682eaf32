//! What the controls show, in sentences.

use crate::config::Config;
use crate::record::{Arm, CLASSES, Classes, Outcome, Phase, Score, Spread};
use crate::statistics::{Difference, Size, WORTH, knows};

/// Sentences for the end of a run, from what the phases left; none for phases that are missing.
pub fn verdict(config: &Config, classes: &Classes, outcomes: &[Outcome]) -> Vec<String> {
    let task = Task {
        config,
        classes,
        what: classes.words(&config.forget),
    };
    let find = |phase, arm| {
        let at = |o: &&Outcome| o.phase == phase && o.arm == arm;
        outcomes.iter().find(at)
    };
    let learned = find(Phase::Learn, Arm::Original);
    let retrained = find(Phase::Unlearn, Arm::Retrained);
    let unlearned = find(Phase::Unlearn, Arm::Unlearned);
    let relearned = find(Phase::Relearn, Arm::Relearned);
    let control = find(Phase::Relearn, Arm::Original);
    let never_saw = retrained.or(find(Phase::Learn, Arm::Retrained));
    let nothing = nothing_learned(&task, learned, never_saw);
    let mut sentences: Vec<String> = nothing.into_iter().collect();
    // A phase of no steps changes nothing.
    let (forgot, again) = (config.unlearn_epochs > 0.0, config.relearn_epochs > 0.0);
    let to_forget = sentences.is_empty() && forgot;
    if let (Some(before), Some(after), Some(never), true) =
        (learned, unlearned, retrained, to_forget)
    {
        sentences.push(forgetting(&task, before, after, never));
        sentences.push(trace(&task, before, after, never));
    }
    if let (Some(before), Some(after), Some(control), true) = (learned, relearned, control, again) {
        sentences.push(relearning(before, after, control));
    }
    sentences
}

/// What a run is about.
struct Task<'a> {
    config: &'a Config,
    classes: &'a Classes,
    /// The forgotten classes: "digit 5".
    what: String,
}

impl Task<'_> {
    fn forgotten(&self, class: usize) -> bool {
        self.config.forget.iter().any(|&f| usize::from(f) == class)
    }

    /// Of the forgotten classes.
    fn it(&self) -> &'static str {
        match self.config.forget.len() {
            1 => "it",
            _ => "them",
        }
    }

    fn knows(&self, score: &Score, counts: impl Fn(usize) -> bool) -> bool {
        knows(&score.confusion, self.classes.count(), counts)
    }
}

/// A number with this many decimals; zero has no sign, and NaN and infinities are a dash.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = !text.contains(|c| matches!(c, '1'..='9'));
    match value.is_finite() {
        true if zero => text.trim_start_matches('-').to_owned(),
        true => text,
        false => "–".to_owned(),
    }
}

/// The same with its sign, of either kind; zero has none.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let positive = text.contains(|c| matches!(c, '1'..='9')) && value > 0.0;
    if positive { format!("+{text}") } else { text }
}

fn percent(spread: &Spread) -> String {
    format!("{}\u{a0}%", fixed(100.0 * spread.mean, 1))
}

/// "1 learner", "4 learners".
fn counted(count: f64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1.0 { "" } else { "s" })
}

/// "(95 % CI -0.05 to +0.35)", where there is one.
fn interval(d: &Difference, unit: f64, decimals: usize) -> String {
    match d.half.is_finite() {
        true => format!(" (95\u{a0}% CI {})", range(d, unit, decimals)),
        false => String::new(),
    }
}

/// "-0.05 to +0.35", clamped to the differences that shares can have.
fn range(d: &Difference, unit: f64, decimals: usize) -> String {
    let end = |end: f64| signed(unit * end.clamp(-1.0, 1.0), decimals);
    format!("{} to {}", end(d.mean - d.half), end(d.mean + d.half))
}

/// That networks never learned what they should: "2 of 4 originals never learned digit 5".
pub(crate) fn never_learned(who: &str, what: &str, ignorant: usize, of: usize) -> Option<String> {
    match ignorant {
        0 => None,
        all if all == of => Some(format!("The {who} never learned {what}")),
        some => Some(format!("{some} of {of} {who} never learned {what}")),
    }
}

/// Whether the originals learned what is to be forgotten, and the retrained networks the rest: otherwise
/// there is no verdict on forgetting.
fn nothing_learned(
    task: &Task<'_>,
    originals: Option<&Outcome>,
    retrained: Option<&Outcome>,
) -> Option<String> {
    let (what, nouns) = (&task.what, task.classes.nouns());
    let of_originals = || {
        let o = originals?;
        let knowing = |s: &&Score| task.knows(s, |c| task.forgotten(c)) && task.knows(s, |_| true);
        let said = said(o, "originals", what, knowing)?;
        let (own, all) = (&o.figures.forget_accuracy, &o.figures.test_accuracy);
        Some(format!(
            "{said}: guessing does as well (accuracy on {what} {}, on all {nouns} {}). With nothing \
             to forget, there is no verdict on forgetting. {}.",
            percent(own),
            percent(all),
            match &task.config.from {
                None => "Train longer (--epochs) or at another rate (--lr)",
                Some(_) => "Check that the networks of --from take pixels divided by 255",
            }
        ))
    };
    let of_retrained = || {
        let r = retrained?;
        let knowing = |s: &&Score| task.knows(s, |class| !task.forgotten(class));
        let said = said(
            r,
            "retrained networks",
            &format!("the other {nouns}"),
            knowing,
        )?;
        Some(format!(
            "{said}: guessing does as well (accuracy {}). Without that reference there is no \
             verdict on forgetting.",
            percent(&r.figures.retain_accuracy),
        ))
    };
    of_originals().or_else(of_retrained)
}

fn said(
    outcome: &Outcome,
    who: &str,
    what: &str,
    knowing: impl Fn(&&Score) -> bool,
) -> Option<String> {
    let all = outcome.scores.len();
    let ignorant = all - outcome.scores.iter().filter(knowing).count();
    never_learned(who, what, ignorant, all)
}

fn forgetting(task: &Task<'_>, before: &Outcome, after: &Outcome, never: &Outcome) -> String {
    let (b, a, n) = (&before.figures, &after.figures, &never.figures);
    format!(
        "Unlearning took accuracy on {} from {} to {} (retrained networks, which never saw {}: {}), and on \
         the other {} from {} to {} (retrained: {}).",
        task.what,
        percent(&b.forget_accuracy),
        percent(&a.forget_accuracy),
        task.it(),
        percent(&n.forget_accuracy),
        task.classes.nouns(),
        percent(&b.retain_accuracy),
        percent(&a.retain_accuracy),
        percent(&n.retain_accuracy),
    )
}

/// Test images of the classes that count.
pub(crate) fn images(outcome: &Outcome, counts: impl Fn(usize) -> bool) -> f64 {
    let rows = |score: &Score| {
        let digits = (0..CLASSES).filter(|&digit| counts(digit));
        digits.flat_map(|d| score.confusion[d]).map(f64::from).sum()
    };
    outcome.scores.first().map_or(0.0, rows)
}

/// How an arm compares with another one on the forgotten classes.
#[derive(Clone, Copy, PartialEq)]
enum Likeness {
    /// Any difference is negligible.
    Alike,
    /// The measured ones are negligible, but larger ones cannot be excluded.
    SeemAlike,
    Unknown,
    Different,
}

/// Two arms beside each other: accuracy and confidence on the forgotten classes.
struct Beside {
    accuracy: Difference,
    confidence: Difference,
    /// The same of two single networks, one of each arm.
    singles: [Difference; 2],
}

impl Beside {
    fn of(a: &Outcome, b: &Outcome, images: f64) -> Self {
        let (a, b) = (&a.figures, &b.figures);
        let difference = |a: &Spread, b: &Spread| Difference::of(&a.learners, &b.learners, images);
        Self {
            accuracy: difference(&a.forget_accuracy, &b.forget_accuracy),
            confidence: difference(&a.forget_confidence, &b.forget_confidence),
            singles: [
                (&a.forget_accuracy, &b.forget_accuracy),
                (&a.forget_confidence, &b.forget_confidence),
            ]
            .map(|(a, b)| Difference::of_singles(&a.learners, &b.learners)),
        }
    }

    fn likeness(&self) -> Likeness {
        let both = [&self.accuracy, &self.confidence];
        if both.iter().any(|d| d.size() == Size::Clear) {
            Likeness::Different
        } else if both.iter().all(|d| d.size() == Size::Negligible) {
            Likeness::Alike
        } else if both.iter().all(|d| d.mean.abs() < WORTH) {
            Likeness::SeemAlike
        } else {
            Likeness::Unknown
        }
    }

    /// "by −85.6 points in accuracy (95 % CI …) and −0.71 in confidence (95 % CI …)".
    fn said(&self) -> String {
        format!(
            "by {} points in accuracy{} and {} in confidence{}",
            signed(100.0 * self.accuracy.mean, 1),
            interval(&self.accuracy, 100.0, 1),
            signed(self.confidence.mean, 2),
            interval(&self.confidence, 1.0, 2),
        )
    }

    /// "-97.9 to -73.3 points and -0.72 to -0.70 from an original": the differences of single networks.
    fn singles(&self, from: &str) -> String {
        let [accuracy, confidence] = &self.singles;
        format!(
            "{} points and {} from {from}",
            range(accuracy, 100.0, 1),
            range(confidence, 1.0, 2)
        )
    }

    /// Whether two single networks, one of each arm, differ.
    fn singles_differ(&self) -> bool {
        self.singles.iter().any(|d| d.size() == Size::Clear)
    }
}

/// Whether unlearned networks match the originals, or retrained networks, or neither.
fn trace(task: &Task<'_>, before: &Outcome, after: &Outcome, never: &Outcome) -> String {
    let images = images(after, |class| task.forgotten(class));
    let (original, retrained) = (
        Beside::of(after, before, images),
        Beside::of(after, never, images),
    );
    let learners = after.scores.len() as f64;
    let resolution = format!(
        "within the resolution of {} and {}",
        counted(learners, "learner"),
        counted(images, "test image")
    );
    format!(
        "On {}, the unlearned networks (mean confidence {}) differ from the originals ({}) {}, and from the \
         retrained networks ({}) {}: {}.{}",
        task.what,
        fixed(after.figures.forget_confidence.mean, 2),
        fixed(before.figures.forget_confidence.mean, 2),
        original.said(),
        fixed(never.figures.forget_confidence.mean, 2),
        retrained.said(),
        likenesses(
            original.likeness(),
            retrained.likeness(),
            task.it(),
            &resolution
        ),
        singly(&original, &retrained)
    )
}

/// Whether single networks are distinguishable where groups are: groups of means are the sooner so. Nothing
/// without several learners, by which single ones scatter.
fn singly(original: &Beside, retrained: &Beside) -> String {
    let known = original.singles.iter().all(|d| d.half.is_finite());
    let groups = [original, retrained];
    if !known || groups.iter().all(|b| b.likeness() != Likeness::Different) {
        return String::new();
    }
    let judgement = match groups.map(Beside::singles_differ) {
        [true, true] => "one is distinguishable from both",
        [true, false] => "one is distinguishable from originals, but not from retrained ones",
        [false, true] => "one is distinguishable from retrained ones, but not from originals",
        [false, false] => "one is distinguishable from neither",
    };
    format!(
        " Single networks are apart by {}, and by {} (95\u{a0}% prediction intervals): {judgement}.",
        original.singles("an original"),
        retrained.singles("a retrained one"),
    )
}

fn likenesses(original: Likeness, retrained: Likeness, it: &str, resolution: &str) -> String {
    use Likeness::{Alike, Different, SeemAlike, Unknown};
    let within = match [original, retrained].contains(&SeemAlike) {
        true => format!(", {resolution}"),
        false => String::new(),
    };
    match (original, retrained) {
        (Different, Different) => format!(
            "as groups they are distinguishable from both; unlearning changed them, but not into networks that never \
             saw {it}"
        ),
        (Alike | SeemAlike, Different) => {
            format!("they still match the originals{within}; there is no sign of forgetting")
        }
        (Unknown, Different) => format!(
            "{resolution}, as groups they are distinguishable from retrained networks, but not from the originals"
        ),
        (Different, Alike | SeemAlike) => {
            format!("they match networks that never saw {it}{within}")
        }
        (Different, Unknown) => format!(
            "{resolution}, as groups they are distinguishable from the originals, but not from retrained networks"
        ),
        (Alike | SeemAlike, Alike | SeemAlike) => {
            format!("all three match{within}, and forgetting would not show")
        }
        _ => format!("{resolution}, even as groups they are distinguishable from neither"),
    }
}

/// Whether relearning gained more than the control.
fn relearning(before: &Outcome, again: &Outcome, control: &Outcome) -> String {
    let (b, a, c) = (
        &before.figures.test_accuracy,
        &again.figures.test_accuracy,
        &control.figures.test_accuracy,
    );
    let images = images(again, |_| true);
    let apart = Difference::of(&a.learners, &c.learners, images);
    let points = |gain: f64| format!("{} points", signed(100.0 * gain, 2));
    let question = "whether relearning gained more than continued training";
    let judgement = match (apart.size(), a.learners.len()) {
        (Size::Negligible, _) => format!("less than {} points is negligible", 100.0 * WORTH),
        (Size::Clear, _) if apart.mean > 0.0 => {
            "relearning gained more than continued training".to_owned()
        }
        (Size::Clear, _) => "relearning gained less than continued training".to_owned(),
        (Size::Unknown, 1) => format!("a single learner cannot show {question}"),
        (Size::Unknown, _) if apart.mean + apart.half < WORTH => format!(
            "relearning gained no more than continued training; whether it gained less by {} points is open",
            100.0 * WORTH
        ),
        (Size::Unknown, _) if apart.mean - apart.half > -WORTH => format!(
            "relearning gained no less than continued training; whether it gained more by {} points is open",
            100.0 * WORTH
        ),
        (Size::Unknown, learners) => format!(
            "{learners} learners and {} are too few to show {question}",
            counted(images, "test image")
        ),
    };
    format!(
        "After relearning, test accuracy is {} ({} since the learn phase); the control, never unlearned and \
         trained for the same number of steps, reaches {} ({}). Paired by seed, the difference is {}{}: \
         {judgement}.",
        percent(a),
        points(a.mean - b.mean),
        percent(c),
        points(c.mean - b.mean),
        points(apart.mean),
        interval(&apart, 100.0, 2),
    )
}

#[cfg(test)]
mod tests;
