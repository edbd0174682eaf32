//! ε forgetting quality: how well the best attack by thresholds separates unlearned from retrained
//! networks, image by image, in terms of differential privacy.

use super::accuracy::{Retained, Test};
use super::by_image::{ImageSet, by_image, slices};
use super::{Form, Metric, Observed, Scope, each, mean};

/// The forgetting quality of the NeurIPS 2023 machine unlearning challenge, as its organisers compute
/// it (google-deepmind/unlearning_evaluation, `metric.py`; Triantafillou et al. 2024). For each image
/// to forget, unlearned and retrained networks give logit-scaled confidences. An attack is
///
/// - a single threshold: from there on up it takes a network to be of the group with the larger
///   median; or
/// - a double threshold: between the two it takes a network to be of the group with the smaller range.
///   The upper one lies within `BUFFER` of that group's largest value, and the distance of the two
///   within `BUFFER` of its range.
///
/// It has a false-positive and a false-negative rate, and
///
/// ε = max over attacks of { ln(1 − δ − FPR) − ln FNR, ln(1 − δ − FNR) − ln FPR }, δ = 10⁻⁵,
///
/// at least 0. Attacks with exactly one zero rate are left out, since few networks cannot resolve
/// small rates; if both are zero, ε is `CAP`, and also if one group's range is under 1 % of the
/// other's. The organisers place thresholds on a grid of .01; all that differ are tried here, so ε can
/// only be larger, by .01 on average for normal distributions of deviation ½ and 1. They take 512
/// networks of each group; with fewer, ε is coarse: rates are multiples of 1/N, so ε is below
/// ln N or `CAP`.
pub struct Epsilon;

const DELTA: f64 = 1e-5;
/// The ε of an image for which an attack separates the networks completely.
const CAP: f64 = 50.0;
/// The smaller range as a fraction of the larger, below which ε is `CAP`.
const PEAKED: f64 = 0.01;
/// How far double thresholds lie from the ends of the narrower group.
const BUFFER: f64 = 2.0;

impl Metric for Epsilon {
    fn name(&self) -> &str {
        "ε"
    }

    fn meaning(&self) -> String {
        "mean over forget images of the ε (δ = 1e-5) of the best single or double threshold against retrained networks; ideal: theirs".to_owned()
    }

    fn resolution(&self) -> f64 {
        0.02
    }

    fn form(&self) -> Form {
        Form::Groups {
            value: |group, reference| mean(&by_image(group, reference, epsilon)),
        }
    }

    fn features(&self, network: &Observed, scope: &Scope) -> Vec<f64> {
        ImageSet::Forget.margins(network, scope)
    }
}

/// The challenge's final score: F · RA_u/RA_r · TA_u/TA_r, F by ε, with the accuracies of unlearned
/// and of retrained networks on the training and test images to keep. The best achievable score is
/// about that of other retrained networks.
///
/// Both ε and the bins of F depend on the number of networks: NaN unless both groups have as many.
/// Rows of a table need the same number of networks to be compared.
pub fn score(group: &[Observed], retrained: &[Observed], scope: &Scope) -> f64 {
    if group.len() != retrained.len() {
        return f64::NAN;
    }
    let margins = |networks: &[Observed]| -> Vec<Vec<f64>> {
        let of = |network| ImageSet::Forget.margins(network, scope);
        networks.iter().map(of).collect()
    };
    let (own, theirs) = (margins(group), margins(retrained));
    let epsilons = by_image(&slices(&own), &slices(&theirs), epsilon);
    let share = |metric: &dyn Metric| {
        mean(&each(metric, group, scope)) / mean(&each(metric, retrained, scope))
    };
    quality(&epsilons, group.len()) * share(&Retained) * share(&Test { kept_only: true })
}

/// The challenge's forgetting quality F for this number of networks of each group: the mean over
/// images of 1, ½, ¼ … for ε in bins of ½ up to ⌈ln(N − 1)⌉, 0 beyond.
fn quality(epsilons: &[f64], networks: usize) -> f64 {
    let most = (networks as f64 - 1.0).max(1.0).ln().ceil();
    let points = |e: &f64| {
        if *e < most {
            0.5f64.powf((e / 0.5).floor())
        } else {
            0.0
        }
    };
    mean(&epsilons.iter().map(points).collect::<Vec<_>>())
}

/// The largest ε of any attack on an image, from its confidences in each network.
pub fn epsilon(unlearned: &[f64], retrained: &[f64]) -> f64 {
    let sorted = |set: &[f64]| {
        let mut set = set.to_vec();
        set.sort_by(f64::total_cmp);
        set
    };
    let (unlearned, retrained) = (sorted(unlearned), sorted(retrained));
    let (Some(u), Some(r)) = (range(&unlearned), range(&retrained)) else {
        return f64::NAN;
    };
    if !(u + r).is_finite() {
        return f64::NAN;
    }
    if u.min(r) / u.max(r) < PEAKED {
        return CAP;
    }
    match u < r {
        true => Pair::new(&unlearned, &retrained).epsilon(u),
        false => Pair::new(&retrained, &unlearned).epsilon(r),
    }
}

