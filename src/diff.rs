//! What two runs ended their phases with, beside each other, and which differences are beyond noise.

use serde::Serialize;

use crate::record::{Arm, Outcome, Phase, Spread};
use crate::run_record::RunRecord;
use crate::statistics::Difference;
use crate::verdict::images;

/// The outcomes of two runs.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// Whether learner k of both has the same seed, so that differences are taken learner by learner.
    pub paired: bool,
    /// Arms whose learners have the same scores in both.
    pub same: Vec<(Phase, Arm)>,
    /// The figures of the others.
    pub figures: Vec<Compared>,
}

/// A figure of an arm at the end of a phase, in both runs.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The phase.
    pub phase: Phase,
    /// The arm.
    pub arm: Arm,
    /// "forget accuracy" and the like.
    pub figure: &'static str,
    /// Mean over the first run's learners.
    pub a: f64,
    /// Mean over the second run's learners.
    pub b: f64,
    /// The second less the first.
    pub difference: f64,
    /// Half of the difference's 95 % confidence interval; infinite for single learners.
    pub half: f64,
    /// What it shows.
    pub finding: Finding,
}

/// What a difference shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// All learners have the same figure in both runs.
    Same,
    /// The interval holds zero.
    Noise,
    /// The interval does not hold zero.
    Beyond,
    /// There are too few learners, or no test images.
    Unknown,
}

impl Diff {
    /// Compares the phases that ended in both runs.
    pub fn of(a: &RunRecord, b: &RunRecord) -> Self {
        let mut diff = Self {
            paired: are_paired(a, b),
            same: Vec::new(),
            figures: Vec::new(),
        };
        for one in &a.outcomes {
            let Some(other) = b.outcome(one.phase, one.arm) else {
                continue;
            };
            match one.scores == other.scores && a.config.forget == b.config.forget {
                true => diff.same.push((one.phase, one.arm)),
                false => diff
                    .figures
                    .extend(compared((a, one), (b, other), diff.paired)),
            }
        }
        diff
    }

    /// How many differences show this.
    pub fn count(&self, finding: Finding) -> usize {
        let found = self.figures.iter().filter(|c| c.finding == finding);
        found.count()
    }
}

/// Whether learner k of both runs starts from the same weights.
fn are_paired(a: &RunRecord, b: &RunRecord) -> bool {
    let key = |record: &RunRecord| {
        let config = &record.config;
        let network = (config.seed, config.learners, config.hidden.clone());
        (network, config.from.clone(), record.data.clone())
    };
    key(a) == key(b)
}

/// The four figures of an arm.
fn compared(
    (a, one): (&RunRecord, &Outcome),
    (b, other): (&RunRecord, &Outcome),
    paired: bool,
) -> [Compared; 4] {
    let ([own, others, all], [x, y]) =
        (fewer((a, one), (b, other)), [&one.figures, &other.figures]);
    let figures = [
        (
            "forget accuracy",
            &x.forget_accuracy,
            &y.forget_accuracy,
            own,
        ),
        (
            "retain accuracy",
            &x.retain_accuracy,
            &y.retain_accuracy,
            others,
        ),
        ("test accuracy", &x.test_accuracy, &y.test_accuracy, all),
        (
            "forget confidence",
            &x.forget_confidence,
            &y.forget_confidence,
            own,
        ),
    ];
    figures.map(|(figure, x, y, images)| {
        let (difference, finding) = between(x, y, images, paired);
        Compared {
            phase: one.phase,
            arm: one.arm,
            figure,
            a: x.mean,
            b: y.mean,
            difference: difference.mean,
            half: difference.half,
            finding,
        }
    })
}

/// Test images of the forgotten classes, of the others, and all, in the run that has fewer: so much is
/// resolved at least.
fn fewer(a: (&RunRecord, &Outcome), b: (&RunRecord, &Outcome)) -> [f64; 3] {
    let counts = |(record, outcome): (&RunRecord, &Outcome)| {
        let forget = record.config.forget.iter();
        let forgotten = |class: usize| forget.clone().any(|&f| usize::from(f) == class);
        let own = images(outcome, forgotten);
        let all = images(outcome, |_| true);
        [own, all - own, all]
    };
    let (a, b) = (counts(a), counts(b));
    [0, 1, 2].map(|i| a[i].min(b[i]))
}

/// The second less the first, over this number of images.
fn between(a: &Spread, b: &Spread, images: f64, paired: bool) -> (Difference, Finding) {
    let (a, b) = (&a.learners, &b.learners);
    let d = match paired {
        true => Difference::of(b, a, images),
        false => Difference::of_groups(b, a, images),
    };
    let finding = match d.mean.abs() {
        _ if a == b => Finding::Same,
        mean if !mean.is_finite() || !d.half.is_finite() => Finding::Unknown,
        mean if mean > d.half => Finding::Beyond,
        _ => Finding::Noise,
    };
    (d, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_is_the_same_is_not_compared() {
        let a = sample::record();
        let diff = Diff::of(&a, &a);
        assert!(diff.figures.is_empty() && diff.paired);
        assert_eq!(diff.same.len(), a.outcomes.len());
        // A phase that one run lacks is left out.
        let mut b = a.clone();
        b.outcomes.retain(|o| o.phase == Phase::Learn);
        assert_eq!(Diff::of(&a, &b).same.len(), 2);
    }

    #[test]
    fn differences_are_the_second_run_less_the_first_and_beyond_noise_or_not() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        let (a, b) = (spread(&[0.91, 0.93, 0.95]), spread(&[0.92, 0.94, 0.96]));
        let (d, finding) = between(&a, &b, 1e6, true);
        assert!((d.mean - 0.01).abs() < 1e-12);
        assert_eq!(finding, Finding::Beyond);
        // Unpaired, learners scatter by more than they differ.
        assert_eq!(between(&a, &b, 1e6, false).1, Finding::Noise);
        let far = spread(&[0.1, 0.12, 0.14, 0.11]);
        assert_eq!(between(&a, &far, 1e6, false).1, Finding::Beyond);
        // A handful of images resolves nothing.
        assert_eq!(between(&a, &b, 10.0, true).1, Finding::Noise);
        assert_eq!(
            between(&spread(&[0.1]), &spread(&[0.9]), 1e6, true).1,
            Finding::Unknown
        );
        assert_eq!(between(&a, &a, 1e6, false).1, Finding::Same);
    }

    #[test]
    fn runs_of_other_seeds_are_not_paired() {
        let a = sample::record();
        let mut b = a.clone();
        b.config.seed += 1;
        assert!(!Diff::of(&a, &b).paired);
    }
}
