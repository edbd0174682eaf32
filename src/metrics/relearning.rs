//! Relearn time: retained knowledge comes back sooner.

use super::{Kind, Metric, Observed, Scope, mean};

/// Steps of training on all digits until the accuracy on the forgotten digits' test images is
/// within 5 % of the original network's. AIN is the ratio to that of retrained networks: about 1 is
/// ideal, far below 1 means that the knowledge was still there (Tarun et al. 2023). All networks
/// get as many steps as the slowest retrained one needs; if one needs more, that number is a lower
/// bound.
pub struct RelearnSteps;

impl Metric for RelearnSteps {
    fn name(&self) -> &str {
        "relearn"
    }

    fn meaning(&self) -> &'static str {
        "steps on all digits until the forgotten ones are known again; ideal: those of retrained networks"
    }

    fn kind(&self) -> Kind {
        Kind::Relearning
    }

    /// Ratios of relearn times are what counts: ln(1 + steps).
    fn scaled(&self, steps: f64) -> f64 {
        steps.ln_1p()
    }

    /// Networks are evaluated twice per doubling: ln 1.5.
    fn resolution(&self) -> f64 {
        0.4
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        vec![steps(network)]
    }

    fn censored(&self, network: &Observed) -> bool {
        network.relearned.is_none()
    }
}

fn steps(network: &Observed) -> f64 {
    network.relearned.unwrap_or(network.relearn_limit)
}

/// AIN of a group.
pub fn ain(group: &[Observed], retrained: &[Observed]) -> f64 {
    let steps = |group: &[Observed]| mean(&group.iter().map(steps).collect::<Vec<_>>());
    steps(group) / steps(retrained)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ain_is_the_quotient_of_the_means() {
        let after = |steps: Option<f64>| Observed {
            relearned: steps,
            relearn_limit: 100.0,
            ..Default::default()
        };
        let group = [after(Some(10.0)), after(Some(30.0))];
        assert_eq!(ain(&group, &[after(None)]), 0.2);
        assert!(RelearnSteps.censored(&after(None)));
        assert!(!RelearnSteps.censored(&after(Some(100.0))));
    }
}