/// The range of sorted numbers.
fn range(sorted: &[f64]) -> Option<f64> {
    Some(sorted.last()? - sorted.first()?)
}

/// The median of sorted numbers.
fn median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}

/// Two groups of confidences, of which the first has the smaller range.
struct Pair<'a> {
    narrow: &'a [f64],
    /// All confidences, ascending.
    all: Vec<f64>,
    /// How many of the first k belong to the narrow group, for k = 0, 1 … all.
    inside: Vec<usize>,
    wide: usize,
    /// Whether the narrow group has the larger median.
    above: bool,
    /// For every number of narrow members taken to be wide, the smallest positive number of wide
    /// members taken to be narrow.
    least: Vec<usize>,
    /// Whether an attack makes no error.
    separated: bool,
}

impl<'a> Pair<'a> {
    /// From sorted groups.
    fn new(narrow: &'a [f64], wide: &[f64]) -> Self {
        let mut own = narrow.iter().peekable();
        let mut theirs = wide.iter().peekable();
        let (mut all, mut inside) = (Vec::with_capacity(narrow.len() + wide.len()), vec![0]);
        let mut count = 0;
        while let Some(next) = match (own.peek(), theirs.peek()) {
            (Some(a), Some(b)) if a > b => theirs.next(),
            (Some(_), _) => {
                count += 1;
                own.next()
            }
            (None, _) => theirs.next(),
        } {
            all.push(*next);
            inside.push(count);
        }
        Self {
            narrow,
            all,
            inside,
            wide: wide.len(),
            above: median(narrow) > median(wide),
            least: vec![usize::MAX; narrow.len() + 1],
            separated: false,
        }
    }

    /// ε, for the narrow group's range.
    fn epsilon(mut self, width: f64) -> f64 {
        self.single();
        self.double(width);
        if self.separated {
            return CAP;
        }
        // Both terms fall with either rate.
        let rate = |count: usize, of: usize| count as f64 / of as f64;
        let attacks = self.least.iter().enumerate().skip(1);
        let ratio = attacks
            .filter(|(_, wrong)| **wrong < usize::MAX)
            .map(|(missed, wrong)| {
                let (fnr, fpr) = (rate(missed, self.narrow.len()), rate(*wrong, self.wide));
                ((1.0 - DELTA - fpr) / fnr).max((1.0 - DELTA - fnr) / fpr)
            });
        ratio.fold(1.0, f64::max).ln().min(CAP)
    }

    /// Notes an attack that takes this many of each group to be narrow.
    fn note(&mut self, narrow: usize, wide: usize) {
        let missed = self.narrow.len() - narrow;
        match wide {
            0 => self.separated |= missed == 0,
            _ => self.least[missed] = self.least[missed].min(wide),
        }
    }

    /// Whether a threshold can lie between the first k and the rest.
    fn divides(&self, k: usize) -> bool {
        k == 0 || k == self.all.len() || self.all[k - 1] < self.all[k]
    }

    /// Members of each group among those from `from` up to `to`.
    fn between(&self, from: usize, to: usize) -> (usize, usize) {
        let narrow = self.inside[to] - self.inside[from];
        (narrow, to - from - narrow)
    }

    fn single(&mut self) {
        let end = self.all.len();
        for k in (0..end).filter(|k| self.divides(*k)).collect::<Vec<_>>() {
            let (narrow, wide) = match self.above {
                true => self.between(k, end),
                false => self.between(0, k),
            };
            self.note(narrow, wide);
        }
    }

