//! How certain a difference is, whether it matters, and whether a network knows anything at all.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use crate::jackknife::{Estimate, Left};
use crate::record::{CLASSES, Spread};

/// The smallest difference of accuracies or confidences that matters: half a percentage point.
/// Networks that differ only in the seed scatter by 0.1 to 0.4 points of test accuracy on MNIST,
/// and the same run on another device ends up to 0.3 points away (`docs/results.md`).
pub(crate) const WORTH: f64 = 0.005;

/// A network knows digits if guessing would do as well with less than this probability.
pub(crate) const CHANCE: f64 = 0.01;

/// The conclusion about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// The whole interval lies below `WORTH`, on either side of zero.
    Negligible,
    /// The whole interval lies beyond `WORTH`, on one side of zero.
    Clear,
    /// The interval extends across `WORTH`.
    Unknown,
}

/// A paired difference over learners: learner k of both arms has the same seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference {
    pub(crate) mean: f64,
    /// Half of the 95 % confidence interval by Student's t; infinite for a single learner.
    pub(crate) half: f64,
}

impl Difference {
    /// For means over the same `images`, by learner.
    ///
    /// The standard error is that of the mean over learners, but at least what this number of
    /// images can resolve. If two networks differ by d, at least d·n of the n images are answered
    /// correctly by only one of them, and the sampling variance of the difference is at least (d −
    /// d²)/n (McNemar's pairs; Agresti, *Categorical Data Analysis*, on dependent proportions).
    /// Learners share the images, so more learners do not make it smaller. At least one image
    /// counts: if n images show no difference, the interval reaches about as far as the rule of
    /// three. For confidences, it is the error if every image changed by all or nothing, an upper
    /// limit.
    pub(crate) fn of(a: &[f64], b: &[f64], images: f64) -> Self {
        let spread = Spread::of(a.iter().zip(b).map(|(a, b)| a - b).collect());
        let learners = spread.learners.len() as f64;
        let apart = spread.learners.iter().map(|d| d.abs()).sum::<f64>() / learners;
        let error = (spread.std / learners.sqrt()).max(sampling(apart, spread.mean, images));
        let half = match spread.learners.len() {
            0 | 1 => f64::INFINITY,
            count => student(count - 1) * error,
        };
        Self {
            mean: spread.mean,
            half,
        }
    }

    /// Between two single networks, one of each group: the interval in which 95 % of differences lie,
    /// by Student's t for the smaller number of learners. Learners are as far apart as they scatter,
    /// however many there are.
    pub(crate) fn of_singles(a: &[f64], b: &[f64]) -> Self {
        let [a, b] = [a, b].map(|group| Spread::of(group.to_vec()));
        let learners = a.learners.len().min(b.learners.len());
        // The means are uncertain too.
        let variance = (a.std.powi(2) + b.std.powi(2)) * (1.0 + 1.0 / learners as f64);
        let half = match learners {
            0 | 1 => f64::INFINITY,
            count => student(count - 1) * variance.sqrt(),
        };
        Self {
            mean: a.mean - b.mean,
            half,
        }
    }

    /// Between two groups whose learners are not paired: Welch's interval. As in `of`, the standard error is
    /// at least what this number of images can resolve, since all learners share them: here two networks
    /// differ by as much as the means.
    pub(crate) fn of_groups(a: &[f64], b: &[f64], images: f64) -> Self {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let without = |values: &[f64]| -> Vec<f64> {
            let (sum, rest) = (values.iter().sum::<f64>(), values.len() as f64 - 1.0);
            values.iter().map(|value| (sum - value) / rest).collect()
        };
        let [one, other] = [a, b].map(mean);
        let mean = one - other;
        if a.len().min(b.len()) < 2 {
            let half = f64::INFINITY;
            return Self { mean, half };
        }
        let left = Left {
            learners: without(a).iter().map(|one| one - other).collect(),
            references: without(b).iter().map(|other| one - other).collect(),
            retrained: b.len(),
        };
        // Of a resolution, an estimate's error is at least half.
        let resolution = 2.0 * sampling(mean.abs(), mean, images);
        let [low, high] = Estimate::jackknife(mean, &left)
            .at_least(resolution)
            .interval(0.05);
        let half = (high - low) / 2.0;
        Self { mean, half }
    }

