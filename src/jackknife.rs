//! Errors and intervals of any statistic of two groups of networks, by leaving out one at a time, or
//! equal parts of many.
//!
//! The variance of a statistic is (n − 1)/n Σ (x₍ₖ₎ − x̄₍.₎)² over the n values without one network (or
//! one of n parts) each (Efron and Stein, "The jackknife estimate of variance", 1981), for each group apart; their
//! sum has Welch and Satterthwaite's degrees of freedom (Welch 1947). For a difference of means this
//! is Welch's test. With four or eight networks a bootstrap's percentiles are too narrow by a tenth to a
//! fifth (the variance lacks its n/(n − 1), and quantiles are normal ones), so intervals are Student's.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A statistic without each network of either group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Left {
    /// Without each learner; empty for a single one, which cannot be left out.
    pub learners: Vec<f64>,
    /// Without each retrained network, or each part of them.
    pub references: Vec<f64>,
    /// The number of retrained networks.
    pub retrained: usize,
}

/// A number with its standard error and the error's degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error; NaN where networks are too few.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub degrees: f64,
}

/// The jackknife's variance and degrees of freedom of a group.
fn variance(left: &[f64]) -> (f64, f64) {
    let n = left.len() as f64;
    let mean = left.iter().sum::<f64>() / n;
    let squares: f64 = left.iter().map(|x| (x - mean).powi(2)).sum();
    ((n - 1.0) / n * squares, n - 1.0)
}

impl Left {
    /// Combines statistics network by network.
    pub fn map(all: &[&Self], f: impl Fn(&[f64]) -> f64) -> Self {
        let part = |of: fn(&Self) -> &Vec<f64>| -> Vec<f64> {
            let count = all.iter().map(|left| of(left).len()).min().unwrap_or(0);
            let at = |i: usize| f(&all.iter().map(|left| of(left)[i]).collect::<Vec<_>>());
            (0..count).map(at).collect()
        };
        Self {
            learners: part(|left| &left.learners),
            references: part(|left| &left.references),
            retrained: all.iter().map(|left| left.retrained).min().unwrap_or(0),
        }
    }
}

impl Estimate {
    /// The error by the jackknife. A single learner is taken to scatter as much as a retrained
    /// network does, and has no error where those do not scatter.
    pub fn jackknife(value: f64, left: &Left) -> Self {
        let of_references = variance(&left.references);
        if left.learners.is_empty() {
            let (variance, degrees) = of_references;
            let all = variance * (1.0 + left.retrained as f64);
            let error = if all > 0.0 { all.sqrt() } else { f64::NAN };
            return Self {
                value,
                error,
                degrees,
            };
        }
        Self::of(value, &[of_references, variance(&left.learners)])
    }

    /// The difference of two statistics whose learners are not the same; the retrained networks are.
    pub fn unpaired(difference: f64, one: &Left, other: &Left) -> Self {
        let references = Left::map(&[one, other], |pair| pair[0] - pair[1]).references;
        let learners = [&one.learners, &other.learners].map(|left| match left.len() {
            0 => (f64::NAN, f64::NAN),
            _ => variance(left),
        });
        Self::of(
            difference,
            &[variance(&references), learners[0], learners[1]],
        )
    }

    /// A statistic of a single group, from its value without each member; no error for fewer than two.
    pub fn of_group(value: f64, left: &[f64]) -> Self {
        match left.len() {
            0 | 1 => Self::of(value, &[(f64::NAN, f64::NAN)]),
            _ => Self::of(value, &[variance(left)]),
        }
    }

    /// An estimate whose variance is a sum of variances with their degrees of freedom.
    fn of(value: f64, variances: &[(f64, f64)]) -> Self {
        let variance: f64 = variances.iter().map(|(v, _)| v).sum();
        let parts: f64 = variances.iter().map(|(v, n)| v.powi(2) / n).sum();
        let degrees = variance.powi(2) / parts;
        // Without any scatter degrees are 0/0.
        let fewest = variances
            .iter()
            .map(|(_, n)| *n)
            .fold(f64::INFINITY, f64::min);
        Self {
            value,
            error: variance.sqrt(),
            degrees: if degrees.is_finite() { degrees } else { fewest },
        }
    }

    /// With an error of at least half of `resolution`, so that an interval is as wide as what can be
    /// resolved.
    #[must_use]
    pub fn at_least(self, resolution: f64) -> Self {
        Self {
            error: self.error.max(resolution / 2.0),
            ..self
        }
    }

    /// The t quantile with this probability below it.
    fn quantile(&self, probability: f64) -> f64 {
        let t = StudentsT::new(0.0, 1.0, self.degrees.max(1.0));
        t.map_or(f64::NAN, |t| t.inverse_cdf(probability))
    }

    /// The confidence interval that misses with this probability.
    pub fn interval(&self, miss: f64) -> [f64; 2] {
        if !self.error.is_finite() {
            return [f64::NAN; 2];
        }
        let half = self.quantile(1.0 - miss / 2.0) * self.error;
        [self.value - half, self.value + half]
    }

    /// The two-sided p-value of the hypothesis that the true value is 0; NaN where the error is
    /// unknown.
    pub fn p(&self) -> f64 {
        if !self.error.is_finite() || !self.value.is_finite() {
            return f64::NAN;
        }
        if self.error == 0.0 {
            return if self.value == 0.0 { 1.0 } else { 0.0 };
        }
        let t = StudentsT::new(0.0, 1.0, self.degrees.max(1.0));
        let statistic = -(self.value / self.error).abs();
        t.map_or(f64::NAN, |t| 2.0 * t.cdf(statistic))
    }