    /// All pairs of a lower threshold, with k numbers below it, and an upper one, with l numbers up to
    /// it, that the buffers allow.
    fn double(&mut self, width: f64) {
        let below = |all: &[f64], x: f64| all.partition_point(|v| *v < x);
        let top = self.narrow[self.narrow.len() - 1];
        let (low, high) = (top - BUFFER, top + BUFFER);
        let first = self.all.partition_point(|v| *v <= low);
        let last = self.all.partition_point(|v| *v <= high);
        for l in (first..=last)
            .filter(|l| self.divides(*l))
            .collect::<Vec<_>>()
        {
            // Where the upper threshold can be.
            let from = if l == first { low } else { self.all[l - 1] };
            let to = if l == last { high } else { self.all[l] };
            let lowest = below(&self.all, from - width - BUFFER);
            let highest = below(&self.all, to - width + BUFFER).min(l);
            for k in lowest..=highest {
                if self.divides(k) {
                    let (narrow, wide) = self.between(k, l);
                    self.note(narrow, wide);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::{normal, outputs, phi};
    use super::*;

    #[test]
    fn separate_sets_have_all_and_a_constant_one_nothing() {
        let set: Vec<f64> = (0..100).map(f64::from).collect();
        let far: Vec<f64> = set.iter().map(|x| x + 1000.0).collect();
        assert_eq!(epsilon(&set, &far), CAP);
        assert_eq!(epsilon(&far, &set), CAP);
        assert_eq!(epsilon(&[1.0; 5], &[1.0; 5]), 0.0);
        assert_eq!(epsilon(&[1.0; 5], &[2.0; 5]), CAP);
        assert!(epsilon(&[], &set).is_nan() && epsilon(&[f64::NAN; 3], &set).is_nan());
    }

    /// Five of ten against one of ten above the only threshold: ln((1 − δ − .5) / .1), for either
    /// group and either side of the threshold.
    #[test]
    fn both_rates_and_both_directions_count() {
        let set =
            |ones: u32| -> Vec<f64> { (0..10).map(|i| f64::from(u8::from(i < ones))).collect() };
        let expected = ((1.0 - DELTA - 0.5) / 0.1f64).ln();
        for (u, r) in [(5, 1), (1, 5), (5, 9), (9, 5)] {
            let value = epsilon(&set(u), &set(r));
            assert!((value - expected).abs() < 1e-9, "{u} {r}: {value}");
        }
    }

    /// The quantiles of a normal distribution with this mean and deviation.
    fn quantiles(n: u32, mean: f64, deviation: f64) -> Vec<f64> {
        let quantile = |i: u32| {
            let wanted = (f64::from(i) + 0.5) / f64::from(n);
            let (mut low, mut high) = (-5.0, 5.0);
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                *(if phi(middle) < wanted {
                    &mut low
                } else {
                    &mut high
                }) = middle;
            }
            mean + deviation * low
        };
        (0..n).map(quantile).collect()
    }

    /// 32 quantiles of normal distributions with one mean, and deviations .05 and 1: two of the wide
    /// ones, at ±.039, lie between the narrow ones' ends, ±.108. Without one of those, FNR = 1/32 and
    /// FPR = 2/32. A single threshold just above the mean makes 15 errors and one: ln 15. With a
    /// deviation of .005, the ranges differ by more than 100.
    #[test]
    fn what_differs_in_width_alone_is_told_by_two_thresholds() {
        let wide = quantiles(32, 0.0, 1.0);
        let narrow = quantiles(32, 0.0, 0.05);
        let expected = (32.0 * (1.0 - DELTA - 2.0 / 32.0)).ln();
        assert!((expected - 3.401_187).abs() < 1e-4);
        for value in [epsilon(&narrow, &wide), epsilon(&wide, &narrow)] {
            assert!((value - expected).abs() < 1e-9, "{value} {expected}");
        }
        assert_eq!(epsilon(&quantiles(32, 0.0, 0.005), &wide), CAP);
        // Of 33, one is at the mean, among the narrow ones, which only the rule of ranges overlooks.
        let wide = quantiles(33, 0.0, 1.0);
        assert_eq!(epsilon(&quantiles(32, 0.0, 0.005), &wide), CAP);
        let expected = (32.0 * (1.0 - DELTA - 1.0 / 33.0)).max(33.0 * (1.0 - DELTA - 1.0 / 32.0));
        let value = epsilon(&quantiles(32, 0.0, 0.02), &wide);
        assert!((value - expected.ln()).abs() < 1e-9, "{value}");
    }

    /// A threshold of 7.5 makes one error of nine in either group: ln(9 · (1 − δ) − 1). The upper one
    /// of two thresholds lies between 18 and 22, so that seven of the second group are always inside.
    #[test]
    fn what_is_far_from_the_ends_is_told_by_a_single_threshold() {
        let one = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 20.0];
        let other = [-1.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 30.0];
        let expected = (9.0 * (1.0 - DELTA) - 1.0f64).ln();
        let mirrored = |set: [f64; 9]| set.map(|x| -x);
        for value in [
            epsilon(&one, &other),
            epsilon(&other, &one),
            epsilon(&mirrored(one), &mirrored(other)),
        ] {
            assert!((value - expected).abs() < 1e-9, "{value} {expected}");
        }
    }

    /// All attacks on a grid, as the challenge's code tries them; `step` is .01 there.
    fn by_grid(unlearned: &[f64], retrained: &[f64], step: f64) -> f64 {
        let ends = |set: &[f64]| {
            let low = set.iter().copied().fold(f64::INFINITY, f64::min);
            (low, set.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        };
        let middle = |set: &[f64]| {
            let mut set = set.to_vec();
            set.sort_by(f64::total_cmp);
            median(&set)
        };
        let (mut one, mut other) = (unlearned, retrained);
        if middle(retrained) > middle(unlearned) {
            (one, other) = (other, one);
        }
        let (low, high) = ends(&[one, other].concat());
        let share = |set: &[f64], of: &dyn Fn(f64) -> bool| {
            set.iter().filter(|x| of(**x)).count() as f64 / set.len() as f64
        };
        let mut best = 0.0f64;
        let mut attack = |positive: &[f64], negative: &[f64], is: &dyn Fn(f64) -> bool| {
            let (fpr, fnr) = (share(negative, is), share(positive, &|x| !is(x)));
            best = best.max(match (fpr == 0.0, fnr == 0.0) {
                (true, true) => CAP,
                (false, false) => ((1.0 - DELTA - fpr) / fnr)
                    .max((1.0 - DELTA - fnr) / fpr)
                    .max(1.0)
                    .ln(),
                _ => 0.0,
            });
        };
        let grid = |from: f64, to: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "few"
            )]
            let count = ((to - from) / step).ceil() as u32;
            (0..=count).map(move |i| from + (to - from) * f64::from(i) / f64::from(count))
        };
        grid(low, high).for_each(|t| attack(one, other, &|x| x >= t));
        let width = |set: &[f64]| ends(set).1 - ends(set).0;
        if width(one) >= width(other) {
            (one, other) = (other, one);
        }
        let (top, width) = (ends(one).1, width(one));
        for right in grid(top - 2.0, top + 2.0) {
            for left in grid(right - width - 2.0, right - width + 2.0) {
                attack(one, other, &|x| left <= x && x <= right);
            }
        }
        best
    }