    pub(crate) fn size(&self) -> Size {
        match self.mean.abs() {
            mean if mean + self.half < WORTH => Size::Negligible,
            mean if mean - self.half > WORTH => Size::Clear,
            _ => Size::Unknown,
        }
    }
}

/// The least standard error of a mean difference over this number of images, where networks are so far
/// apart on average. At least one image counts.
fn sampling(apart: f64, mean: f64, images: f64) -> f64 {
    let discordant = apart.max(1.0 / images);
    ((discordant - mean.powi(2)).max(0.0) / images).sqrt()
}

/// The 97.5 % quantile of Student's t.
pub(crate) fn student(degrees: usize) -> f64 {
    let t = StudentsT::new(0.0, 1.0, degrees as f64);
    t.map_or(f64::INFINITY, |t| t.inverse_cdf(0.975))
}

/// Whether a network knows the digits that count, that is, does better than guessing on their
/// images. `confusion[row][column]` counts how often an image of digit `row` was classified as
/// `column`.
///
/// A guess is right on one image in `classes`, and a frequent answer is often right by chance. The chance
/// level is the larger of 1/`classes` and the accuracy expected if the same answers were independent of
/// the images (as in Cohen's κ). The network knows the digits if a binomial distribution at that
/// level reaches its number of hits with a probability below `CHANCE`.
pub(crate) fn knows(
    confusion: &[[u32; CLASSES]; CLASSES],
    classes: usize,
    counts: impl Fn(usize) -> bool,
) -> bool {
    let of_digit = |digit: usize| confusion[digit].iter().map(|&n| u64::from(n)).sum::<u64>();
    let answered = |digit: usize| {
        confusion
            .iter()
            .map(|row| u64::from(row[digit]))
            .sum::<u64>()
    };
    let all: u64 = (0..CLASSES).map(of_digit).sum();
    let digits: Vec<usize> = (0..CLASSES).filter(|&digit| counts(digit)).collect();
    let images: u64 = digits.iter().map(|&d| of_digit(d)).sum();
    let right: u64 = digits.iter().map(|&d| u64::from(confusion[d][d])).sum();
    let by_answers = digits
        .iter()
        .map(|&d| of_digit(d) as f64 * answered(d) as f64 / all as f64)
        .sum::<f64>();
    let guessed = (by_answers / images as f64).max(1.0 / classes as f64);
    let as_many = Binomial::new(guessed.min(1.0), images).map(|b| b.sf(right.saturating_sub(1)));
    right > 0 && as_many.is_ok_and(|probability| probability < CHANCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::threefry2x32;

    /// Reproducible random numbers: uniform, normal, and counts.
    struct Draws(u32);

    impl Draws {
        fn uniform(&mut self) -> f64 {
            self.0 += 1;
            (f64::from(threefry2x32([7, 41], [self.0, 0])[0]) + 0.5) / 4_294_967_296.0
        }

        fn normal(&mut self) -> f64 {
            let (a, b) = (self.uniform(), self.uniform());
            (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
        }

        /// Poisson, by Knuth.
        fn count(&mut self, mean: f64) -> f64 {
            let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0.0);
            while product > limit {
                product *= self.uniform();
                count += 1.0;
            }
            count
        }
    }

    const IMAGES: f64 = 1000.0;
    const TRIALS: u32 = 2000;

    /// Accuracies of two arms whose expected difference is `truth`: every learner has `discordant`
    /// images on average, and additional scatter of `scatter`.
    fn arms(
        draws: &mut Draws,
        learners: u32,
        truth: f64,
        discordant: f64,
        scatter: f64,
    ) -> Difference {
        let mut learner = || {
            let more = IMAGES * truth / 2.0;
            let won = draws.count(discordant / 2.0 + more);
            let lost = draws.count(discordant / 2.0 - more);
            let own = (IMAGES * scatter * draws.normal()).round();
            (won - lost + own) / IMAGES
        };
        let differences: Vec<f64> = (0..learners).map(|_| learner()).collect();
        Difference::of(&differences, &vec![0.0; differences.len()], IMAGES)
    }

    /// One in twenty, plus three standard errors of this number of trials.
    fn few(count: u32) -> bool {
        let trials = f64::from(TRIALS);
        f64::from(count) <= trials * 0.05 + 3.0 * (trials * 0.05 * 0.95).sqrt()
    }

    #[test]
    fn false_alarms_are_as_rare_as_intervals_say() {
        let mut draws = Draws(0);
        for learners in [2, 4, 8] {
            for (discordant, scatter) in [(2.0, 0.0), (10.0, 0.0), (20.0, 0.003), (40.0, 0.02)] {
                let (mut outside, mut clear) = (0, 0);
                for _ in 0..TRIALS {
                    let d = arms(&mut draws, learners, 0.0, discordant, scatter);
                    outside += u32::from(d.mean.abs() > d.half);
                    clear += u32::from(d.size() == Size::Clear);
                }
                assert!(few(outside), "{learners} learners, {discordant}: {outside}");
                assert!(clear <= outside);
            }
        }
    }

    /// A difference as large as `WORTH` is called neither negligible nor clear too often.
    #[test]
    fn a_difference_at_the_limit_is_seldom_called_either() {
        let mut draws = Draws(1 << 30);
        for learners in [2, 4, 8] {
            let (mut negligible, mut clear) = (0, 0);
            for _ in 0..TRIALS {
                let d = arms(&mut draws, learners, WORTH, 20.0, 0.002);
                negligible += u32::from(d.size() == Size::Negligible);
                clear += u32::from(d.size() == Size::Clear);
            }
            assert!(
                few(negligible) && few(clear),
                "{learners}: {negligible}, {clear}"
            );
        }
    }

    #[test]
    fn equal_differences_of_few_learners_make_nothing_certain() {
        // 7 images of 1000, twice: s = 0, and the sampling error is √(.007 · .993 / 1000) = .264 points.
        let d = Difference::of(&[0.907, 0.887], &[0.9, 0.88], 1000.0);
        assert!((d.mean - 0.007).abs() < 1e-12);
        assert!((d.half - 12.706 * 0.002_636_5).abs() < 1e-4, "{d:?}");
        assert_eq!(d.size(), Size::Unknown);
        // Without a difference it is that of one image.
        let none = Difference::of(&[0.9; 4], &[0.9; 4], 1000.0);
        assert!((none.half - 3.182_446 / 1000.0).abs() < 1e-8);
        assert_eq!(none.size(), Size::Negligible);
        let single = Difference::of(&[0.9], &[0.1], 1000.0);
        assert_eq!((single.size(), single.half), (Size::Unknown, f64::INFINITY));
        // A large difference is clear with two learners.
        let large = Difference::of(&[0.93, 0.94], &[0.0, 0.0], 87.0);
        assert_eq!(large.size(), Size::Clear);
    }

    #[test]
    fn groups_may_differ_where_single_networks_do_not() {
        let (a, b) = ([0.84, 0.86, 0.82, 0.85], [0.82, 0.84, 0.80, 0.83]);
        assert_eq!(Difference::of(&a, &b, 1e6).size(), Size::Clear);
        let singles = Difference::of_singles(&a, &b);
        // s² = 2.9167e-4 for both, t = 3.182446.
        let half = 3.182_446 * (2.0 * 2.916_667e-4 * 1.25f64).sqrt();
        assert!((singles.half - half).abs() < 1e-6, "{singles:?}");
        assert_eq!(singles.size(), Size::Unknown);
        let far = Difference::of_singles(&a, &[0.1, 0.12, 0.11, 0.1]);
        assert_eq!(far.size(), Size::Clear);
        assert_eq!(Difference::of_singles(&[0.9], &[0.1]).half, f64::INFINITY);
    }

    /// Welch's degrees of freedom are 4.96 here.
    #[test]
    fn groups_that_are_not_paired_have_welchs_interval() {
        let d = Difference::of_groups(&[1.0, 2.0, 4.0], &[5.0, 6.0, 9.0, 10.0], 1e6);
        assert!((d.mean + 31.0 / 6.0).abs() < 1e-12);
        let error = f64::sqrt(7.0 / 9.0 + 17.0 / 12.0);
        assert!(
            d.half > student(5) * error && d.half < student(4) * error,
            "{d:?}"
        );
        let few = Difference::of_groups(&[1.0], &[0.0; 4], 1e6);
        assert_eq!(few.half, f64::INFINITY);
    }

    #[test]
    fn groups_that_scatter_little_have_the_sampling_error_of_their_images() {
        // √(.02 · .98 / 100) = 1.4 points, with Student's t for 3 + 3 degrees.
        let d = Difference::of_groups(&[0.92; 4], &[0.9; 4], 100.0);
        assert!(d.half > student(6) * 0.014 - 1e-9, "{d:?}");
        assert!(d.mean < d.half);
        // Paired ones have the same.
        let paired = Difference::of(&[0.92; 4], &[0.9; 4], 100.0);
        assert!((paired.half - student(3) * 0.014).abs() < 1e-9);
        let many = Difference::of_groups(&[0.92; 4], &[0.9; 4], 1e6);
        assert!(many.mean > many.half);
    }

    #[test]
    fn learners_that_scatter_have_the_interval_of_students_t() {
        // t = 2.776445 on 4 degrees, s = √2.5.
        let d = Difference::of(&[-1.0, 0.0, 1.0, 2.0, 3.0], &[0.0; 5], 1e6);
        assert!((d.half - 2.776_445 * (2.5f64 / 5.0).sqrt()).abs() < 1e-5);
    }

    /// From published tables.
    #[test]
    fn quantiles_of_students_t_are_those_of_tables() {
        let known = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (7, 2.365),
            (12, 2.179),
            (15, 2.131),
            (30, 2.042),
            (31, 2.040),
            (60, 2.000),
            (120, 1.980),
        ];
        for (degrees, t) in known {
            assert!(
                (student(degrees) - t).abs() < 5e-4,
                "{degrees}: {}",
                student(degrees)
            );
        }
    }

    /// A network that classifies `right` of 100 images of each digit correctly, and the rest as the
    /// next digit.
    fn confusion(right: [u32; CLASSES]) -> [[u32; CLASSES]; CLASSES] {
        let mut table = [[0; CLASSES]; CLASSES];
        for (digit, &right) in right.iter().enumerate() {
            table[digit][digit] = right;
            table[digit][(digit + 1) % CLASSES] += 100 - right;
        }
        table
    }

    #[test]
    fn a_network_knows_digits_if_it_is_right_more_often_than_by_guessing() {
        let only = |digit: usize| move |d: usize| d == digit;
        assert!(knows(&confusion([95; 10]), 10, |_| true));
        assert!(knows(&confusion([95; 10]), 10, only(5)));
        // Guessing gets one in ten; 18 in a hundred are beyond all but 1 % of its distribution.
        assert!(!knows(&confusion([10; 10]), 10, |_| true));
        let mut some = [95; 10];
        for (right, known) in [(0, false), (10, false), (15, false), (30, true)] {
            some[5] = right;
            assert_eq!(knows(&confusion(some), 10, only(5)), known, "{right}");
        }
        // A constant answer of 5 is always right on 5s, and knows nothing.
        let mut constant = [[0; CLASSES]; CLASSES];
        constant.iter_mut().for_each(|row| row[5] = 100);
        for digit in 0..CLASSES {
            assert!(!knows(&constant, CLASSES, only(digit)));
        }
        assert!(!knows(&constant, CLASSES, |_| true));
        // With four classes, a guess is right on one image in four.
        let mut four = [[0; CLASSES]; CLASSES];
        for (class, row) in four.iter_mut().enumerate().take(4) {
            row[..4].fill(235);
            row[class] = 295;
        }
        assert!(knows(&four, 4, only(2)));
        four[..4].iter_mut().for_each(|row| row[..4].fill(250));
        assert!(!knows(&four, 4, only(2)));
        // Half of the answers, none of them right elsewhere, look like knowledge only among ten.
        let mut some = [[0; CLASSES]; CLASSES];
        some[2][2] = 250;
        some[2][5] = 750;
        for class in [0, 1, 3] {
            some[class][5] = 1000;
        }
        assert!(knows(&some, 10, only(2)) && !knows(&some, 4, only(2)));
        assert!(!knows(&[[0; CLASSES]; CLASSES], 10, |_| true));
    }
}
