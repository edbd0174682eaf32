//! Relearning: retained knowledge comes back sooner.
//!
//! How soon depends on which samples come first, by more than methods differ. So every network relearns
//! in several orders of the samples, the same for all networks.

use super::{Kind, Metric, Observed, Relearning, Scope, mean};

/// Steps of training on all digits until the accuracy on the forgotten digits' test images is
/// within 5 % of the original network's (Tarun et al. 2023); of the orders' steps s, the value is
/// exp(mean ln(1 + s)) − 1. All networks get as many steps as the slowest retrained one needs; if one
/// needs more, that number is a lower bound.
pub struct RelearnSteps;

/// The area under the accuracy on the forgotten digits' test images over the first 192 steps of training
/// on all digits, by trapezoids between evaluations, divided by the number of steps: the mean accuracy on
/// the way, from 0 to 1, averaged over orders. Unlike the number of steps, it has no limit that a
/// network may miss, and no level that it reaches by chance.
pub struct RelearnArea;

/// Steps under whose curve the area is measured; all networks relearn at least as long.
pub(crate) const AREA: u32 = 192;

impl Metric for RelearnSteps {
    fn name(&self) -> &str {
        "relearn"
    }

    fn meaning(&self) -> String {
        "steps on all digits until the forgotten ones are known again; ideal: those of retrained networks".to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Relearning
    }

    /// Ratios of relearn times are what counts: ln(1 + steps).
    fn scaled(&self, steps: f64) -> f64 {
        steps.ln_1p()
    }

    fn resolution(&self) -> f64 {
        0.05
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        let steps = network.relearning.iter().map(Relearning::steps_at_least);
        let logarithms: Vec<f64> = steps.map(f64::ln_1p).collect();
        vec![known_mean(&logarithms).exp_m1()]
    }

    fn censored(&self, network: &Observed) -> bool {
        network.relearning.iter().any(|own| own.steps.is_none())
    }
}

impl Metric for RelearnArea {
    fn name(&self) -> &str {
        "relearn AUC"
    }

    fn meaning(&self) -> String {
        "mean accuracy on the forgotten digits over the first 192 steps on all digits; ideal: that of retrained networks".to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Relearning
    }

    fn resolution(&self) -> f64 {
        0.001
    }

    fn features(&self, network: &Observed, _: &Scope) -> Vec<f64> {
        let areas = network.relearning.iter().map(|own| area(&own.curve));
        vec![known_mean(&areas.collect::<Vec<_>>())]
    }
}

/// The mean; NaN if empty.
fn known_mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        f64::NAN
    } else {
        mean(values)
    }
}

/// The area under a curve up to `AREA` steps, divided by the steps.
fn area(curve: &[(u32, f64)]) -> f64 {
    let within = curve.partition_point(|(step, _)| *step <= AREA);
    let curve = &curve[..within];
    let [(first, _), .., (last, _)] = curve else {
        return f64::NAN;
    };
    let part =
        |pair: &[(u32, f64)]| f64::from(pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0;
    curve.windows(2).map(part).sum::<f64>() / f64::from(last - first)
}

impl Relearning {
    /// Steps until the images were known again, or all that were run.
    fn steps_at_least(&self) -> f64 {
        let run = self
            .curve
            .last()
            .map_or(f64::NAN, |(step, _)| f64::from(*step));
        self.steps.unwrap_or(run)
    }
}

/// A network's curve, averaged over orders.
pub fn mean_curve(network: &Observed) -> Vec<(u32, f64)> {
    let Some(first) = network.relearning.first() else {
        return Vec::new();
    };
    let point = |(place, (step, _)): (usize, &(u32, f64))| {
        let orders = network.relearning.iter();
        let values: Vec<f64> = orders.map(|own| own.curve[place].1).collect();
        (*step, mean(&values))
    };
    first.curve.iter().enumerate().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps by order; those that were not enough are 100.
    fn after(steps: &[Option<f64>]) -> Observed {
        let order = |steps: &Option<f64>| Relearning {
            steps: *steps,
            curve: vec![(0, 0.0), (100, 0.5)],
        };
        Observed {
            relearning: steps.iter().map(order).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn steps_are_averaged_over_orders_as_their_logarithms_are() {
        let value = |network: &Observed| RelearnSteps.features(network, &Scope::Samples(20))[0];
        // √(4 · 16) − 1.
        assert!((value(&after(&[Some(3.0), Some(15.0)])) - 7.0).abs() < 1e-12);
        assert!((value(&after(&[None])) - 100.0).abs() < 1e-9);
        assert!(RelearnSteps.censored(&after(&[Some(3.0), None])));
        assert!(!RelearnSteps.censored(&after(&[Some(100.0)])));
        assert!(value(&Observed::default()).is_nan());
    }

    /// Up to step 8 at 0, then a rise to 1 at step 64, and 1 from there on: (28 + 128) / 192. A point
    /// beyond does not count.
    #[test]
    fn the_area_is_that_of_its_trapezoids() {
        let curve = vec![(0, 0.0), (8, 0.0), (64, 1.0), (192, 1.0), (256, 0.0)];
        assert!((area(&curve) - 156.0 / 192.0).abs() < 1e-12);
        let order = |curve| Relearning { steps: None, curve };
        let network = Observed {
            relearning: vec![order(curve), order(vec![(0, 0.5), (192, 0.5), (256, 0.5)])],
            ..Default::default()
        };
        let value = RelearnArea.features(&network, &Scope::Samples(20))[0];
        assert!((value - (156.0 / 192.0 + 0.5) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_mean_curve_is_that_of_all_orders() {
        let order = |values: [f64; 2]| Relearning {
            steps: None,
            curve: vec![(0, values[0]), (4, values[1])],
        };
        let network = Observed {
            relearning: vec![order([0.0, 0.5]), order([0.5, 1.0])],
            ..Default::default()
        };
        assert_eq!(mean_curve(&network), [(0, 0.25), (4, 0.75)]);
    }
}
