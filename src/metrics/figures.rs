//! Figures of a group that the field puts into tables: the average gap and the tug of war.

use super::accuracy::{Retained, Test, Unlearned};
use super::membership::StartingKit;
use super::{Metric, Observed, Scope, each, mean};

/// The difference of the means of two groups on a metric.
fn apart(metric: &dyn Metric, group: &[Observed], retrained: &[Observed], scope: &Scope) -> f64 {
    let value = |group| mean(&each(metric, group, scope));
    (value(group) - value(retrained)).abs()
}

/// The average gap (Fan et al. 2024): the mean |Δ to retrained networks| over UA, RA, TA of the
/// kept digits, and the attack's accuracy, in percentage points.
pub fn average_gap(group: &[Observed], retrained: &[Observed], scope: &Scope) -> f64 {
    mean(&[
        apart(&Unlearned, group, retrained, scope),
        apart(&Retained, group, retrained, scope),
        apart(&Test { kept_only: true }, group, retrained, scope),
        100.0 * apart(&StartingKit, group, retrained, scope),
    ])
}

/// The tug of war, ToW (Zhao et al. 2024): the product of 1 − |Δ accuracy to retrained networks| over
/// the training images to forget, those to keep, and the test images of the kept digits. 1 is like
/// retraining.
pub fn tug_of_war(group: &[Observed], retrained: &[Observed], scope: &Scope) -> f64 {
    let metrics: [&dyn Metric; 3] = [&Unlearned, &Retained, &Test { kept_only: true }];
    let shares = metrics.map(|m| 1.0 - apart(m, group, retrained, scope) / 100.0);
    shares.iter().product()
}

#[cfg(test)]
mod tests {
    use super::super::examples::outputs;
    use super::*;

    /// UA 100 and 50, RA 100 and 75, TA kept 100 and 50: ½ · ¾ · ½.
    #[test]
    fn figures_are_those_that_a_person_computes() {
        let network = |forget: &[u8], retain: &[u8], test: &[u8]| Observed {
            forget: outputs(forget, &[5, 5], 1.0),
            retain: outputs(retain, &[1, 1, 2, 2], 1.0),
            test: outputs(test, &[1, 2, 5], 1.0),
            ..Observed::default()
        };
        let retrained = [network(&[3, 3], &[1, 1, 2, 2], &[1, 2, 3])];
        let group = [network(&[3, 5], &[1, 1, 2, 3], &[1, 3, 3])];
        let scope = Scope::Digits(vec![5]);
        assert!((tug_of_war(&group, &retrained, &scope) - 0.1875).abs() < 1e-12);
        assert_eq!(tug_of_war(&retrained, &retrained, &scope), 1.0);
        assert_eq!(average_gap(&retrained, &retrained, &scope), 0.0);
        let attack = apart(&StartingKit, &group, &retrained, &scope);
        let expected = (50.0 + 25.0 + 50.0 + 100.0 * attack) / 4.0;
        assert!((average_gap(&group, &retrained, &scope) - expected).abs() < 1e-9);
    }
}