    /// The smallest true value that a test of this size detects in four of five cases.
    pub fn detectable(&self, size: f64) -> f64 {
        (self.quantile(1.0 - size / 2.0) + self.quantile(0.8)) * self.error
    }
}

/// Holm's step-down adjustment of p-values (Holm 1979), which holds however the tests depend on each
/// other; NaN stays NaN.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max((p[i] * (order.len() - rank) as f64).min(1.0));
        adjusted[i] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::mean;

    fn without(values: &[f64], i: usize) -> f64 {
        let sum: f64 = values.iter().sum();
        (sum - values[i]) / (values.len() - 1) as f64
    }

    /// The mean of a group: the textbook's standard error.
    #[test]
    fn of_a_group_s_mean_it_is_the_standard_error() {
        let values = [1.0, 2.0, 4.0, 9.0];
        let left: Vec<f64> = (0..4).map(|i| without(&values, i)).collect();
        let found = Estimate::of_group(4.0, &left);
        let squares: f64 = values.iter().map(|x| (x - 4.0f64).powi(2)).sum();
        assert!((found.error - (squares / 3.0 / 4.0).sqrt()).abs() < 1e-12);
        assert_eq!(found.degrees, 3.0);
        assert!(Estimate::of_group(4.0, &[1.0]).error.is_nan());
    }

    /// The difference of two means.
    fn difference(a: &[f64], b: &[f64]) -> Estimate {
        let (one, other) = (mean(a), mean(b));
        let learners = match a.len() {
            1 => Vec::new(),
            n => (0..n).map(|i| without(a, i) - other).collect(),
        };
        let references = (0..b.len()).map(|i| one - without(b, i)).collect();
        let left = Left {
            learners,
            references,
            retrained: b.len(),
        };
        Estimate::jackknife(one - other, &left)
    }

    /// Welch's own formulas, and a p-value from R: t.test(c(1, 2, 4), c(5, 6, 9, 10)).
    #[test]
    fn for_means_it_is_welchs_test() {
        let (a, b) = ([1.0, 2.0, 4.0], [5.0, 6.0, 9.0, 10.0]);
        let d = difference(&a, &b);
        let (va, vb) = (7.0 / 3.0 / 3.0, 17.0 / 3.0 / 4.0);
        assert!((d.error - f64::sqrt(va + vb)).abs() < 1e-12);
        let degrees = f64::powi(va + vb, 2) / (va * va / 2.0 + vb * vb / 3.0);
        assert!((d.degrees - degrees).abs() < 1e-9);
        assert!((d.value + 31.0 / 6.0).abs() < 1e-12);
        let t = d.value / d.error;
        assert!((t + 3.487_8).abs() < 1e-3, "{t}");
        assert!((d.p() - 0.0177).abs() < 5e-4, "{}", d.p());
    }

    fn normal(key: u32, i: u32) -> f64 {
        crate::metrics::examples::normal(key, i)
    }

    /// A test of size .05 rejects one true hypothesis in twenty, also for 4 against 8 and 1 against
    /// 8 networks, where a test by splits rejects 8 and 12 %.
    #[test]
    fn intervals_miss_as_often_as_they_say() {
        let trials = 4000;
        for (n, m) in [(4, 8), (1, 8), (8, 16), (32, 32)] {
            let (mut missed, mut tested) = (0u32, 0u32);
            for trial in 0..trials {
                let own: Vec<f64> = (0..n).map(|i| normal(trial, i)).collect();
                let theirs: Vec<f64> = (0..m).map(|i| normal(trial, 1000 + i)).collect();
                let d = difference(&own, &theirs);
                let [low, high] = d.interval(0.05);
                missed += u32::from(low > 0.0 || high < 0.0);
                tested += u32::from(d.p() < 0.05);
            }
            let share = f64::from(missed) / f64::from(trials);
            assert!((share - 0.05).abs() < 0.012, "{n}, {m}: {share}");
            assert_eq!(missed, tested);
        }
    }

    /// Half a standard deviation, 32 against 32: power .50 by the noncentral t distribution.
    #[test]
    fn the_power_is_that_of_the_test_on_all_networks() {
        let found = (0..2000).filter(|&trial| {
            let own: Vec<f64> = (0..32).map(|i| 0.5 + normal(trial, i)).collect();
            let theirs: Vec<f64> = (0..32).map(|i| normal(trial, 1000 + i)).collect();
            difference(&own, &theirs).p() < 0.05
        });
        let share = found.count() as f64 / 2000.0;
        assert!((share - 0.504).abs() < 0.035, "{share}");
        // What is detected in four of five cases: 2.8 standard errors, about.
        let even = Estimate {
            value: 0.0,
            error: 1.0,
            degrees: 1e6,
        };
        assert!((even.detectable(0.05) - 2.802).abs() < 1e-2);
    }

    #[test]
    fn holms_adjustment_is_that_of_the_textbook() {
        let adjusted = holm(&[0.01, 0.04, f64::NAN, 0.03, 0.005]);
        let expected = [0.03, 0.06, f64::NAN, 0.06, 0.02];
        for (a, e) in adjusted.iter().zip(expected) {
            assert!(
                (a - e).abs() < 1e-12 || (a.is_nan() && e.is_nan()),
                "{a} {e}"
            );
        }
    }

    #[test]
    fn without_scatter_nothing_is_uncertain_but_what_cannot_be_resolved() {
        let d = difference(&[1.0, 1.0], &[0.0, 0.0, 0.0]);
        assert_eq!((d.error, d.p()), (0.0, 0.0));
        let [low, high] = d.at_least(0.5).interval(0.05);
        assert!(low < 0.5 && high > 1.5, "{low} {high}");
    }
}
