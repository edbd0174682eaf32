//! Intervals of a ratio of times, by ranks alone: neither a sample that something disturbed nor the
//! form of the distribution matters to them.
//!
//! Logarithms of times turn ratios into shifts. Of two separate groups the interval of the shift is
//! that of the rank-sum test (Mann and Whitney, Wilcoxon), of pairs that of the signed-rank test
//! (Wilcoxon), both with the exact distribution of the ranks and with Hodges' and Lehmann's estimate:
//! Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods* (3rd ed.), sections 4.2 to 4.3 and
//! 3.2 to 3.3.

/// What may lie beyond each end of a 95 % interval.
const TAIL: f64 = 0.025;

/// A ratio, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) ratio: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Interval {
    /// The same, wider by a factor at both ends.
    pub(super) fn widened(self, factor: f64) -> Self {
        Self {
            low: self.low / factor,
            high: self.high * factor,
            ..self
        }
    }
}

/// How many times as long `old` takes as `new`, of times that have nothing to do with each other; none
/// where they are too few.
pub(super) fn of_groups(old: &[f64], new: &[f64]) -> Option<Interval> {
    let differences = old
        .iter()
        .flat_map(|old| new.iter().map(move |new| (old / new).ln()));
    between(differences.collect(), &rank_sums(old.len(), new.len()))
}

/// The same of pairs that were taken one after the other, by their ratios.
pub(super) fn of_pairs(ratios: &[f64]) -> Option<Interval> {
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let means = logs.iter().enumerate().flat_map(|(number, first)| {
        let others = logs[number..].iter();
        others.map(move |second| f64::midpoint(*first, *second))
    });
    between(means.collect(), &signed_ranks(logs.len()))
}

/// The median of shifts, and those between which the statistic with these counts, of which every
/// arrangement is as likely, leaves 95 %.
fn between(mut shifts: Vec<f64>, counts: &[f64]) -> Option<Interval> {
    if shifts.is_empty() || !shifts.iter().all(|shift| shift.is_finite()) {
        return None;
    }
    shifts.sort_by(f64::total_cmp);
    let all: f64 = counts.iter().sum();
    let mut below = 0.0;
    let within = counts.iter().take_while(|count| {
        below += *count / all;
        below <= TAIL
    });
    // The statistic is the number of shifts on one side of the true one.
    let first = within.count().checked_sub(1)?;
    let last = shifts.len() - 1 - first;
    Some(Interval {
        ratio: median(&shifts).exp(),
        low: shifts[first].exp(),
        high: shifts[last].exp(),
    })
}

/// The median of sorted values; NaN of none.
pub(super) fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n => f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]),
    }
}

/// How many of the sign patterns of so many ranks come to each sum, from 0 up.
fn signed_ranks(pairs: usize) -> Vec<f64> {
    let mut counts = vec![0.0; pairs * (pairs + 1) / 2 + 1];
    counts[0] = 1.0;
    for rank in 1..=pairs {
        for sum in (rank..counts.len()).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

/// How many arrangements of two groups have each number of pairs in which the one is larger, from 0 up.
fn rank_sums(first: usize, second: usize) -> Vec<f64> {
    // `[taken][sum]`: that many of the first group among the ranks so far.
    let most = first * second;
    let mut counts = vec![vec![0.0; most + 1]; first + 1];
    counts[0][0] = 1.0;
    for rank in 1..=first + second {
        for taken in (1..=first.min(rank)).rev() {
            // The number of the second group below this one.
            let below = rank - taken;
            for sum in (below..=most).rev() {
                if below <= second {
                    counts[taken][sum] += counts[taken - 1][sum - below];
                }
            }
        }
    }
    counts.swap_remove(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::threefry2x32;

    #[test]
    fn ranks_are_distributed_as_in_the_tables() {
        // Six pairs: one of 64 patterns has no rank; of ten 5 and 10 arrangements come to 4 and 5.
        assert_eq!(signed_ranks(3), [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0]);
        assert_eq!(rank_sums(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
        assert_eq!(rank_sums(5, 5).iter().sum::<f64>(), 252.0);
        // Critical values: U of 5 and 5 is 2, T of 10 is 8.
        let shifts: Vec<f64> = (0..25).map(|i| f64::from(i) / 100.0).collect();
        let found = between(shifts, &rank_sums(5, 5)).unwrap();
        assert!((found.low.ln() - 0.02).abs() < 1e-9, "{found:?}");
        assert!((found.high.ln() - 0.22).abs() < 1e-9, "{found:?}");
        let shifts: Vec<f64> = (0..55).map(|i| f64::from(i) / 100.0).collect();
        let found = between(shifts, &signed_ranks(10)).unwrap();
        assert!((found.low.ln() - 0.08).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn too_few_have_no_interval() {
        assert!(of_pairs(&[1.0; 5]).is_none() && of_pairs(&[1.0; 6]).is_some());
        assert!(of_groups(&[1.0; 3], &[1.0; 3]).is_none());
        assert!(of_groups(&[1.0; 4], &[1.0; 4]).is_some());
        assert!(of_groups(&[1.0; 4], &[f64::NAN; 4]).is_none());
        assert!(of_groups(&[], &[]).is_none() && of_pairs(&[]).is_none());
    }

    /// How often of a thousand times the interval misses the truth.
    fn missed(one: &mut dyn FnMut(&mut dyn FnMut() -> f64) -> Interval) -> usize {
        let mut state = 0;
        let mut draw = || {
            state += 1;
            let [word, _] = threefry2x32([state, 0], [7, 7]);
            // Skewed, as times are: what disturbs makes them longer.
            let uniform = (f64::from(word) + 0.5) / 2f64.powi(32);
            1.0 - 0.05 * uniform.ln()
        };
        let all = (0..1000).filter(|_| {
            let interval = one(&mut draw);
            interval.low > 1.25 || interval.high < 1.25
        });
        all.count()
    }

    #[test]
    fn an_interval_misses_the_truth_in_one_of_twenty_at_the_most() {
        let groups = missed(&mut |draw| {
            let old: Vec<f64> = (0..5).map(|_| 1.25 * draw()).collect();
            let new: Vec<f64> = (0..5).map(|_| draw()).collect();
            of_groups(&old, &new).unwrap()
        });
        let pairs = missed(&mut |draw| {
            let ratios: Vec<f64> = (0..8).map(|_| 1.25 * draw() / draw()).collect();
            of_pairs(&ratios).unwrap()
        });
        assert!((5..=60).contains(&groups), "{groups}");
        assert!((5..=60).contains(&pairs), "{pairs}");
    }
}
