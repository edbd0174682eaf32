//! What the controls show, in plain words.

use crate::config::Config;
use crate::record::{Arm, Outcome, Phase, Spread};

/// Sentences for the end of a run, from what the phases left; none for phases that are missing.
pub fn verdict(config: &Config, outcomes: &[Outcome]) -> Vec<String> {
    let find = |phase, arm| {
        let at = |o: &&Outcome| o.phase == phase && o.arm == arm;
        outcomes.iter().find(at)
    };
    let learned = find(Phase::Learn, Arm::Original);
    let retrained = find(Phase::Unlearn, Arm::Retrained);
    let unlearned = find(Phase::Unlearn, Arm::Unlearned);
    let relearned = find(Phase::Relearn, Arm::Relearned);
    let control = find(Phase::Relearn, Arm::Original);
    let mut sentences = Vec::new();
    // A phase of no steps has nothing to tell.
    let (forgot, again) = (config.unlearn_epochs > 0.0, config.relearn_epochs > 0.0);
    if let (Some(before), Some(after), Some(never), true) = (learned, unlearned, retrained, forgot)
    {
        sentences.push(forgetting(config, before, after, never));
        sentences.push(trace(config, after, never));
    }
    if let (Some(before), Some(after), Some(control), true) = (learned, relearned, control, again) {
        sentences.push(relearning(before, after, control));
    }
    sentences
}

/// "digit 5", "digits 3, 5 and 8".
pub fn digits(forget: &[u8]) -> String {
    let plural = if forget.len() == 1 { "" } else { "s" };
    format!("digit{plural} {}", list(forget))
}

/// "5", "3 and 5", "3, 5 and 8".
pub(crate) fn list(digits: &[u8]) -> String {
    let words: Vec<String> = digits.iter().map(u8::to_string).collect();
    match words.split_last() {
        None => "–".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn percent(spread: &Spread) -> String {
    format!("{:.1}\u{a0}%", 100.0 * spread.mean)
}

fn forgetting(config: &Config, before: &Outcome, after: &Outcome, never: &Outcome) -> String {
    let (b, a, n) = (&before.figures, &after.figures, &never.figures);
    format!(
        "Unlearning took the accuracy on {} from {} to {} (networks that never saw {}: {}), \
         and the accuracy on the other digits from {} to {} (never saw: {}).",
        digits(&config.forget),
        percent(&b.forget_accuracy),
        percent(&a.forget_accuracy),
        if config.forget.len() == 1 {
            "it"
        } else {
            "them"
        },
        percent(&n.forget_accuracy),
        percent(&b.retain_accuracy),
        percent(&a.retain_accuracy),
        percent(&n.retain_accuracy),
    )
}

/// Whether the answers on forgotten digits give the unlearning away.
fn trace(config: &Config, after: &Outcome, never: &Outcome) -> String {
    let (a, n) = (
        &after.figures.forget_confidence,
        &never.figures.forget_confidence,
    );
    let judgement = match (
        a.learners.len(),
        difference(&a.learners, &n.learners).clear(),
    ) {
        (1, _) => "a single learner cannot tell whether that means anything".to_owned(),
        (_, true) => "the two can be told apart: unlearning left a trace of its own".to_owned(),
        (count, false) => format!("{count} learners, paired by seed, cannot tell that from chance"),
    };
    format!(
        "Shown {}, an unlearned network answers with a mean confidence of {:.2}, one that never \
         saw {} with {:.2}; {judgement}.",
        digits(&config.forget),
        a.mean,
        if config.forget.len() == 1 {
            "it"
        } else {
            "them"
        },
        n.mean,
    )
}

/// Whether the gain after relearning is more than the control got.
fn relearning(before: &Outcome, again: &Outcome, control: &Outcome) -> String {
    let (b, a, c) = (
        &before.figures.test_accuracy,
        &again.figures.test_accuracy,
        &control.figures.test_accuracy,
    );
    let apart = difference(&a.learners, &c.learners);
    let points = |gain: f64| format!("{:+.2} points", 100.0 * gain);
    let judgement = if a.learners.len() < 2 {
        "with a single learner there is no telling whether the difference means anything".to_owned()
    } else if !apart.clear() {
        format!(
            "the difference of {} cannot be told from chance with {} learners (paired by seed): \
             no sign that relearning brought more than training on would have",
            points(apart.mean),
            a.learners.len()
        )
    } else if apart.mean > 0.0 {
        format!(
            "that is {} more than the control got (learners paired by seed)",
            points(apart.mean)
        )
    } else {
        format!(
            "that is {} against the control, less than it got (learners paired by seed)",
            points(apart.mean)
        )
    };
    format!(
        "After relearning, test accuracy is {} ({} against the end of learning); the control, \
         never unlearned and trained for just as many steps, has {} ({}): {judgement}.",
        percent(a),
        points(a.mean - b.mean),
        percent(c),
        points(c.mean - b.mean),
    )
}

/// A paired difference over learners: learner k of both arms has the same seed.
struct Difference {
    mean: f64,
    /// Half of the 95 % confidence interval by Student's t.
    half: f64,
}

impl Difference {
    /// Whether zero lies outside of the interval.
    fn clear(&self) -> bool {
        self.mean.abs() > self.half
    }
}

fn difference(a: &[f64], b: &[f64]) -> Difference {
    let spread = Spread::of(a.iter().zip(b).map(|(a, b)| a - b).collect());
    let n = spread.learners.len();
    let half = if n < 2 {
        f64::INFINITY
    } else {
        student(n - 1) * spread.std / (n as f64).sqrt()
    };
    Difference {
        mean: spread.mean,
        half,
    }
}

/// The 97.5 % quantile of Student's t, from printed tables; beyond them the last entry, which
/// is a little too wide.
fn student(degrees: usize) -> f64 {
    const TABLE: [f64; 12] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
    ];
    TABLE[(degrees - 1).min(TABLE.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_read_like_words() {
        assert_eq!(digits(&[5]), "digit 5");
        assert_eq!(digits(&[3, 8]), "digits 3 and 8");
        assert_eq!(digits(&[3, 5, 8]), "digits 3, 5 and 8");
    }

    #[test]
    fn a_difference_is_clear_only_beyond_its_interval() {
        // t = 2.776 on 4 degrees: mean 1, std s, half = 2.776 s / √5.
        let base = [0.0; 5];
        let tight = [0.9, 0.95, 1.0, 1.05, 1.1];
        let loose = [-1.0, 0.0, 1.0, 2.0, 3.0];
        assert!(difference(&tight, &base).clear());
        assert!(!difference(&loose, &base).clear());
        assert!(!difference(&[1.0], &[0.0]).clear());
    }
}