    /// For groups of different sizes, means, and widths, up to far beyond the buffers.
    #[test]
    fn all_thresholds_are_those_of_a_fine_grid() {
        let draw = |key: u32, n: u32, mean: f64, deviation: f64| -> Vec<f64> {
            (0..n).map(|i| mean + deviation * normal(key, i)).collect()
        };
        let cases = [
            (12, 12, 0.0, 1.0),
            (9, 14, 0.8, 0.3),
            (14, 9, 1.0, 3.0),
            (12, 12, 0.0, 6.0),
        ];
        let mut deviations = 0.0f64;
        for (case, (n, m, mean, deviation)) in (0..).zip(cases) {
            let (u, r) = (
                draw(2 * case, n, mean, deviation),
                draw(2 * case + 1, m, 0.0, 2.0),
            );
            let (value, grid) = (epsilon(&u, &r), by_grid(&u, &r, 0.02));
            assert!(value >= grid - 1e-9, "{case}: {value} {grid}");
            deviations += value - grid;
        }
        assert!(deviations < 0.1, "{deviations}");
    }

    #[test]
    fn quality_halves_with_every_bin_up_to_what_networks_resolve() {
        assert_eq!(quality(&[0.0, 0.4], 32), 1.0);
        assert_eq!(quality(&[0.6, 1.2], 32), 0.375);
        assert_eq!(quality(&[CAP], 32), 0.0);
        // ⌈ln 31⌉ = 4, ⌈ln 5⌉ = 2.
        assert_eq!(quality(&[3.9], 32), 0.5f64.powi(7));
        assert_eq!(quality(&[4.0], 32), 0.0);
        assert_eq!(quality(&[2.0], 6), 0.0);
    }

    /// The same margins: F is 1. Half of the retain images and a third of the retain test images
    /// remain correct.
    #[test]
    fn the_final_score_takes_off_what_was_lost_of_what_is_to_be_kept() {
        let network = |kept: u8, i: u8| Observed {
            forget: outputs(&[3; 4], &[5; 4], 1.0 + f32::from(i)),
            retain: outputs(&[1, kept], &[1, 2], 1.0),
            test: outputs(&[1, kept, kept, 5], &[1, 2, 2, 5], 1.0),
            ..Default::default()
        };
        let group = |kept| -> Vec<Observed> { (0..5).map(|i| network(kept, i)).collect() };
        let task = Scope::Digits(vec![5]);
        assert_eq!(score(&group(2), &group(2), &task), 1.0);
        let value = score(&group(7), &group(2), &task);
        assert!((value - 1.0 / 6.0).abs() < 1e-12, "{value}");
        // Margins separated by a threshold: nothing is forgotten well.
        let mut far = group(2);
        far.iter_mut()
            .for_each(|o| o.forget = outputs(&[5; 4], &[5; 4], 9.0));
        assert_eq!(score(&far, &group(2), &task), 0.0);
        assert!(score(&far[..4], &group(2), &task).is_nan());
    }
}
